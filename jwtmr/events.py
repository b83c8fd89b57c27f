"""What happens inside, as values. The list is closed: metrics, logs and dashboards are built on these nine.

Every field is a number, a word from a closed set, or something that the configuration holds (authority ids, regions,
URLs of endpoints). Nothing of a token that was not verified is ever in here. Observers are called in the thread where
it happened, after the outcome is settled and every lock is released; what they raise is swallowed and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, cast

from jwtmr.errors import ConfigurationError
from jwtmr.settings import IssuerKind, TokenUse, check_methods

EndpointState: TypeAlias = Literal["cold", "ok", "degraded", "down", "not_enabled"]
"""``cold``: not asked yet. ``ok``: its keys are within their lifetime. ``degraded``: they serve past it. ``down``: it
has no keys that may serve. ``not_enabled``: it answers that there is nothing here, and never said anything else."""

Trigger: TypeAlias = Literal["start", "refresh", "unknown_kid", "recheck", "probe"]
"""Why an endpoint was asked: no usable keys; keys past most of their lifetime; a ``kid`` that nobody lists; a ``kid``
that one endpoint dropped and another lists; an endpoint that failed before."""

FetchOutcome: TypeAlias = Literal[
    "ok", "not_modified", "client_error", "server_error", "redirect", "timeout", "network", "too_large", "unusable"
]
"""How one attempt ended. ``unusable``: it answered 200 with something that holds no usable key."""


@dataclass(frozen=True, slots=True)
class TokenAccepted:
    """A token passed every check."""

    authority: str
    issuer_kind: IssuerKind
    region: str | None
    token_use: TokenUse | None
    stale_key: bool
    """Whether the key came from a set past its lifetime."""
    expires_at: float
    """Unix seconds: the token's ``exp``."""
    would_be_refused: bool = False
    """Under ``removal_dry_run``: whether the token would be refused if its issuer were retired."""
    client: str | None = None
    """The configured client that it was made for; None where clients are unchecked, and so anybody's word."""
    issued_at: float | None = None
    """Unix seconds: the token's ``iat``; None where it has none."""
    seconds: float = field(default=0.0, compare=False)
    """How long the validation took, waiting included."""


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """A token was refused. All but ``code`` is None unless its signature was good: anybody can send a claim."""

    code: str
    authority: str | None = None
    issuer_kind: IssuerKind | None = None
    region: str | None = None
    seconds: float | None = field(default=None, compare=False)
    """How long the validation took; None where the token was good and more was asked, by the call or later."""


@dataclass(frozen=True, slots=True)
class FetchFinished:
    """One endpoint was asked for its keys and answered, or did not. ``duration`` in seconds."""

    authority: str
    endpoint: str
    region: str | None
    outcome: FetchOutcome
    duration: float
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """Other keys of an endpoint may be used than before, or other members of its set never.

    ``refused`` are the reasons of all members that are never used. Where only those have changed, ``added`` and
    ``removed`` are 0, as they are for another key under an old ``kid``. One reason asks for action at once: a private
    key was published.
    """

    authority: str
    endpoint: str
    region: str | None
    added: int
    removed: int
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysDiverged:
    """Endpoints contradict each other: one dropped a key that another lists, or one ``kid`` names two keys."""

    authority: str
    reason: Literal["dropped", "conflict"]
    kids: tuple[str, ...]
    """Key ids as the endpoints list them; never from a token."""


@dataclass(frozen=True, slots=True)
class KeysServedStale:
    """Keys past their lifetime began to serve; they end ``seconds_left`` from now unless their endpoint answers."""

    authority: str
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """An endpoint went from one state to another."""

    authority: str
    endpoint: str
    region: str | None
    before: EndpointState
    after: EndpointState


@dataclass(frozen=True, slots=True)
class RefreshSuppressed:
    """An unknown ``kid`` was not looked for; once per quiet period, not once per token."""

    authority: str
    reason: Literal["bucket", "backoff"]


@dataclass(frozen=True, slots=True)
class LegacyWindowEnding:
    """A legacy token was accepted within the last week of its issuer's window; at most once a day per issuer."""

    authority: str
    issuer: str
    seconds_left: float


Event: TypeAlias = (
    TokenAccepted
    | TokenRefused
    | FetchFinished
    | KeysChanged
    | KeysDiverged
    | KeysServedStale
    | EndpointChanged
    | RefreshSuppressed
    | LegacyWindowEnding
)


class Observer(Protocol):
    """Receives every event. Must not block: it runs in a request or in a refresh."""

    def on_event(self, event: Event, /) -> None:
        """Take note of ``event``. What this raises is swallowed and counted."""
        ...


def announcer(observers: object) -> Announcer:
    """Check ``observers`` and make their announcer. Raises ``ConfigurationError`` for what cannot observe."""
    if not isinstance(observers, Iterable):
        raise ConfigurationError("observers", "must be a list or a tuple of observers")
    listed = list(cast("Iterable[Observer]", observers))
    for observer in listed:
        check_methods("observers", observer, ("on_event",))
    return Announcer(listed)


class Announcer:
    """Hands events to observers; falsy without any, so that callers build no event for nobody."""

    __slots__ = ("__weakref__", "_observers", "failures")

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self.failures = 0
        """Exceptions that observers raised."""

    def __bool__(self) -> bool:
        return bool(self._observers)

    def __call__(self, event: Event) -> None:
        """Tell every observer of ``event``."""
        for observer in self._observers:
            try:
                observer.on_event(event)
            except Exception:  # noqa: BLE001  # an observer must not turn a settled outcome into another one
                self.failures += 1
