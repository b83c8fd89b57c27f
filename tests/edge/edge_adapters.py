"""The adapters that the table runs against, and how each is put around the same small application.

The application answers ``/me``, ``/orders`` (scopes), ``/admins`` (group) and ``/inside``, by HTTP and on a WebSocket,
with whom it sees calling. A further adapter is one entry of ``ADAPTERS``; one without WebSockets gets none of their
rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from edge_app_asgi import asgi_application
from edge_app_fastapi import fastapi_application
from edge_app_flask import flask_application
from edge_servers import uvicorn_serving
from edge_stamp import stamped_asgi, stamped_wsgi
from edge_table import HTTP, ORIGIN, RESOURCE, WEBSOCKET
from edge_tokens import Town
from edge_wsgi_servers import gunicorn_serving
from serving_wsgi import waitress_serving

from jwtmr.bearer import FromCookie, FromHeader, FromSubprotocol, ResourceMetadata, ValidatorOrMaker


@dataclass(frozen=True, slots=True)
class Setup:
    """One configuration."""

    validator: str = "warm"
    """Of the town."""
    keywords: Mapping[str, Any] | None = None
    """Those that all adapters share."""


SETUPS: Final[dict[str, Setup]] = {
    "header": Setup(),
    "retired": Setup("retired"),
    "cold": Setup("cold"),
    "amzn": Setup(keywords={"token_sources": (FromHeader("x-amzn-oidc-accesstoken"),)}),
    "cookie": Setup(keywords={"token_sources": [FromCookie("session", allowed_origins=[ORIGIN])]}),
    "subprotocol": Setup(keywords={"token_sources": (FromSubprotocol(),)}),
    "metadata": Setup(keywords={"resource_metadata": ResourceMetadata(resource=RESOURCE)}),
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter on one server."""

    name: str
    build: Callable[..., Any]
    """``build(validator, **keywords)`` makes the protected application."""
    serve: Callable[[Any], AbstractContextManager[int]]
    """Serves it on a port of loopback."""
    content: Callable[[Any], Any] = lambda body: body
    """Takes ``{"code", "message"}`` out of the body of a refusal."""
    over: frozenset[str] = frozenset({"http", "websocket"})
    stamped: Callable[[Any], Any] = stamped_asgi
    """Puts the stamp on its answers."""

    def serving(self, validator: ValidatorOrMaker, **keywords: object) -> AbstractContextManager[int]:
        """Serve the application, configured so."""
        return self.serve(self.stamped(self.build(validator, **keywords)))


PortOf: TypeAlias = Callable[["Served", str], int]
"""Where an adapter is served in the setup of that name."""

WSPROTO: Final = partial(uvicorn_serving, ws="wsproto")
"""The other implementation of WebSockets: headers and denial responses take another way there."""


def _detail(body: Any) -> Any:  # noqa: ANN401 - as JSON has it
    return body["detail"] if isinstance(body, dict) and body.keys() == {"detail"} else None


ADAPTERS: Final = [
    Adapter("asgi", asgi_application, uvicorn_serving),
    Adapter("asgi on wsproto", asgi_application, WSPROTO, over=WEBSOCKET),
    Adapter("fastapi", fastapi_application, uvicorn_serving, _detail),
    Adapter("fastapi on wsproto", fastapi_application, WSPROTO, _detail, WEBSOCKET),
    Adapter("flask", flask_application, waitress_serving, over=HTTP, stamped=stamped_wsgi),
]


@dataclass(frozen=True, slots=True)
class Processes:
    """An adapter on a server with processes of its own, which serve all the setups at once."""

    name: str
    serve: Callable[[Town, Sequence[str]], AbstractContextManager[dict[str, int]]]
    """The ports by the names of the setups."""
    over: frozenset[str] = HTTP
    content: Callable[[Any], Any] = lambda body: body


Served: TypeAlias = Adapter | Processes
PROCESSES: Final = [
    Processes("flask on gunicorn sync", partial(gunicorn_serving, ["--worker-class", "sync"])),
    Processes("flask on gunicorn gthread", partial(gunicorn_serving, ["--worker-class", "gthread", "--threads", "4"])),
    Processes("flask on gunicorn preload", partial(gunicorn_serving, ["--preload", "--workers", "4"])),
]
ALL: Final[list[Served]] = [*ADAPTERS, *PROCESSES]
