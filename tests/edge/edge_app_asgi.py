"""The application of the table without a framework, behind ``BearerAuthMiddleware``."""

from __future__ import annotations

import json
from typing import Final

from jwtmr.bearer import ValidatorOrMaker
from jwtmr_asgi import BearerAuthMiddleware, principal_of, requires
from jwtmr_asgi.types import App, Receive, Scope, Send


async def _lifespan(receive: Receive, send: Send) -> None:
    for step in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{step}"
        await send({"type": f"lifespan.{step}.complete"})


async def me(scope: Scope, receive: Receive, send: Send) -> None:
    """Say who is calling, and what subprotocols are on offer."""
    principal = principal_of(scope)
    offered = list(scope.get("subprotocols", ()))
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
    said = json.dumps({"subject": principal and principal.subject, "offered": offered, "headers": headers})
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else said.encode()})
        return
    assert (await receive())["type"] == "websocket.connect"
    chosen = offered[0] if offered else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    await send({"type": "websocket.send", "text": said})
    await send({"type": "websocket.close"})


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask for scopes, and say who is calling."""
    principal = principal_of(scope)
    assert principal is not None
    principal.require(scopes=["orders/read", "orders/write"])
    await me(scope, receive, send)


ROUTES: Final[dict[str, App]] = {
    "/me": me,
    "/orders": requires(scopes=["orders/read", "orders/write"])(me),
    "/admins": requires(any_group=["admins"])(me),
    "/inside": inside,
}


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"] in ROUTES:
        await ROUTES[scope["path"]](scope, receive, send)
    else:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def asgi_application(validator: ValidatorOrMaker, **keywords: object) -> App:
    """The application, protected."""
    return BearerAuthMiddleware(_application, validator, **keywords)  # type: ignore[arg-type]
