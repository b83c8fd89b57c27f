"""The application of the table in FastAPI.

Without ``from __future__ import annotations``: the annotations name a local that FastAPI must see.
"""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Security, WebSocket
from starlette.requests import HTTPConnection

from jwtmr import Principal
from jwtmr.bearer import ValidatorOrMaker
from jwtmr_fastapi import BearerAuth

METHODS = ["GET", "HEAD", "POST"]


def said(principal: Principal, connection: HTTPConnection) -> dict[str, Any]:
    """Who is calling, and what subprotocols are on offer; at ``/inside`` only with scopes."""
    if connection.url.path == "/inside":
        principal.require(scopes=["orders/read", "orders/write"])
    offered = list(connection.scope.get("subprotocols", ()))
    headers = connection.headers.getlist("sec-websocket-protocol")
    return {"subject": principal.subject, "offered": offered, "headers": headers}


def fastapi_application(validator: ValidatorOrMaker, **keywords: Any) -> FastAPI:  # noqa: ANN401 - of BearerAuth
    """The application, protected."""
    auth = BearerAuth(validator, **keywords)
    app = FastAPI(lifespan=auth.lifespan, openapi_url=None)
    if keywords.get("resource_metadata") is not None:
        app.include_router(auth.metadata_router)
    for path, dependency in {
        "/me": Depends(auth),
        "/orders": Security(auth, scopes=["orders/read", "orders/write"]),
        "/admins": Depends(auth.require(any_group=["admins"])),
        "/inside": Depends(auth),
    }.items():
        _add(app, path, dependency)
    return app


def _add(app: FastAPI, path: str, dependency: Any) -> None:  # noqa: ANN401 - FastAPI's own type is private
    async def by_http(principal: Annotated[Principal, dependency], connection: HTTPConnection) -> dict[str, Any]:
        return said(principal, connection)

    async def by_websocket(principal: Annotated[Principal, dependency], websocket: WebSocket) -> None:
        told = said(principal, websocket)
        await websocket.accept(told["offered"][0] if told["offered"] else None)
        await websocket.send_json(told)
        await websocket.close()

    app.api_route(path, methods=METHODS)(by_http)
    app.websocket(path)(by_websocket)
