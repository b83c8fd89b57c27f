"""What an application asks of its caller in vain is answered as what the middleware asks; what others refuse passes."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import Any

import httpx
import pytest
from asgi_kit import HTTP_GET, Client, Place, get, scope_of, whoami
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from jwtmr import AuthError, Event, KeysUnavailable, Principal
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.testing import RegionalIssuer, make_principal, validator_for
from jwtmr_asgi import BearerAuthMiddleware, on_auth_error, principal_of
from jwtmr_asgi.types import App, Receive, Scope, Send

CHALLENGE = 'Bearer realm="api", error="insufficient_scope", scope="write"'


def caller(scope: Scope) -> Principal:
    """Who is calling."""
    principal = principal_of(scope)
    assert principal is not None
    return principal


def asking(**asked: Any) -> App:  # noqa: ANN401 - as require has them
    """An application that asks for more."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        caller(scope).require(**asked)
        await whoami(scope, receive, send)

    return app


def raising(error: Exception) -> App:
    """An application with an error of its own."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


def seen(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and challenge."""
    return answer.status_code, answer.json()["code"], answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("asked", "status", "code", "challenge"),
    [
        ({"scopes": ["write"]}, 403, "insufficient_scope", CHALLENGE),
        ({"any_group": ["staff"]}, 403, "insufficient_groups", 'Bearer realm="api", error="insufficient_scope"'),
        ({"token_use": "id"}, 401, "wrong_token_use", 'Bearer realm="api", error="invalid_token"'),
    ],
)
def test_an_application_that_asks_in_vain(asked: dict[str, Any], status: int, code: str, challenge: str) -> None:
    """Status, challenge and body are those of ``requires``; observers are told once."""
    events: list[Event] = []

    class Seen:
        def on_event(self, event: Event, /) -> None:
            if isinstance(event, TokenAccepted | TokenRefused):
                events.append(event)

    with (
        RegionalIssuer() as issuer,
        closing(validator_for(issuer, issuer_type="original", http_get=HTTP_GET, observers=[Seen()])) as validator,
    ):
        app = BearerAuthMiddleware(asking(**asked), validator)
        answer = get(app, headers={"authorization": f"Bearer {issuer.access_token()}"})
    assert seen(answer) == (status, code, challenge)
    assert [getattr(event, "code", "accepted") for event in events] == ["accepted", code]


def test_an_application_that_asks_for_what_there_is(place: Place) -> None:
    """It is served."""
    answer = get(place.protect(asking(scopes=["write"])), headers=place.headers(scopes=["write"]))
    assert answer.json()["path"] == "/"


def test_what_others_refuse_passes(place: Place) -> None:
    """What another validator, or another principal, refuses is an error of the application's."""
    errors: list[Exception] = [KeysUnavailable("elsewhere", retry_after=7), OSError()]
    for refusing in (
        lambda: place.validator.validate(place.issuer.access_token(), scopes=["write"]),
        lambda: make_principal().require(any_group=["staff"]),
    ):
        with pytest.raises(AuthError) as caught:
            refusing()
        errors.append(caught.value)
    for error in errors:
        with pytest.raises(type(error)) as passed:
            get(place.protect(raising(error)), headers=place.headers())
        assert passed.value is error
        for open_to_all in ({"optional": True}, {"exclude": ["/"]}):
            with pytest.raises(type(error)):
                get(place.protect(raising(error), **open_to_all))


def test_after_the_answer(place: Place) -> None:
    """Where the answer has begun there is nothing more to be said, and the error passes."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        caller(scope).require(scopes=["write"])

    client = Client()
    scope = scope_of(headers=[(b"authorization", place.headers()["authorization"].encode())])
    with pytest.raises(AuthError):
        asyncio.run(place.protect(late)(scope, client.receive, client.send))
    assert [message["type"] for message in client.sent] == ["http.response.start"]


@pytest.mark.parametrize("settings", [{}, {"close_at_expiry": True}])
@pytest.mark.parametrize(
    ("before", "extensions", "sent"),
    [
        ([], {}, {"type": "websocket.close", "code": 1008, "reason": ""}),
        (["websocket.accept"], {}, {"type": "websocket.close", "code": 1008, "reason": "insufficient_scope"}),
        (["websocket.accept", "websocket.send"], {}, {"type": "websocket.close", "code": 1008,
                                                      "reason": "insufficient_scope"}),
        (["websocket.accept", "websocket.close"], {}, None),
        (["websocket.http.response.start"], {"websocket.http.response": {}}, None),
    ],
)  # fmt: skip
def test_websockets(
    place: Place, settings: dict[str, bool], before: list[str], extensions: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    """Refused before they are accepted, closed later; where the end has been said the error passes."""

    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        for kind in before:
            await send({"type": kind})
        caller(scope).require(scopes=["write"])

    client = Client()
    headers = [(b"authorization", place.headers()["authorization"].encode())]
    scope = scope_of(kind="websocket", headers=headers, extensions=extensions)
    serving = place.protect(socket, **settings)(scope, client.receive, client.send)
    if sent is None:
        with pytest.raises(AuthError):
            asyncio.run(serving)
    else:
        asyncio.run(serving)
        assert client.sent.pop() == sent
    assert [message["type"] for message in client.sent] == before


def test_a_handshake_is_answered_where_the_server_can(place: Place) -> None:
    """With the same status and body as a request."""
    client = Client()
    headers = [(b"authorization", place.headers()["authorization"].encode())]
    scope = scope_of(kind="websocket", headers=headers, extensions={"websocket.http.response": {}})
    asyncio.run(place.protect(asking(scopes=["write"]))(scope, client.receive, client.send))
    start, body = client.sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert json.loads(body["body"])["code"] == "insufficient_scope"


async def view(request: Request) -> Response:
    """An endpoint that asks for more."""
    principal = request.user.principal
    principal.require(scopes=["write"])
    return PlainTextResponse("served")


async def outage(_: Request) -> Response:
    """An endpoint with an error that is nobody's refusal."""
    raise KeysUnavailable("elsewhere")


async def socket(websocket: WebSocket) -> None:
    """A WebSocket that asks for more when it is accepted."""
    await websocket.accept()
    websocket.user.principal.require(scopes=["write"])


def starlette(**settings: Any) -> Starlette:  # noqa: ANN401 - as Starlette has them
    """An application of Starlette's."""
    return Starlette(routes=[Route("/", view), Route("/outage", outage), WebSocketRoute("/ws", socket)], **settings)


def test_starlette(place: Place) -> None:
    """Inside of an application the middleware answers; around it the application's handler does, which is ours."""
    inside = starlette(middleware=[Middleware(BearerAuthMiddleware, validator=place.validator)])
    around = place.protect(starlette(exception_handlers={AuthError: on_auth_error}))
    for app in (inside, around):
        assert seen(get(app, headers=place.headers())) == (403, "insufficient_scope", CHALLENGE)
        assert get(app, headers=place.headers(scopes=["write"])).text == "served"
        with pytest.raises(KeysUnavailable):
            get(app, "/outage", headers=place.headers())


def test_a_handler_of_the_application(place: Place) -> None:
    """It goes before the middleware, wherever that stands."""

    async def own(_: Request, error: Exception) -> Response:
        return PlainTextResponse(f"own {type(error).__name__}")

    middleware = [Middleware(BearerAuthMiddleware, validator=place.validator)]
    inside = starlette(middleware=middleware, exception_handlers={AuthError: own})
    around = place.protect(starlette(exception_handlers={AuthError: own}))
    assert [get(app, headers=place.headers()).text for app in (inside, around)] == ["own InsufficientScope"] * 2


def test_a_websocket_of_starlettes(place: Place) -> None:
    """The handler closes one that was accepted."""
    client = Client({"type": "websocket.connect"})
    headers = [(b"authorization", place.headers()["authorization"].encode())]
    app = place.protect(starlette(exception_handlers={AuthError: on_auth_error}))
    asyncio.run(app(scope_of("/ws", kind="websocket", headers=headers), client.receive, client.send))
    assert client.sent[-1] == {"type": "websocket.close", "code": 1008, "reason": "insufficient_scope"}


def test_the_handler_without_the_middleware() -> None:
    """It raises what it is given."""
    for error in (KeysUnavailable(), OSError()):
        with pytest.raises(type(error)) as caught:
            asyncio.run(on_auth_error(Request(scope_of()), error))
        assert caught.value is error
