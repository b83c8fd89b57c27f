"""What a view asks of its caller in vain is answered as what ``Security`` asks; what others refuse passes."""

import asyncio
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Security, WebSocket
from fastapi.responses import PlainTextResponse
from fastapi_kit import Place, ask, code_of, hear
from serving import served
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from jwtmr import AuthError, KeysUnavailable, Principal
from jwtmr.errors import InsufficientScope
from jwtmr.testing import make_principal
from jwtmr_fastapi.inside import answer_for_views

CHALLENGE = 'Bearer realm="api", error="insufficient_scope", scope="write"'


def asking(app: FastAPI, dependency: Any, path: str = "/", **asked: Any) -> FastAPI:  # noqa: ANN401 - FastAPI's own
    """Add a view that asks for more, by default for the scope ``write``."""

    @app.get(path)
    async def view(principal: Annotated[Principal, dependency]) -> str:
        principal.require(**asked or {"scopes": ["write"]})
        return "served"

    return app


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"scopes": ["write"]}, (403, "insufficient_scope", CHALLENGE)),
        ({"any_group": ["staff"]}, (403, "insufficient_groups", 'Bearer realm="api", error="insufficient_scope"')),
        ({"token_use": "id"}, (401, "wrong_token_use", 'Bearer realm="api", error="invalid_token"')),
    ],
)
def test_a_view_that_asks_in_vain(
    place: Place, outcomes: list[str], asked: dict[str, Any], answer: tuple[int, str, str]
) -> None:
    """Status, challenge and body are those of the dependency; observers are told once."""
    given = ask(asking(FastAPI(), Depends(place.auth()), **asked), headers=place.bearer())
    assert (*code_of(given), given.headers["WWW-Authenticate"]) == answer
    assert outcomes == ["accepted", answer[1]]


def test_a_view_that_asks_for_what_there_is(place: Place) -> None:
    """It is served."""
    assert ask(asking(FastAPI(), Depends(place.auth())), headers=place.bearer("write")).json() == "served"


def test_whoever_asks(place: Place) -> None:
    """A dependency that asks, a view in a thread, ``optional``, ``require``, a mounted application, two objects."""
    auth, other, app = place.auth(realm="first"), place.auth(scheme_name="Other"), FastAPI()

    def editor(principal: Annotated[Principal, Security(auth, scopes=["openid"])]) -> Principal:
        principal.require(scopes=["write"])
        return principal

    @app.get("/dependency")
    def by_dependency(_: Annotated[Principal, Depends(editor)]) -> None: ...

    @app.get("/thread")
    def in_thread(_: Annotated[Principal, Depends(other)], principal: Annotated[Principal, Depends(auth)]) -> None:
        principal.require(scopes=["write"])

    asking(app, Depends(auth.optional), "/optional")
    asking(app, Depends(auth.require(token_use="access")), "/require")
    app.mount("/mounted", asking(FastAPI(), Depends(auth)))
    for path in ("/dependency", "/thread", "/optional", "/require", "/mounted/"):
        answer = ask(app, path, place.bearer())
        assert code_of(answer) == (403, "insufficient_scope")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="first"')


def test_a_stand_in(place: Place) -> None:
    """Who stands in for callers in a test is asked as anybody."""
    auth = place.auth()
    app = asking(FastAPI(), Depends(auth))
    with auth.override(app, make_principal(scopes=["read"])):
        assert code_of(ask(app)) == (403, "insufficient_scope")


def test_handlers_of_the_application(place: Place) -> None:
    """One for ``AuthError`` goes before; one for ``HTTPException`` sees the refusal as of a dependency."""
    own, http = asking(FastAPI(), Depends(place.auth())), asking(FastAPI(), Depends(place.auth()))

    @own.exception_handler(AuthError)
    async def of_auth(_: Request, error: AuthError) -> PlainTextResponse:
        return PlainTextResponse(f"own {error.code}")

    @http.exception_handler(HTTPException)
    async def of_http(_: Request, error: HTTPException) -> PlainTextResponse:
        assert isinstance(error.__cause__, AuthError)
        return PlainTextResponse(f"own {error.status_code}")

    assert ask(own, headers=place.bearer()).text == "own insufficient_scope"
    assert ask(http, headers=place.bearer()).text == "own 403"
    assert AuthError not in http.exception_handlers


def test_what_others_refuse_passes(place: Place) -> None:
    """What another validator, or another principal, refuses in a view is an error of the view's."""
    errors: list[AuthError] = [KeysUnavailable("elsewhere", retry_after=7)]
    for refusing in (
        lambda: place.validator.validate(place.token(), scopes=["write"]),
        lambda: make_principal().require(any_group=["staff"]),
    ):
        with pytest.raises(AuthError) as caught:
            refusing()
        errors.append(caught.value)
    app, auth = FastAPI(), place.auth()

    @app.get("/{number}", dependencies=[Depends(auth)])
    async def view(number: int) -> None:
        raise errors[number]

    for number, error in enumerate(errors):
        with pytest.raises(type(error)) as caught:
            ask(app, f"/{number}", place.bearer())
        assert caught.value is error
        assert ask(app, f"/{number}", place.bearer(), raises=False).status_code == 500

    @app.exception_handler(Exception)
    async def of_everything(_: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"own {type(error).__name__}")

    app.middleware_stack = None  # as if it had been there from the start
    assert ask(app, "/0", place.bearer(), raises=False).text == "own KeysUnavailable"


def test_after_the_answer(place: Place) -> None:
    """What a background task asks in vain is an error of the task's: the answer is out."""
    app = FastAPI()

    @app.get("/")
    async def view(principal: Annotated[Principal, Depends(place.auth())], tasks: BackgroundTasks) -> str:
        tasks.add_task(principal.require, scopes=["write"])
        return "served"

    assert ask(app, headers=place.bearer(), raises=False).status_code == 200
    with pytest.raises(RuntimeError, match="response already started"):
        ask(app, headers=place.bearer())


def test_without_starlettes_place_for_handlers() -> None:
    """Where a scope does not have it nothing happens, and tokens are checked all the same."""
    connection = HTTPConnection({"type": "http"})
    answer_for_views(connection)
    assert connection.scope == {"type": "http"}


@pytest.mark.parametrize("accepted", [False, True])
def test_websockets(place: Place, accepted: bool) -> None:
    """Before it is accepted the handshake is refused with the answer; later it is closed with 1008 and the code."""
    app, auth = FastAPI(), place.auth()

    @app.websocket("/")
    async def view(websocket: WebSocket, principal: Annotated[Principal, Depends(auth)]) -> None:
        if accepted:
            await websocket.accept()
        principal.require(scopes=["write"])

    with served(app) as url:
        if accepted:
            with pytest.raises(ConnectionClosed) as closed:
                hear(url, additional_headers=place.bearer())
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "insufficient_scope")
        else:
            with pytest.raises(InvalidStatus) as refused:
                hear(url, additional_headers=place.bearer())
            answer = refused.value.response
            assert (answer.status_code, answer.headers["www-authenticate"]) == (403, CHALLENGE)


@pytest.mark.parametrize("denied", [False, True])
def test_a_websocket_that_is_over(place: Place, denied: bool) -> None:
    """What a view asks in vain after it closed or refused its WebSocket is an error of the view's; it ends once."""
    app, sent = FastAPI(), list[str]()

    @app.websocket("/")
    async def view(websocket: WebSocket, principal: Annotated[Principal, Depends(place.auth())]) -> None:
        if denied:
            await websocket.send_denial_response(PlainTextResponse("not today", 403))
        else:
            await websocket.accept()
            await websocket.close()
        principal.require(scopes=["write"])

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    headers = [(name.lower().encode(), value.encode()) for name, value in place.bearer().items()]
    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": headers}
    scope["extensions"] = {"websocket.http.response": {}}
    with pytest.raises(InsufficientScope):
        asyncio.run(app(scope, receive, send))
    over = ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent == (over if denied else ["websocket.accept", "websocket.close"])
