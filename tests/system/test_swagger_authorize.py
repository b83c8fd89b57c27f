"""Swagger's *Authorize* in a real browser: Debian's chromium signs in from FastAPI's ``/docs`` by code and PKCE.

Everything that takes part runs on loopback: the API behind uvicorn, Swagger UI's own files, the user pool with its
domain. ``JWTMR_SCREENSHOTS=docs/images make test-system ARGS=tests/system/test_swagger_authorize.py`` takes the picture
of the documentation.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from swagger_app import READ, WRITE, add_page, orders_app, serving

from jwtmr.testing import USERNAME, RecordedRequest, RegionalIssuer, validator_for

pytestmark = [pytest.mark.system("chromium", "playwright", "swagger-ui-dist"), pytest.mark.slow]

BROWSER = Path(__file__).with_name("swagger_browser.py")

WITHIN = 150.0
"""Seconds for one visit of the browser. It takes about five."""

PAGES = {"/docs": True, "/docs-without-pkce": False}
"""Where the pages are, and whether they were told to use PKCE."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The API in the browser's reach, and the pool."""

    issuer: RegionalIssuer
    url: str
    visit: Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def scene(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A pool that grants to read only, the API, and its pages."""
    pool_id, client_id = "us-east-1_Ab12Cd34", "1example23456789"
    assets = Path(needs("swagger-ui-dist")).resolve().parent
    with (
        RegionalIssuer(user_pool_id=pool_id, client_id=client_id) as issuer,
        closing(validator_for(issuer, issuer_type="original", token_use="access")) as validator,
    ):
        issuer.login.grantable_scopes = [READ]
        app = orders_app(issuer, validator)
        for path, pkce in PAGES.items():
            add_page(app, path, assets, clientId=client_id, usePkceWithAuthorizationCodeGrant=pkce)

        with serving(app) as url:

            def visit(page: str, *steps: list[str]) -> dict[str, Any]:
                profile = str(tmp_path_factory.mktemp("profile"))
                told = {"url": url + page, "profile": profile, "chromium": needs("chromium"), "steps": steps}
                return run_browser(Path(needs("playwright")), told)

            yield Scene(issuer, url, visit)


def run_browser(playwright: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Let the user of ``swagger_browser.py`` do what he is told, and return what he saw."""
    command = [playwright.resolve().with_name("python"), BROWSER]
    run = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, timeout=WITHIN, check=False)
    assert run.returncode == 0, run.stderr
    report: dict[str, Any] = json.loads(run.stdout)
    return report


@pytest.fixture(scope="module")
def day(scene: Scene) -> dict[str, Any]:
    """One visit: sign in, list the orders, try to delete them, log out, try to list them again.

    With all requests that the browser sent, and those that arrived at the pool's domain.
    """
    directory = os.environ.get("JWTMR_SCREENSHOTS")
    picture = [["screenshot", str(Path(directory, "swagger-authorize.png").resolve())]] if directory else []
    listing, deleting = ["call", "GET", "/orders"], ["call", "DELETE", "/orders"]
    scene.issuer.login.server.forget_requests()
    found = scene.visit("/docs", ["authorize"], ["close"], listing, *picture, deleting, ["logout"], listing)
    steps = [step for step in found["steps"] if step]
    arrived = {"arrived": scene.issuer.login.server.requests()}
    return dict(zip(("signed_in", "allowed", "denied", "logged_out"), steps, strict=True)) | found | arrived


def only(method: str, day: dict[str, Any]) -> RecordedRequest:
    """The one request of this method that arrived at the pool's domain."""
    (found,) = (request for request in day["arrived"] if request.method == method)
    return found


def form_of(request: RecordedRequest) -> dict[str, list[str]]:
    """What was posted, also what has no value."""
    return parse_qs(request.body.decode(), strict_parsing=True, keep_blank_values=True)


def test_the_user_is_signed_in(day: dict[str, Any]) -> None:
    """The dialogue says so, after a window had opened and closed again."""
    assert {"Authorized", "Flow: authorizationCode with PKCE", "Logout"} <= set(day["signed_in"]["shown"].splitlines())


def test_a_granted_scope_is_let_through(day: dict[str, Any]) -> None:
    """The page shows 200 and what the API knows of the user, with the scope that was granted and no other."""
    assert day["allowed"]["status"] == 200
    assert day["allowed"]["body"] == {"orders": [17, 42], "user": USERNAME, "scopes": [READ]}
    assert f'"user": "{USERNAME}"' in day["allowed"]["shown"]


def test_a_scope_that_was_not_granted_is_refused(day: dict[str, Any]) -> None:
    """The page shows 403 and the code, although it had asked for that scope too."""
    assert day["denied"]["status"] == 403
    assert day["denied"]["body"]["detail"]["code"] == "insufficient_scope"
    assert f'scope="{WRITE}"' in day["denied"]["headers"]["www-authenticate"]
    assert "insufficient_scope" in day["denied"]["shown"]


def test_after_logging_out_there_is_no_token(day: dict[str, Any]) -> None:
    """The same operation as before is 401, and its challenge says nothing of an error."""
    assert day["logged_out"]["status"] == 401
    assert day["logged_out"]["body"]["detail"]["code"] == "missing_token"
    assert "error" not in day["logged_out"]["headers"]["www-authenticate"]
    assert "missing_token" in day["logged_out"]["shown"]


def test_the_flow_was_code_with_s256(day: dict[str, Any], scene: Scene) -> None:
    """The browser asked for both scopes with a challenge of S256, and redeemed the code with what it belongs to."""
    asked, posted = only("GET", day), only("POST", day)
    query, form = parse_qs(urlsplit(asked.path).query), form_of(posted)
    assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
    assert set(query["scope"][0].split()) == {READ, WRITE}
    assert query["redirect_uri"] == form["redirect_uri"] == [f"{scene.url}/docs/oauth2-redirect"]
    assert form["grant_type"] == ["authorization_code"]
    assert query["code_challenge"] != form["code_verifier"]


def test_there_was_no_client_secret(day: dict[str, Any]) -> None:
    """Neither the form nor a header nor the URL held one: a page has nowhere to keep it."""
    asked, posted = only("GET", day), only("POST", day)
    assert form_of(posted).keys() == {"grant_type", "client_id", "code", "code_verifier", "redirect_uri"}
    assert "authorization" not in posted.headers
    assert "secret" not in asked.path


def test_nobody_else_was_asked(day: dict[str, Any], scene: Scene) -> None:
    """Every request of the page and its window went to the API or to the pool's domain."""
    origins = {origin(sent["url"]) for sent in day["requests"] if not sent["url"].startswith(("data:", "blob:"))}
    assert origins == {scene.url, scene.issuer.domain}


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_a_page_without_pkce_gets_no_token(scene: Scene) -> None:
    """The pool refuses the same page without a challenge, and the dialogue says why."""
    scene.issuer.login.server.forget_requests()
    found = scene.visit("/docs-without-pkce", ["authorize"])
    assert "invalid_request" in found["steps"][0]["shown"]
    assert [request.method for request in scene.issuer.login.server.requests()] == ["GET"]
