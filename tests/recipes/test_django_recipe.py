"""``docs/django.md`` answers as the adapters do: its blocks are the project that is asked here, over real sockets."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from django_kit import BLOCKS, HERE, PAGE, WITHIN, Reply, Site, environment, file_of, serving, write_project
from django_rows import INSUFFICIENT, INVALID_TOKEN, MISSING, ROWS, Row

from jwtmr import CODES
from jwtmr.testing import USERNAME

PROTECTED: Final = {"drf": "/orders", "plain": "/plain/orders", "async": "/async/orders"}
OPEN: Final = {"drf": "/catalogue", "plain": "/plain/catalogue"}
KINDS: Final = {"good", "no header", "twice, different", "forged", "scope missing", "outage"}
"""One row of each kind, where the way to the answer has been tried with all of them."""
CASES: Final = [
    pytest.param(server, path, row, id=f"{server}-{recipe}-{row.name}")
    for server in ("wsgi", "asgi")  # which takes many times as long, but runs async views as they are meant
    for recipe, path in PROTECTED.items()
    for row in ROWS
    if server == "wsgi" or recipe == "async" or row.name in KINDS
]
OPEN_CASES: Final = [
    pytest.param(server, path, row, id=f"{server}-{recipe}-{row.name}")
    for server in ("wsgi", "asgi")
    for recipe, path in OPEN.items()
    for row in ROWS
    if row.name in KINDS or (server == "wsgi" and 200 in (row.status, row.open))
]
BROWSER: Final = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
RETRY_AFTER: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project, served once for all tests."""
    with serving(tmp_path_factory.mktemp("django")) as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def run_of_the_page(shared: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Django's own runner over the tests of the page. Autouse: it runs beside the others."""
    folder = tmp_path_factory.mktemp("page")
    write_project(folder)
    command = [sys.executable, "-W", "error", "-m", "django", "test", "shop", "--settings", "shop.settings"]
    with subprocess.Popen(command, cwd=folder, env=environment(folder), stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def site(shared: Site) -> Site:
    """The project, with the usual validator."""
    shared.use("warm")
    return shared


def assert_refused(site: Site, reply: Reply, row: Row) -> None:
    """Exactly the row's refusal, and nothing of any token."""
    assert (reply.status, reply.values("www-authenticate")) == (row.status, [row.challenge] if row.challenge else [])
    after = reply.values("retry-after")
    assert len(after) == (row.status == 503)
    assert all(RETRY_AFTER.fullmatch(seconds) for seconds in after)
    assert reply.values("content-type") == ["application/json"]
    assert row.code is not None
    assert reply.content == {"code": row.code, "message": CODES[row.code].message}
    assert not [word for word in secrets(site) if word in reply.raw]


def secrets(site: Site) -> list[bytes]:
    """What no refusal may hold: parts of tokens, where keys are asked for, and words of exceptions."""
    parts = [part for token in site.tokens.values() for part in token.split(".")]
    return [word.encode() for word in [*parts, "cognito", "127.0.0.1", "evil.example", "Zebra7Marker", "Traceback ("]]


@pytest.mark.parametrize(("server", "path", "row"), CASES)
def test_a_protected_view_answers_as_the_adapters_do(site: Site, server: str, path: str, row: Row) -> None:
    """Status, challenge, code and text are the row's, under DRF, in plain Django, sync and async."""
    site.use(row.validator)
    reply = site.ask(server, path, row.lines)
    if row.status == 200:
        assert (reply.status, reply.content) == (200, {"user": "alice"})
    else:
        assert_refused(site, reply, row)


@pytest.mark.parametrize(("server", "path", "row"), OPEN_CASES)
def test_an_open_view_serves_nobody_and_refuses_the_rest(site: Site, server: str, path: str, row: Row) -> None:
    """Who sends nothing is served as nobody; bad, malformed and undecided credentials are no way to become nobody."""
    site.use(row.validator)
    reply = site.ask(server, path, row.lines)
    if 200 in (row.status, row.open):
        expected = None if row.code == "missing_token" else "alice"
        assert (reply.status, reply.content) == (200, {"user": expected})
    else:
        assert_refused(site, reply, row)


@pytest.mark.parametrize("path", ["/me", "/any-token", "/foreign"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nobody_is_answered_alike_by_permissions_of_drf_and_of_the_page(site: Site, path: str, method: str) -> None:
    """``IsAuthenticated`` and ``requires()`` say the same; who is known otherwise has no token either."""
    reply = site.ask("wsgi", path, method=method)
    assert (reply.status, reply.values("www-authenticate")) == (401, [MISSING])
    if method == "GET":
        assert reply.content == {"code": "missing_token", "message": CODES["missing_token"].message}


def test_a_view_of_drf_knows_user_and_principal(site: Site) -> None:
    """``request.user`` is authenticated and no more, ``request.auth`` is the principal; neither shows the token."""
    known = site.send("/me", "good").json()
    assert (known["known"], known["flags"]) == (True, [True, False, False, False])
    assert re.fullmatch(r"https://cognito-idp\.us-east-1\.amazonaws\.com/us-east-1_\w+#alice", known["key"])
    assert known["name"] == USERNAME
    assert re.fullmatch(r"<Principal authority='us-east-1_\w+' issuer_kind='current'>", known["repr"])
    legacy = site.send("/me", "legacy").json()
    assert (legacy["key"], "legacy" in legacy["repr"]) == (known["key"], True)
    assert site.send("/me", "machine").json()["name"] == "batch"


@pytest.mark.parametrize(("method", "path"), [("GET", "/admins"), ("POST", "/plain/admins")])
def test_a_group_is_asked_for(site: Site, method: str, path: str) -> None:
    """By ``requires`` and, on a class-based view, by ``bearer``; the challenge names no scope then."""
    assert site.send(path, "admin", method=method).status_code == 200
    refused = site.send(path, "good", method=method)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (403, INSUFFICIENT)
    assert refused.json()["code"] == "insufficient_groups"


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
@pytest.mark.parametrize(("path", "created"), [("/orders", 201), ("/plain/orders", 200)])
def test_a_view_can_ask_for_more_and_needs_no_csrf_token(site: Site, server: str, path: str, created: int) -> None:
    """What a view requires by itself is answered like the rest; a bearer token needs no other one beside it."""
    assert site.send(path, "writer", method="POST", server=server).status_code == created
    refused = site.send(path, "good", method="POST", server=server)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.headers["www-authenticate"] == INSUFFICIENT + ', scope="orders/write"'


@pytest.mark.parametrize("path", ["/plain/unprotected", "/plain/catalogue"])
def test_other_views_keep_the_csrf_check(site: Site, path: str) -> None:
    """A view that asks for no token is not exempt, whoever sends one; reading is no matter."""
    refused = site.send(path, "good", method="POST")
    assert (refused.status_code, "CSRF" in refused.text) == (403, True)
    assert site.send(path, "good").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "challenge"),
    [("/bearer-first", 401, MISSING), ("/basic-first", 401, 'Basic realm="api"'), ("/session-first", 403, None)],
)
def test_the_first_class_makes_the_challenge(site: Site, path: str, status: int, challenge: str | None) -> None:
    """Who sends nothing is asked as the first class asks; a good token passes and a bad one is refused in any order."""
    nobody = site.send(path)
    assert (nobody.status_code, nobody.headers.get("www-authenticate")) == (status, challenge)
    assert nobody.json()["code"] == "missing_token"
    assert site.send(path, "good").status_code == 200
    forged = site.send(path, "forged")
    assert (forged.status_code, forged.headers["www-authenticate"]) == (401, INVALID_TOKEN)


@pytest.mark.parametrize(
    ("validator", "method", "token", "status"),
    [
        ("warm", "GET", "good", 200),
        ("warm", "GET", None, 401),
        ("warm", "GET", "forged", 401),
        ("warm", "GET", "unscoped", 403),
        ("warm", "POST", "good", 403),
        ("cold", "GET", "good", 503),
    ],
)
def test_browsable_pages_are_refused_alike(
    site: Site, validator: str, method: str, token: str | None, status: int
) -> None:
    """DRF asks for user and permissions again while it renders a page; that changes neither status nor challenge."""
    site.use(validator)
    page, plain = (site.send("/orders", token, method=method, accept=accept) for accept in (BROWSER, "*/*"))
    assert (page.status_code, plain.status_code) == (status, status)
    assert page.headers.get("www-authenticate") == plain.headers.get("www-authenticate")
    assert ("retry-after" in page.headers) == (status == 503)
    assert page.headers["content-type"].startswith("text/html")
    assert not [word for word in secrets(site) if status != 200 and word in page.content]


def test_throttles_count_by_user(site: Site) -> None:
    """One user's requests are not counted as another's."""
    asked = [site.send("/throttled", token).status_code for token in ("good", "good", "bob")]
    assert asked == [200, 429, 200]


@pytest.mark.parametrize("path", ["/broken", "/plain/broken"])
def test_the_bug_of_a_view_stays_a_500(site: Site, path: str) -> None:
    """No refusal is made of an exception that is none, and its traceback in the log is its own."""
    assert site.send(path, "good").status_code == 500
    traceback = site.log.read_text().partition(f"Internal Server Error: {path}\n")[2]
    assert re.match(r"Traceback .*:\n( .*\n)+KeyError: 'bug of a view'\n(?!\n)", traceback)


def test_nothing_of_a_token_is_in_the_log(site: Site) -> None:
    """What is refused is logged by its path, at every level, and not by what it carried."""
    for token in site.tokens:
        for path in (*PROTECTED.values(), *OPEN.values()):
            site.ask("wsgi", path, [f"Authorization: Bearer {{{token}}}"])
        site.ask("asgi", PROTECTED["async"], [f"Authorization: Bearer {{{token}}}"])
    log = site.log.read_text()
    assert "Unauthorized: /orders" in log
    assert "Unauthorized: /plain/catalogue" in log
    assert not [name for name, token in site.tokens.items() if any(part in log for part in token.split("."))]


def test_keys_were_fetched_before_the_first_request(site: Site) -> None:
    """``wsgi.py`` warms up."""
    assert site.fetched > 0


def test_a_window_closes_without_a_restart(site: Site) -> None:
    """A token of the old issuer is good to the last second, and another one from then on; one of the new stays good."""
    site.use("moving")
    for seconds, status in ((0, 200), (86399, 200), (1, 401)):
        site.tell(advance=seconds)
        for path in PROTECTED.values():
            assert (site.send(path, "old").status_code, site.send(path, "new").status_code) == (status, 200)
    assert site.send("/orders", "old").json()["code"] == "legacy_issuer_retired"


def test_the_tests_of_the_page_pass(run_of_the_page: subprocess.Popen[str]) -> None:
    """The block about tests holds, without a network."""
    _, told = run_of_the_page.communicate(timeout=WITHIN)
    assert run_of_the_page.returncode == 0, told
    assert re.search(r"^Ran 2 tests in .*\n\nOK$", told, re.MULTILINE), told


def test_every_kind_of_row_is_there() -> None:
    """Names are unique, and one row of each kind is among them."""
    names = Counter(row.name for row in ROWS)
    assert set(names.values()) == {1}
    assert names.keys() >= KINDS


def test_every_block_is_run() -> None:
    """Each names a file of the project that something above imports; a new file needs a test here."""
    files = Counter(map(file_of, BLOCKS))
    assert files == Counter(
        {f"shop/{name}.py": 1 for name in ("tokens", "wsgi", "authentication", "api", "bearer", "views", "tests")}
        | {"shop/settings.py": 2}
    )
    assert PAGE.count("```") == 2 * len(BLOCKS)


def test_links_lead_somewhere() -> None:
    """Every file and heading that the page points to is there."""
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, heading = target.partition("#")
        path = HERE.parents[1] / "docs" / file
        if path.exists() or (HERE.parents[1] / "LICENSE").exists():  # the wheel is tested without the whole tree
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {name.lower().replace(" ", "-") for name in headings}
