"""WebSockets over a real server: who gets one, how he is refused, and what the view sees of a token in the open."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket
from fastapi_kit import Place, a_place, hear
from serving import served
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from jwtmr import Principal
from jwtmr.testing import SUBJECT
from jwtmr_fastapi import BearerAuth, FromCookie, FromSubprotocol

EXTENSION = "websocket.http.response"
ORIGIN = "https://app.example"


async def look(connection: HTTPConnection) -> None:
    """A dependency that looks at the headers before anybody else, in two ways."""
    assert "host" in connection.headers
    assert "host" in HTTPConnection(connection.scope).headers


async def accept(websocket: WebSocket) -> None:
    """A dependency that accepts before anybody has been asked."""
    await websocket.accept()


def application(auth: BearerAuth) -> FastAPI:
    """WebSockets of every kind."""
    app = FastAPI()
    router = APIRouter(dependencies=[Depends(look), Security(auth, scopes=["router"])])

    async def tell(websocket: WebSocket, principal: Principal | None) -> None:
        offered = websocket.scope["subprotocols"]
        await websocket.accept(offered[0] if offered else None)
        raw = [value.decode() for name, value in websocket.scope["headers"] if name == b"sec-websocket-protocol"]
        header = websocket.headers.get("sec-websocket-protocol")
        said = {"subject": principal and principal.subject, "offered": offered, "raw": raw, "header": header}
        await websocket.send_text(json.dumps(said | {"kept": repr(websocket.scope)}))

    @app.websocket("/")
    async def plain(websocket: WebSocket, principal: Annotated[Principal, Depends(auth)]) -> None:
        await tell(websocket, principal)

    @app.websocket("/optional")
    async def optional(websocket: WebSocket, principal: Annotated[Principal | None, Depends(auth.optional)]) -> None:
        await tell(websocket, principal)

    @router.websocket("/scoped", dependencies=[Security(auth, scopes=["route"])])
    async def scoped(
        websocket: WebSocket, principal: Annotated[Principal, Depends(auth.require(any_group=["staff"]))]
    ) -> None:
        await tell(websocket, principal)

    @app.websocket("/bare")
    async def bare(websocket: WebSocket) -> None:
        await tell(websocket, None)

    app.websocket("/accepted", dependencies=[Depends(accept), Depends(auth)])(plain)
    app.include_router(router)
    return app


def without_extension(app: FastAPI) -> Any:  # noqa: ANN401 - an ASGI application
    """``app`` behind a server that cannot send a denial response."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        extensions = {name: told for name, told in (scope.get("extensions") or {}).items() if name != EXTENSION}
        await app({**scope, "extensions": extensions or None}, receive, send)

    return wrapped


@pytest.fixture(scope="module")
def url(place: Place) -> Iterator[str]:
    """The application with tokens in ``Authorization``."""
    with served(application(place.auth())) as address:
        yield address


@pytest.fixture(scope="module")
def offering(place: Place) -> Iterator[str]:
    """The application with tokens among the subprotocols."""
    with served(application(place.auth(token_sources=[FromSubprotocol()]))) as address:
        yield address


def refusal(url: str, path: str = "/", **settings: Any) -> tuple[int, str, str]:  # noqa: ANN401 - of the client
    """Status, code and challenge with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        hear(url, path, **settings)
    answer = caught.value.response
    said = json.loads(answer.body or b"{}")
    return answer.status_code, said["detail"]["code"], answer.headers.get("www-authenticate", "")


def test_good_token(place: Place, url: str) -> None:
    """The view gets the principal."""
    assert json.loads(hear(url, additional_headers=place.bearer()))["subject"] == SUBJECT


def test_router_and_route(place: Place, outcomes: list[str], url: str) -> None:
    """The requirements of router, route and parameter are all asked, of one verification."""
    headers = place.bearer("router", "route", groups=["staff"])
    assert json.loads(hear(url, "/scoped", additional_headers=headers))["subject"] == SUBJECT
    assert outcomes == ["accepted"]


@pytest.mark.parametrize(
    ("scopes", "groups", "code", "scope"),
    [
        (["route"], ["staff"], "insufficient_scope", ', scope="router"'),
        (["router"], ["staff"], "insufficient_scope", ', scope="route"'),
        (["router", "route"], ["guests"], "insufficient_groups", ""),
    ],
)
def test_each_requirement(
    *, place: Place, url: str, scopes: list[str], groups: list[str], code: str, scope: str
) -> None:
    """What is lacking is answered as for a request: status, challenge and body."""
    headers = place.bearer(*scopes, groups=groups)
    challenge = f'Bearer realm="api", error="insufficient_scope"{scope}'
    assert refusal(url, "/scoped", additional_headers=headers) == (403, code, challenge)


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, (401, "missing_token", 'Bearer realm="api"')),
        ({"authorization": "Bearer abc"}, (401, "malformed_token", 'Bearer realm="api", error="invalid_token"')),
        ({"authorization": "Bearer"}, (400, "invalid_request", 'Bearer realm="api", error="invalid_request"')),
    ],
)
def test_refused_handshake(url: str, headers: dict[str, str], answer: tuple[int, str, str]) -> None:
    """A refused handshake has the status of a refused request."""
    assert refusal(url, additional_headers=headers) == answer


def test_outage_is_503() -> None:
    """A handshake that cannot be judged says when to come back."""
    with a_place() as place, served(application(place.auth())) as address:
        for region in place.issuer.regions:
            place.issuer.take_down(region, "refuse")
        with pytest.raises(InvalidStatus) as caught:
            hear(address, additional_headers=place.bearer())
    assert caught.value.response.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_optional(place: Place, url: str) -> None:
    """Nobody is served as nobody, somebody as himself, and bad credentials not at all."""
    assert json.loads(hear(url, "/optional"))["subject"] is None
    assert json.loads(hear(url, "/optional", additional_headers=place.bearer()))["subject"] == SUBJECT
    assert refusal(url, "/optional", additional_headers={"authorization": "Bearer abc"})[:2] == (401, "malformed_token")


@pytest.mark.parametrize("path", ["/", "/scoped"])
def test_server_without_denial_responses(place: Place, path: str) -> None:
    """Where the server cannot send one the handshake ends before it is accepted; good tokens get in."""
    with served(without_extension(application(place.auth()))) as address:
        with pytest.raises(InvalidStatus) as caught:
            hear(address, path, additional_headers=place.bearer() if path == "/scoped" else {})
        assert caught.value.response.status_code == 403
        headers = place.bearer("router", "route", groups=["staff"])
        assert json.loads(hear(address, path, additional_headers=headers))["subject"] == SUBJECT


def test_accepted_before_anybody_was_asked(place: Place, url: str) -> None:
    """Where the application accepts first, a refusal can only close: 1008, with the code as its reason."""
    with pytest.raises(ConnectionClosed) as caught:
        hear(url, "/accepted")
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1008, "missing_token")


# -- tokens among the subprotocols ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/scoped", "/optional"])
@pytest.mark.parametrize(
    ("before", "after"), [([], []), (["chat"], []), ([], ["chat"]), (["chat"], ["v2.chat", "log"])]
)
def test_token_is_taken_out(
    *, place: Place, outcomes: list[str], offering: str, path: str, before: list[str], after: list[str]
) -> None:
    """The view sees what it would see had the others alone been offered, and can select one of them."""
    token = place.token("router", "route", groups=["staff"])
    said = json.loads(hear(offering, path, subprotocols=[*before, f"bearer.{token}", *after]))
    others = [*before, *after]
    bare = json.loads(hear(offering, "/bare", subprotocols=others or None))
    assert (said["subject"], said["offered"]) == (SUBJECT, others)
    assert (said["offered"], said["raw"], said["header"]) == (bare["offered"], bare["raw"], bare["header"])
    assert token not in said["kept"]
    assert "bearer." not in said["kept"]
    assert outcomes == ["accepted"]


def test_no_token_among_the_offers(offering: str) -> None:
    """Other offers are no credentials, and are left as they are."""
    assert refusal(offering, subprotocols=["chat", "log"])[:2] == (401, "missing_token")
    said, bare = (json.loads(hear(offering, path, subprotocols=["chat", "log"])) for path in ("/optional", "/bare"))
    assert (said["subject"], said["offered"]) == (None, ["chat", "log"])
    assert (said["raw"], said["header"]) == (bare["raw"], bare["header"])


def test_two_tokens_among_the_offers(place: Place, offering: str) -> None:
    """Two credentials are 400, though each is good."""
    offers = [f"bearer.{place.token()}", f"bearer.{place.token()}"]
    assert refusal(offering, subprotocols=offers)[:2] == (400, "invalid_request")


def test_authorization_is_not_looked_at(place: Place, offering: str) -> None:
    """There is one source, and the header is not it."""
    assert refusal(offering, additional_headers=place.bearer())[:2] == (401, "missing_token")


def test_offers_are_no_credentials_elsewhere(place: Place, url: str) -> None:
    """Where tokens are not looked for among the offers, they are none, and nothing is taken out."""
    token = place.token()
    assert refusal(url, subprotocols=[f"bearer.{token}"])[:2] == (401, "missing_token")
    said = json.loads(hear(url, subprotocols=[f"bearer.{token}"], additional_headers=place.bearer()))
    assert said["offered"] == [f"bearer.{token}"]


def test_a_copied_scope_is_another_handshake(place: Place, outcomes: list[str]) -> None:
    """An application that calls itself with a copy of the scope and another token gets that token's owner.

    A request made of it has no credentials: they were the handshake's.
    """
    auth = place.auth(token_sources=[FromSubprotocol()])
    app, heard = application(auth), list[Any]()

    app.get("/request", dependencies=[Depends(auth)])(lambda: None)

    @app.websocket("/copy")
    async def copy(websocket: WebSocket, principal: Annotated[Principal, Depends(auth)]) -> None:
        async def send(message: Any) -> None:  # noqa: ANN401 - any message
            if message["type"] == "http.response.start":
                heard.append(message["status"])
            if message["type"] == "websocket.send":
                heard.append(json.loads(message["text"])["subject"])

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        for offered in ([], [f"bearer.{place.token(subject='other')}"]):
            await app({**websocket.scope, "path": "/", "subprotocols": offered}, receive, send)
        await app({**websocket.scope, "type": "http", "method": "GET", "path": "/request"}, receive, send)
        await websocket.accept()
        await websocket.send_text(principal.subject)

    with served(app) as address:
        assert hear(address, "/copy", subprotocols=[f"bearer.{place.token(subject='caller')}"]) == "caller"
    assert heard == ["caller", "other", 401]
    assert outcomes == ["accepted", "accepted"]


# -- cookies ----------------------------------------------------------------------------------------------------------


def test_cookie_needs_an_origin(place: Place) -> None:
    """A browser sends cookies with every handshake, so each needs an allowed ``Origin``."""
    auth = place.auth(token_sources=[FromCookie("token", allowed_origins=[ORIGIN])])
    cookie = {"cookie": f"token={place.token()}"}
    with served(application(auth)) as address:
        assert json.loads(hear(address, additional_headers=cookie, origin=ORIGIN))["subject"] == SUBJECT
        assert refusal(address, additional_headers=cookie, origin="https://evil.example")[:2] == (
            400,
            "invalid_request",
        )
        assert refusal(address, additional_headers=cookie)[:2] == (400, "invalid_request")
