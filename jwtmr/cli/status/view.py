"""What a health view answers, read strictly: a page that merely looks like one says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from jwtmr._strictjson import object_of
from jwtmr.cli.asking import Got
from jwtmr.cli.command import CannotTell
from jwtmr.events import EndpointState, FetchOutcome

MAX_BYTES: Final = 512 * 1024
"""Of an answer. With ten authorities of ten endpoints each it has 50 kB."""
READY: Final = 200
NOT_READY: Final = 503
BODIES: Final = (READY, NOT_READY)

Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Text: TypeAlias = Annotated[str, Meta(max_length=4096)]


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint, where the view shows them. Fields as of ``jwtmr.EndpointStatus``."""

    url: Text
    jwks_uri: Text | None
    region: Text | None
    state: EndpointState
    keys: Count
    age: Seconds | None
    seconds_left: Seconds | None
    failures: Count
    last_outcome: FetchOutcome | None


class Authority(msgspec.Struct, frozen=True):
    """One authority, in the order in which the validator was given them."""

    state: Literal["cold", "ok", "degraded", "down", "retired"]
    ready: bool
    seconds_left: Seconds | None
    id: Text | None = None
    """This and what follows only with ``show_urls``."""
    endpoints: Annotated[tuple[Endpoint, ...], Meta(max_length=1000)] = ()
    problems: Annotated[tuple[Text, ...], Meta(max_length=1000)] = ()


class Health(msgspec.Struct, frozen=True):
    """The whole answer. Members that are not known are left alone: a newer jwtmr may have more."""

    status: Literal["ok", "degraded", "unavailable"]
    authorities: Annotated[tuple[Authority, ...], Meta(max_length=1000)]


def read_view(got: Got) -> Health:
    """What ``got`` says. Raises :class:`CannotTell` for what is no health view, and says what it may be instead."""
    if got.trouble is not None:
        raise CannotTell(f"{got.source}: {got.problem}")
    if got.status is not None and got.status not in BODIES:
        raise CannotTell(f"{got.source}: {_instead(got.status)}")
    document = object_of(got.body)
    if document is None:
        raise CannotTell(f"{got.source}: {_with(got)}this is no JSON object, so no health view of jwtmr{_HINT}")
    try:
        health = msgspec.convert(document, Health)
    except (msgspec.ValidationError, RecursionError):
        raise CannotTell(f"{got.source}: {_with(got)}this is no health view of jwtmr{_HINT}") from None
    _check_sense(got, health)
    return health


_HINT: Final = ": the path is the one that the adapter was given, such as /readyz"


def _with(got: Got) -> str:
    return "" if got.status is None else f"answered with status {got.status}, but "


def _instead(status: int) -> str:
    """What another status than those of a health view may mean."""
    said = f"answered with status {status}: "
    if 300 <= status < 400:
        return said + "a redirect, and those are not followed; give the address that it leads to"
    if status in (401, 403, 407):
        return said + "a health view asks nobody for a token or a password, so something else answers here"
    if status == 404:
        return said + f"there is no health view at this path{_HINT}"
    if status >= 500:
        return said + "something else answers, perhaps a proxy that does not reach the app"
    return said + "a health view says 200 or 503, so something else answers here"


def _check_sense(got: Got, health: Health) -> None:
    """Raise :class:`CannotTell` where the parts contradict each other: somebody in between changed them."""
    ready = health.status != "unavailable"
    wrong_status = got.status is not None and (got.status == READY) != ready
    nobody = ready and bool(health.authorities) and not any(one.ready for one in health.authorities)
    glossed = health.status == "ok" and any(one.state not in ("ok", "retired") for one in health.authorities)
    if wrong_status or nobody or glossed or _unlikely(health.authorities):
        raise CannotTell(
            f"{got.source}: {_with(got)}it says {health.status}, and the parts of the answer contradict each other: "
            "something in between has changed it"
        )


def _unlikely(authorities: Sequence[Authority]) -> bool:
    """Whether one is ready in a state in which nobody is, or the other way round."""
    return any(one.ready != (one.state in ("ok", "degraded")) for one in authorities)
