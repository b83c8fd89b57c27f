"""Documents that need no credentials, as routes: the metadata of RFC 9728, and what readiness probes are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from jwtmr import ConfigurationError
from jwtmr.bearer import Document, HealthView, check_path
from jwtmr_fastapi.gate import Gate


def router_for_metadata(gate: Gate) -> APIRouter:
    """A router with the well-known path. Raises :class:`ConfigurationError` where nothing is to be said."""
    if gate.edge.resource_metadata is None:
        raise ConfigurationError("resource_metadata", "must be given for there to be a metadata_router")

    async def protected_resource_metadata(_: Request) -> Document:
        await gate.edge.validator_async()  # whose issuers it names: made beside the loop if need be
        return gate.edge.metadata_document()

    return _router_of(gate.edge.resource_metadata.decoded_path, protected_resource_metadata)


def router_for_probes(gate: Gate, path: str, view: HealthView) -> APIRouter:
    """A router with the path for readiness probes. Raises :class:`ConfigurationError`."""
    check_path("path", path)
    gate.edge.check_health(view)

    async def readiness(request: Request) -> Document:
        return await gate.health_document(request.app, view)

    return _router_of(path, readiness)


def _router_of(path: str, document: Callable[[Request], Awaitable[Document]]) -> APIRouter:
    """A router whose one route is Starlette's own.

    So no schema shows it, and dependencies of an application or of an including router do not reach it. It is async:
    whoever asks must not wait for a thread that slow views have.
    """

    async def view(request: Request) -> Response:
        said = await document(request)
        return Response(said.body, said.status, dict(said.headers), media_type="application/json")

    router = APIRouter()
    router.add_route(path, view, methods=["GET"], name=document.__name__, include_in_schema=False)
    return router
