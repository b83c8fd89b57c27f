"""Which key sets are meant: those of the sources that were named, or all that the settings name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from jwtmr._keys.discovery import read_document
from jwtmr.cli.asking import Got, check_sources, read_all
from jwtmr.cli.command import UsageError, World
from jwtmr.cli.jwks.sets import Found, found_in
from jwtmr.cli.options import settings_from
from jwtmr.errors import ConfigurationError
from jwtmr.http import MAX_JWKS_BYTES
from jwtmr.issuers import ALGORITHMS, JwksEndpoint

ACCEPT: Final = "application/json"
NOT_SWITCHED: Final = "an updated issuer answers so until the pool is switched to it"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key set is, and what its keys may serve."""

    source: str
    allowed: frozenset[str]
    endpoint: JwksEndpoint | None = None
    """Where the settings name it."""
    authority: str | None = None
    tells: bool = False
    """Whether having nothing to say means that the pool has not been switched yet."""


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--alg``, which says what the keys of a named source may serve."""
    parser.add_argument(
        "--alg",
        action="append",
        metavar="ALG",
        choices=sorted(ALGORITHMS),
        help="what tokens of SOURCE are signed with, such as RS256; repeatable; by default all that jwtmr knows",
    )


def named(sources: Sequence[str], args: argparse.Namespace) -> list[Place]:
    """The places that were named. Raises :class:`UsageError`."""
    check_sources(sources)
    allowed = frozenset(args.alg) if args.alg else ALGORITHMS
    return [Place(source, allowed) for source in sources]


def places(args: argparse.Namespace, world: World) -> list[Place]:
    """Those that were named, else those of the settings. Raises :class:`UsageError` and ``ConfigurationError``."""
    given = bool(getattr(args, "given_settings", None))
    if args.source:
        if given:
            raise UsageError("give sources or settings, not both: with settings their endpoints are asked")
        return named(args.source, args)
    if args.alg:
        raise UsageError("--alg goes with sources; of settings it is `algorithms` that says so")
    try:
        settings = settings_from(args, world.environ)
    except ConfigurationError:
        if given or any(name.startswith("JWTMR_") for name in world.environ):
            raise
        raise UsageError("name a source, or give settings, as in --config jwtmr.toml") from None
    return [
        Place(
            endpoint.url,
            frozenset(authority.algorithms),
            endpoint,
            authority.id,
            tells=authority.first_endpoint_tells and number == 0,
        )
        for authority in settings.authorities
        for number, endpoint in enumerate(authority.endpoints)
    ]


def find(asked: Sequence[Place], args: argparse.Namespace, world: World) -> list[Found]:
    """What each of the places says. Raises :class:`UsageError` for a file that cannot be read."""
    wall = world.clock.wall()
    discovering = [place.endpoint for place in asked if place.endpoint is not None and place.endpoint.discovers]
    documents = dict(zip(discovering, _read([one.url for one in discovering], args, world), strict=True))
    told = [_told(place, documents, wall) for place in asked]
    answers = {got.source: got for got in _read([one for one in told if isinstance(one, str)], args, world)}
    found = [
        _noted(place, answers[one], found_in(answers[one], place.allowed, wall)) if isinstance(one, str) else one
        for place, one in zip(asked, told, strict=True)
    ]
    return [
        replace(one, authority=place.authority, region=place.endpoint.region if place.endpoint else None)
        for place, one in zip(asked, found, strict=True)
    ]


def _noted(place: Place, got: Got, found: Found) -> Found:
    if place.tells and got.status is not None and 400 <= got.status < 500:
        return replace(found, problem=f"{found.problem}; {NOT_SWITCHED}")
    return found


def _read(sources: Sequence[str], args: argparse.Namespace, world: World) -> list[Got]:
    return read_all(list(dict.fromkeys(sources)), world, args, accept=ACCEPT, max_bytes=MAX_JWKS_BYTES)


def _told(place: Place, documents: dict[JwksEndpoint, Got], wall: float) -> str | Found:
    """Where the key set of a place is; or that the discovery document, which should say so, does not."""
    if place.endpoint is None or place.endpoint.discovers is None:
        return place.source
    got = documents[place.endpoint]
    if got.trouble is not None:
        return Found(place.source, "silent" if got.trouble == "silent" else "unusable", got.problem)
    said = read_document(got.status or 0, got.headers, got.body, place.endpoint, wall)
    if isinstance(said, str):
        return said
    return Found(place.source, "silent" if said.outcome == "server_error" else "unusable", said.refused[0])
