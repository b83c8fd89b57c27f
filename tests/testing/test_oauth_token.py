"""The token endpoint over real sockets: what a code brings, that it brings it once, and each refusal."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import httpx
import jwt
import pytest
from oauth_client import CHALLENGE, HOME, LEFT_OUT, VERIFIER, authorize, challenge_of, code_for, redeem, told

from jwtmr import Names
from jwtmr.testing import SUBJECT, USERNAME, RegionalIssuer, SettableClock, User, validator_for

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def clock() -> SettableClock:
    """The clock of the issuer."""
    return SettableClock()


@pytest.fixture
def issuer(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A started issuer in one region."""
    with RegionalIssuer(["us-east-1"], clock=clock) as started:
        yield started


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that keeps its connections, so that a body which was not read would spoil what follows."""
    with httpx.Client(timeout=10, trust_env=False) as made:
        yield made


def refused(answer: httpx.Response, status: int = 400) -> str:
    """The code of a refusal, which a page of any origin can read and nobody keeps."""
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json().keys() == {"error", "error_description"}
    return str(answer.json()["error"])


def test_a_code_brings_an_access_token(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """A validator takes the token for what the answer says, of the user who signs in unless told otherwise."""
    answer = redeem(client, issuer, code_for(client, issuer))
    found = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert found.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (found["token_type"], found["scope"]) == ("Bearer", "orders/read")
    with closing(validator_for(issuer, issuer_type="original", token_use="access")) as validator:
        principal = validator.validate(found["access_token"])
    assert (principal.subject, principal.username) == (SUBJECT, USERNAME)
    assert (principal.client_id, principal.scopes, principal.groups) == (issuer.client_id, {"orders/read"}, set())
    assert principal.issued_at is not None
    assert principal.expires_at - principal.issued_at == timedelta(seconds=found["expires_in"])


def test_openid_brings_an_id_token(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """With that scope there are two tokens of one user, and the ID token has the client's nonce."""
    issuer.switch_to_updated()
    issuer.login.user = User(subject="7", username="bob", groups=("admins",))
    code = code_for(client, issuer, scope="openid orders/read", nonce="n 1")
    found = redeem(client, issuer, code).json()
    with closing(validator_for(issuer)) as validator:
        access, identity = (validator.validate(found[name]) for name in ("access_token", "id_token"))
    assert (access.token_use, identity.token_use) == ("access", "id")
    for principal in (access, identity):
        assert (principal.subject, principal.username, principal.groups) == ("7", "bob", {"admins"})
        assert principal.token_issuer == issuer.updated_issuer
    assert identity.claims["nonce"] == "n 1"
    assert "nonce" not in access.claims
    without = redeem(client, issuer, code_for(client, issuer, scope="openid")).json()["id_token"]
    assert "nonce" not in jwt.decode(without, options={"verify_signature": False})


@pytest.mark.parametrize(
    ("grantable", "asked", "granted"),
    [
        (None, "b a b", "b a"),
        (None, LEFT_OUT, "openid"),
        (["a", "c"], "c b a", "c a"),
        (["a", "c"], LEFT_OUT, "a c"),
        (("a",), "ab a", "a"),
    ],
)
def test_scopes_that_are_granted(
    client: httpx.Client, issuer: RegionalIssuer, grantable: Names | None, asked: str | None, granted: str
) -> None:
    """What was asked for is granted, as far as the issuer may; the token says what the answer says."""
    issuer.login.grantable_scopes = grantable
    found = redeem(client, issuer, code_for(client, issuer, scope=asked)).json()
    assert found["scope"] == granted
    assert jwt.decode(found["access_token"], options={"verify_signature": False})["scope"] == granted


def test_nothing_of_what_was_asked_is_granted(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """A request of which nothing is left brings no code."""
    issuer.login.grantable_scopes = ["orders"]
    assert told(authorize(client, issuer, scope="orders/read"))["error"] == "invalid_scope"


def test_a_grant_is_that_of_its_moment(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """Who signed in and what was granted stays with the code, whatever is set before it is redeemed."""
    code = code_for(client, issuer, scope="orders/read")
    issuer.login.user = None
    issuer.login.grantable_scopes = ["other"]
    found = jwt.decode(redeem(client, issuer, code).json()["access_token"], options={"verify_signature": False})
    assert (found["sub"], found["scope"]) == (SUBJECT, "orders/read")


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (59, True), (60, False), (61, False)])
def test_a_code_lives_for_a_minute(
    client: httpx.Client, issuer: RegionalIssuer, clock: SettableClock, seconds: int, good: bool
) -> None:
    """By the issuer's clock a code is good for 60 seconds."""
    code = code_for(client, issuer)
    clock.advance(seconds)
    answer = redeem(client, issuer, code)
    assert answer.status_code == 200 if good else refused(answer) == "invalid_grant"


def test_a_code_works_once(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """The second attempt is refused, and of many at once one gets the tokens."""
    code = code_for(client, issuer)
    assert redeem(client, issuer, code).status_code == 200
    assert refused(redeem(client, issuer, code)) == "invalid_grant"
    code = code_for(client, issuer)
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: redeem(client, issuer, code), range(8))]
    assert sorted(statuses) == [200] + [400] * 7


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": VERIFIER[:-1] + "l"},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": f"{HOME}/"},
        {"redirect_uri": HOME.replace("127.0.0.1", "localhost")},
    ],
)
def test_a_failed_attempt_uses_the_code_up(
    client: httpx.Client, issuer: RegionalIssuer, changes: dict[str, str]
) -> None:
    """With a wrong verifier or another redirect_uri there are no tokens, and there will be none for that code."""
    code = code_for(client, issuer)
    assert refused(redeem(client, issuer, code, **changes)) == "invalid_grant"
    assert refused(redeem(client, issuer, code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("verifier", "good"),
    [
        ("a" * 42, False), ("a" * 43, True), ("A-z_0~9." * 16, True), ("a" * 129, False), ("a" * 42 + "+", False),
        ("a" * 42 + "é", False), ("a" * 43 + "\n", False),
    ],
)  # fmt: skip
def test_shape_of_a_verifier(client: httpx.Client, issuer: RegionalIssuer, verifier: str, good: bool) -> None:
    """A verifier has 43 to 128 unreserved characters; another one is refused although it fits its challenge."""
    code = code_for(client, issuer, code_challenge=challenge_of(verifier))
    answer = redeem(client, issuer, code, code_verifier=verifier)
    assert answer.status_code == 200 if good else refused(answer) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": LEFT_OUT}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"client_id": LEFT_OUT}, 400, "invalid_request"),
        ({"client_id": "somebody"}, 401, "invalid_client"),
        ({"client_secret": "secret"}, 401, "invalid_client"),
        ({"code": LEFT_OUT}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code": "guess"}, 400, "invalid_grant"),
        ({"redirect_uri": LEFT_OUT}, 400, "invalid_request"),
        ({"code_verifier": LEFT_OUT}, 400, "invalid_request"),
        ({"code_verifier": [VERIFIER, VERIFIER]}, 400, "invalid_request"),
        ({"extra": ["a", "b"]}, 400, "invalid_request"),
    ],
)
def test_one_bad_parameter(
    client: httpx.Client, issuer: RegionalIssuer, changes: dict[str, object], status: int, error: str
) -> None:
    """A request with one thing wrong is refused, and does not use up the code: the right one brings the tokens."""
    code = code_for(client, issuer)
    answer = redeem(client, issuer, code, **changes)
    assert refused(answer, status) == error
    assert "www-authenticate" not in answer.headers
    assert redeem(client, issuer, code).status_code == 200


def test_parameters_nobody_knows_and_empty_secrets_are_ignored(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """What has no value was not sent, and what is unknown does not matter (RFC 6749 section 3.2)."""
    answer = redeem(client, issuer, code_for(client, issuer), client_secret="", extra="a")
    assert answer.status_code == 200


@pytest.mark.parametrize(("more", "good"), [(59, True), (60, False)])
def test_number_of_parameters(client: httpx.Client, issuer: RegionalIssuer, more: int, good: bool) -> None:
    """With the five of the flow there may be 64 parameters in all."""
    answer = redeem(client, issuer, code_for(client, issuer), **{f"extra{number}": "a" for number in range(more)})
    assert answer.status_code == 200 if good else refused(answer) == "invalid_request"


def test_a_secret_in_the_header_is_refused(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """The client is public: whoever authenticates as it is somebody else, and is told by which scheme he did so."""
    data = {"grant_type": "authorization_code", "code": code_for(client, issuer), "code_verifier": VERIFIER}
    secret = (issuer.client_id, "secret")
    answer = client.post(f"{issuer.domain}/oauth2/token", data=data | {"redirect_uri": HOME}, auth=secret)
    assert refused(answer, 401) == "invalid_client"
    assert answer.headers["www-authenticate"] == 'Basic realm="oauth2"'


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b'{"grant_type": "authorization_code"}'),
        ("text/plain", b"grant_type=authorization_code"),
        (FORM, b"grant_type=%ff"),
        (FORM, b"grant_type=\xff"),
        (FORM, b""),
        (None, b""),
    ],
)
def test_a_body_that_is_no_form(
    client: httpx.Client, issuer: RegionalIssuer, content_type: str | None, content: bytes
) -> None:
    """Whatever is no form of readable, few parameters is an invalid request."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = client.post(f"{issuer.domain}/oauth2/token", content=content, headers=headers)
    assert refused(answer) == "invalid_request"


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", FORM.upper()])
def test_ways_to_say_form(client: httpx.Client, issuer: RegionalIssuer, content_type: str) -> None:
    """The type is read as RFC 9110 has it: in any case, with parameters."""
    form = {
        "grant_type": "authorization_code", "client_id": issuer.client_id, "redirect_uri": HOME,
        "code": code_for(client, issuer), "code_verifier": VERIFIER,
    }  # fmt: skip
    content = str(httpx.QueryParams(form)).encode()
    url = f"{issuer.domain}/oauth2/token"
    assert client.post(url, content=content, headers={"Content-Type": content_type}).status_code == 200


def test_a_page_of_another_origin_may_post(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """A browser that asks first is told that it may, with the headers that Swagger UI sends."""
    asked = {
        "Origin": "http://127.0.0.1:5000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-requested-with",
    }
    answer = client.options(f"{issuer.domain}/oauth2/token", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert allowed == {"authorization", "content-type", "x-requested-with"}


def test_what_was_posted_is_recorded(client: httpx.Client, issuer: RegionalIssuer) -> None:
    """A test can look at what a client sent."""
    redeem(client, issuer, code_for(client, issuer))
    asked, posted = issuer.login.server.requests()
    assert (asked.method, asked.body) == ("GET", b"")
    assert dict(httpx.QueryParams(posted.body.decode()))["code_verifier"] == VERIFIER
