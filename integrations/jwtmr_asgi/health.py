"""Readiness probes: an application of its own, and what the middleware answers at ``health``."""

from __future__ import annotations

from typing import Final

from jwtmr import Names
from jwtmr.bearer import Document, Edge, HealthView, ValidatorOrMaker
from jwtmr_asgi.answers import POLICY_VIOLATION, send_document
from jwtmr_asgi.types import App, Receive, Scope, Send

METHODS: Final = ("GET", "HEAD")
_OTHERS: Final = Document(405, {"Allow": ", ".join(METHODS)}, {"message": "GET and HEAD only."})


def health_app(validator: ValidatorOrMaker, *, required: Names = (), show_urls: bool = False) -> App:
    """An ASGI application for readiness probes, wherever it is mounted: 200 while tokens can be checked, else 503.

    ``required`` and ``show_urls`` are those of :class:`jwtmr.bearer.HealthView`. It needs no token; inside of a
    ``BearerAuthMiddleware`` its path is to be excluded. A probe counts as traffic: it starts a fetch of keys that is
    due, and does not wait for it. A function that makes the validator is called for this application alone: under
    ``functools.cache`` it makes one for the middleware too. Raises :class:`jwtmr.ConfigurationError`.
    """
    return HealthApp(Edge(validator), HealthView(required=required, show_urls=show_urls))


class HealthApp:
    """Answers every path. No function: Starlette takes those for endpoints."""

    def __init__(self, edge: Edge, view: HealthView) -> None:
        edge.check_health(view)
        self._edge: Final = edge
        self._view: Final = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # it is an application
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        elif scope["type"] != "http":
            raise RuntimeError("health_app serves requests only")
        elif scope["method"] not in METHODS:
            await send_document(scope, send, _OTHERS)
        else:
            await self._edge.validator_async()  # made beside the loop if need be
            await send_document(scope, send, self._edge.health_document(self._view))
