"""A provider whose keys are discovered, in virtual time."""

from __future__ import annotations

from typing import Final

from furniture import document_url
from servers import Provider, Requested, Server
from world import World

from jwtmr.reports import EndpointStatus

DAY: Final = 24 * 3600
DOCUMENT: Final = document_url(0)
PLACE: Final = "https://keys.example/old"
OTHER: Final = "https://keys.example/new"
ISSUER: Final = "https://issuer0.example/pool"


def provider(*kids: str) -> Provider:
    """A provider that lists ``kids``, each host of it up."""
    return Provider(places={PLACE: Server(kids or ("a",))})


def urls(requests: list[Requested]) -> list[str]:
    """Who was asked."""
    return [request.url for request in requests]


def status(world: World) -> EndpointStatus:
    """What an operator sees of the first endpoint."""
    return world.report()[0]
