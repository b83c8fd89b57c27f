"""What the middleware leaves for the application, and what never reaches it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import Any

import pytest
from asgi_kit import HTTP_GET, Client, Place, a_place, client_of, get, scope_of, whoami

from jwtmr import ConfigurationError, TokenValidator, ValidatorClosed
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware, FromHeader, FromSubprotocol, ResourceMetadata, principal_of, requires
from jwtmr_asgi.types import Receive, Scope, Send


def test_the_application_sees_the_caller(place: Place) -> None:
    """As a principal, and as the user and the credentials that Starlette's own parts look at."""
    said = get(place.protect(), "/", place.headers(subject="u1", username="alice", scopes=["b", "a"])).json()
    assert said == {
        "subject": "u1", "path": "/", "user": "alice", "authenticated": True, "scopes": ["authenticated", "a", "b"]
    }  # fmt: skip


def test_a_machine_is_called_by_its_subject(place: Place) -> None:
    """It has no user name."""
    token = place.issuer.machine_token(client_id=place.issuer.client_id)
    assert get(place.protect(), "/", {"authorization": f"Bearer {token}"}).json()["user"] == place.issuer.client_id


def test_the_scope_of_the_server_is_not_changed(place: Place) -> None:
    """What was added is for the application alone."""
    scope, client = scope_of(headers=[(b"authorization", place.headers()["authorization"].encode())]), Client()
    before = dict(scope)
    asyncio.run(place.protect()(scope, client.receive, client.send))
    assert scope == before
    assert client.sent[0]["status"] == 200


def test_optional_lets_nobody_in_with_bad_credentials(place: Place) -> None:
    """Without any a request is anonymous; with bad ones it is refused as everywhere."""
    app = place.protect(optional=True)
    assert get(app).json()["authenticated"] is False
    assert get(app, headers={"authorization": "Basic YTpi"}).json()["subject"] is None
    assert get(app, headers=place.headers()).json()["authenticated"] is True
    bad = [{"authorization": value} for value in ("Bearer", "Bearer x.y.z", "DPoP x")]
    assert [get(app, headers=headers).status_code for headers in bad] == [400, 401, 401]


@pytest.mark.row("websocket-lifespan", fault=None)
@pytest.mark.parametrize("kind", ["webtransport", "http2", "", "lifespan2"])
def test_a_scope_of_an_unknown_type_fails(place: Place, kind: str) -> None:
    """Nobody has thought about whether it is safe."""
    client = Client()
    with pytest.raises(RuntimeError, match="does not know"):
        asyncio.run(place.protect()(scope_of(kind=kind), client.receive, client.send))
    assert client.sent == []


def test_a_closed_validator_is_an_error_of_the_application(place: Place) -> None:
    """It is nobody's bad token, and no outage that time would end."""
    validator = validator_for(place.issuer, issuer_type="original", http_get=HTTP_GET)
    validator.close()
    with pytest.raises(ValidatorClosed):
        get(BearerAuthMiddleware(whoami, validator), headers=place.headers())


def test_an_error_of_the_application_is_its_own(place: Place) -> None:
    """Not a refusal, whatever it is."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        get(place.protect(broken), headers=place.headers())


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        ({"realm": 'a"b'}, "realm"), ({"realm": ""}, "realm"), ({"realm": "a\r\nb"}, "realm"),
        ({"realm": "ä"}, "realm"),
        ({"token_sources": ()}, "token_sources"), ({"token_sources": FromHeader()}, "token_sources"),
        ({"token_sources": (FromHeader(), FromSubprotocol())}, "token_sources"),
        ({"resource_metadata": "https://a.example"}, "resource_metadata"), ({"startup": "now"}, "startup"),
        ({"exclude": "/healthz"}, "exclude"), ({"optional": "no"}, "optional"),
        ({"close_at_expiry": 1}, "close_at_expiry"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_settings_are_refused_at_once(place: Place, settings: dict[str, Any], parameter: str) -> None:
    """And name the parameter."""
    with pytest.raises(ConfigurationError) as caught:
        place.protect(**settings)
    assert caught.value.parameter == parameter
    with pytest.raises(ConfigurationError) as caught:
        BearerAuthMiddleware(whoami, None)
    assert caught.value.parameter == "validator"


def test_a_validator_may_be_made_later(place: Place) -> None:
    """Once, by the lifespan or by the first request."""
    made: list[TokenValidator] = []

    def make() -> TokenValidator:
        made.append(validator_for(place.issuer, issuer_type="original", http_get=HTTP_GET))
        return made[-1]

    app = BearerAuthMiddleware(whoami, make)
    assert made == []
    for _ in range(2):
        assert get(app, headers=place.headers()).status_code == 200
    assert len(made) == 1
    made[0].close()


@pytest.mark.parametrize("path", ["/", "/.well-known/oauth-protected-resource"])
def test_a_validator_is_made_beside_the_loop(place: Place, path: str) -> None:
    """It may take its time: the loop goes on meanwhile, for a token and for the document of the resource."""
    begun, end = threading.Event(), threading.Event()

    def make() -> TokenValidator:
        begun.set()
        assert end.wait(5), "the loop stood still"
        return place.validator

    async def run() -> int:
        metadata = ResourceMetadata(resource="https://api.example.com")
        async with client_of(BearerAuthMiddleware(whoami, make, resource_metadata=metadata)) as client:
            asking = asyncio.create_task(client.get(path, headers=place.headers()))
            assert await asyncio.to_thread(begun.wait, 5)
            end.set()
            return (await asking).status_code

    assert asyncio.run(run()) == 200


# -- requires ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "challenge"),
    [
        ({"scopes": ["orders/read"]}, 200, None),
        ({"scopes": ["a", "orders/read"]}, 403, 'error="insufficient_scope", scope="a orders/read"'),
        ({"any_group": ["admins", "staff"]}, 200, None),
        ({"any_group": ["owners"]}, 403, 'error="insufficient_scope"'),
        ({"token_use": "access"}, 200, None),
        ({"token_use": "id"}, 401, 'error="invalid_token"'),
        ({}, 200, None),
    ],
    ids=str,
)  # fmt: skip
def test_an_application_may_ask_for_more(
    place: Place, asked: dict[str, Any], status: int, challenge: str | None
) -> None:
    """All scopes, one of the groups, the use; refused with the challenge of the middleware's realm."""
    app = place.protect(requires(**asked)(whoami), realm="shop")
    answer = get(app, headers=place.headers(scopes=["orders/read"], groups=["staff"]))
    assert answer.status_code == status
    assert answer.headers.get("www-authenticate") == (challenge and f'Bearer realm="shop", {challenge}')


def test_requirements_are_not_met_by_nobody(place: Place) -> None:
    """On a path that needs no token, and where tokens are optional."""
    for settings in ({"exclude": ["/x"]}, {"optional": True}):
        answer = get(place.protect(requires()(whoami), **settings), "/x")
        assert (answer.status_code, answer.json()["code"]) == (401, "missing_token")
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


def test_requirements_need_the_middleware() -> None:
    """Without it nobody has been authenticated: an error of whoever put the application together."""
    with pytest.raises(RuntimeError, match="needs BearerAuthMiddleware"):
        get(requires(scopes=["a"])(whoami))


@pytest.mark.parametrize(
    "asked", [{"scopes": "orders/read"}, {"any_group": "admins"}, {"any_group": []}, {"token_use": "x"}]
)
def test_wrong_requirements_are_refused_at_once(asked: dict[str, Any]) -> None:
    """When the application is put together."""
    with pytest.raises(ConfigurationError):
        requires(**asked)


# -- everybody sees only himself --------------------------------------------------------------------------------------


@pytest.mark.row("context-leak", fault=None)
def test_a_thousand_requests_see_their_own_principal(place: Place) -> None:
    """Interleaved, each with a token of its own, in handlers that yield before they look."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        assert principal_of(scope) is scope["user"].principal
        await whoami(scope, receive, send)

    async def ask() -> None:
        async with client_of(place.protect(slow)) as client:
            names = [f"user{number}" for number in range(1000)]
            tokens = [place.headers(subject=name) for name in names]
            answers = await asyncio.gather(*(client.get("/", headers=headers) for headers in tokens))
            assert [answer.json()["subject"] for answer in answers] == names

    asyncio.run(ask())


def test_keys_that_cannot_be_had_log_nobody_out() -> None:
    """503 with ``Retry-After``, no challenge, and the application is not called."""
    with a_place() as cold:
        cold.issuer.take_down("us-east-1")
        cold.issuer.take_down("us-west-2")
        answer = get(cold.protect(), headers=cold.headers())
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert "www-authenticate" not in answer.headers
        assert "127.0.0.1" not in answer.text + str(answer.headers)


def test_two_middlewares_do_not_share(place: Place) -> None:
    """The inner one asks its own validator, and its principal is the one that the application sees."""
    with RegionalIssuer(client_id="inner") as other, closing(validator_for(other, issuer_type="original")) as inner:
        app = place.protect(BearerAuthMiddleware(whoami, inner, token_sources=[FromHeader("x-inner")]))
        token = other.access_token(subject="inner")
        assert get(app, headers=place.headers()).json()["code"] == "missing_token"
        assert get(app, headers=place.headers() | {"x-inner": token}).json()["subject"] == "inner"
        assert get(app, headers={"x-inner": token}).status_code == 401
