"""The authorization endpoint over real sockets: codes, where they are sent, and each refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from oauth_client import CHALLENGE, HOME, LEFT_OUT, VERIFIER, authorize, challenge_of, code_for, redeem, told

from jwtmr.testing import RegionalIssuer, SettableClock, User

ELSEWHERE = "https://app.example.com/callback"


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A started issuer in one region."""
    with RegionalIssuer(["us-east-1"], clock=SettableClock()) as started:
        yield started


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that follows no redirect."""
    with httpx.Client(timeout=10, trust_env=False) as made:
        yield made


def refused(answer: httpx.Response) -> str:
    """The code of a refusal that sends the browser nowhere."""
    assert answer.status_code == 400
    assert "location" not in answer.headers
    return str(answer.json()["error"])


def test_the_challenge_is_the_one_of_the_standard() -> None:
    """The pair that the tests use is the example of RFC 7636, by an implementation that is not the issuer's."""
    assert challenge_of(VERIFIER) == CHALLENGE


def test_a_code_and_the_state_go_home(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """The browser comes back at once, with a code and with the state as it was, and nothing may be kept."""
    answer = authorize(client, issuer)
    assert told(answer).keys() == {"code", "state"}
    assert told(answer)["state"] == "s t/a&t=e"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers  # RFC 9700 section 2.6
    assert told(authorize(client, issuer, state=LEFT_OUT)).keys() == {"code"}
    assert told(authorize(client, issuer, state="")).keys() == {"code"}


def test_each_code_is_another(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """The same question twice brings two codes, and both are good."""
    codes = [code_for(client, issuer) for _ in range(2)]
    assert codes[0] != codes[1]
    assert [redeem(client, issuer, code).status_code for code in codes] == [200, 200]


@pytest.mark.parametrize(
    "home",
    [
        "http://127.0.0.1:5000/docs/oauth2-redirect", "http://127.0.0.1/", "http://localhost:1/", "http://[::1]:5000/",
        "https://localhost/callback", "http://127.0.0.2:65535/deep/er",
    ],
)  # fmt: skip
def test_home_is_any_port_of_this_machine(client: httpx.Client, issuer: RegionalIssuer, home: str) -> None:
    """Unless told otherwise the client lives on loopback, where its port changes from run to run."""
    code = code_for(client, issuer, redirect_uri=home)
    assert redeem(client, issuer, code, redirect_uri=home).status_code == 200


def test_a_query_of_the_redirect_uri_is_kept(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """What is told is added to the query that the URI has (RFC 6749 section 3.1.2)."""
    home = f"{HOME}?tenant=a%26b"
    answer = authorize(client, issuer, redirect_uri=home)
    assert answer.headers["location"].startswith(f"{home}&code=")
    assert told(answer)["tenant"] == "a&b"


@pytest.mark.parametrize(
    "home",
    [
        LEFT_OUT, "", ELSEWHERE, "http://app.example.com/", "/callback", "myapp://callback", "javascript:alert(1)",
        "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/", "http://example.com\\@127.0.0.1/",
        "http://user@127.0.0.1/", f"{HOME}#fragment", f"{HOME}\r\nSet-Cookie: a=b", f"{HOME}/ü", "http://127.0.0.1:x/",
        "http://127.0.0.1:65536/", "ftp://127.0.0.1/", [HOME, HOME], [HOME, ELSEWHERE],
    ],
)  # fmt: skip
def test_nobody_is_sent_where_the_client_is_not(client: httpx.Client, issuer: RegionalIssuer, home: object) -> None:
    """A redirect_uri that is missing, repeated or not on this machine is told to the user, not to that URI."""
    assert refused(authorize(client, issuer, redirect_uri=home)) == "invalid_request"


@pytest.mark.parametrize("client_id", [LEFT_OUT, "", "somebody", ["twice", "over"]])
def test_nobody_is_sent_anywhere_by_a_stranger(client: httpx.Client, issuer: RegionalIssuer, client_id: object) -> None:
    """With an unknown client nobody knows whose the redirect_uri is."""
    assert refused(authorize(client, issuer, client_id=client_id)) == "invalid_request"


def test_the_right_client_twice_is_a_stranger(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """A repeated client_id is none, even where both say the same."""
    assert refused(authorize(client, issuer, client_id=[issuer.client_id] * 2)) == "invalid_request"


def test_named_redirect_uris_are_exact(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """Once the client's URIs are named they are compared character by character, on loopback too."""
    issuer.login.redirect_uris = [ELSEWHERE, "http://127.0.0.1:5000/home"]
    assert "code" in told(authorize(client, issuer, redirect_uri=ELSEWHERE), ELSEWHERE)
    for other in (f"{ELSEWHERE}/", f"{ELSEWHERE}?a=b", "http://127.0.0.1:5001/home", HOME):
        assert refused(authorize(client, issuer, redirect_uri=other)) == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": LEFT_OUT}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": LEFT_OUT}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": f"{CHALLENGE}A"}, "invalid_request"),
        ({"code_challenge": f"{CHALLENGE[:-1]}="}, "invalid_request"),
        ({"code_challenge_method": LEFT_OUT}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": LEFT_OUT, "code_challenge_method": LEFT_OUT}, "invalid_request"),
        ({"scope": ["a", "b"]}, "invalid_request"),
        ({"scope": 'say "please"'}, "invalid_scope"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"scope": " a"}, "invalid_scope"),
        ({"scope": "a\\b"}, "invalid_scope"),
    ],
)
def test_one_bad_parameter_is_told_to_the_client(
    client: httpx.Client, issuer: RegionalIssuer, changes: dict[str, object], error: str
) -> None:
    """A client that is known is told at home what is wrong, with its state, and gets no code."""
    found = told(authorize(client, issuer, **changes))
    assert found.pop("error_description")
    assert found == {"error": error, "state": "s t/a&t=e"}


def test_a_repeated_state_is_not_sent_back(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """Of two states neither is the client's."""
    assert told(authorize(client, issuer, state=["a", "b"])).keys() == {"error", "error_description"}


def test_a_user_who_does_not_sign_in(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """Without a user the client is told so; with one again it gets its code."""
    issuer.login.user = None
    assert told(authorize(client, issuer))["error"] == "access_denied"
    issuer.login.user = User()
    assert "code" in told(authorize(client, issuer))


def test_a_query_that_cannot_be_read(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """What is empty or not UTF-8 is refused."""
    url = f"{issuer.domain}/oauth2/authorize"
    assert refused(client.get(f"{url}?client_id=%ff")) == "invalid_request"
    assert refused(client.get(url)) == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/oauth2/authorize", (405, "GET")),
        ("HEAD", "/oauth2/authorize", (405, "GET")),
        ("GET", "/oauth2/token", (405, "POST, OPTIONS")),
        ("GET", "/oauth2/authorize/", (404, None)),
        ("GET", "/login", (404, None)),
    ],
)
def test_other_methods_and_paths(
    client: httpx.Client, issuer: RegionalIssuer, method: str, path: str, expected: tuple[int, str | None]
) -> None:
    """There is nothing else at the domain."""
    answer = client.request(method, issuer.domain + path)
    assert (answer.status_code, answer.headers.get("allow")) == expected


def test_the_domain_is_a_server_of_its_own(client: httpx.Client) -> None:
    """It is no host of a region: neither does it go down with one, nor do its requests count among those for keys."""
    with RegionalIssuer(["us-east-1"]) as issuer:
        domain = issuer.domain
        issuer.take_down("us-east-1")
        assert "code" in told(authorize(client, issuer))
        assert issuer.domain == domain
        assert domain not in {url.partition("/us-east-1")[0] for url in issuer.jwks_uris}
        assert issuer.count() == 0
        (seen,) = issuer.login.server.requests()
        assert seen.url.startswith(f"{domain}/oauth2/authorize?response_type=code&")
    with pytest.raises(httpx.ConnectError):
        client.get(domain)


def test_a_domain_that_nobody_asks_for_costs_nothing() -> None:
    """Its server starts with the first question, however many ask at once, and neither before nor after the issuer."""
    issuer = RegionalIssuer(["us-east-1"])
    with pytest.raises(RuntimeError, match="not running"):
        _ = issuer.domain
    with issuer:
        threads = threading.active_count()
        found: list[str] = []
        askers = [threading.Thread(target=lambda: found.append(issuer.domain)) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert len(found) == 8
        assert len(set(found)) == 1
        assert threading.active_count() == threads + 1
    unused = RegionalIssuer(["us-east-1"])
    with unused:
        pass
    with pytest.raises(RuntimeError, match="not running"):
        _ = unused.domain
