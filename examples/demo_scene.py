"""The stage of the demo: a user pool in two regions, a service that validates its tokens, and what can be seen of both.

Nothing is staged beyond the pool itself: hosts are servers on loopback, tokens are signed, and the service is the
``TokenValidator`` that an application would have. Only its clock is set by hand, so that hours pass in no time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from typing import Final, Self
from urllib.parse import urlsplit

from jwtmr import AuthError, AuthorityStatus, EndpointStatus, Event, Principal, TokenValidator
from jwtmr.cli.simulate.control import Control
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.testing import HostForm, SettableClock, validator_for

PRIMARY: Final = "us-east-1"
REPLICA: Final = "us-west-2"
WINDOW: Final = timedelta(hours=12)
"""How long tokens of the original issuer stay welcome."""
DAY: Final = 86400
"""Seconds that Cognito's longest access tokens live: longer than the window, which must end them."""


@dataclass(frozen=True)
class Verdict:
    """What a validator said to one token."""

    code: str
    """``"accepted"``, or the code of the refusal."""
    status: int
    """What a web service would answer."""
    milliseconds: float
    principal: Principal | None = None
    retry_after: int | None = None

    def __str__(self) -> str:
        return f"{self.code} in {self.milliseconds:.1f} ms"


class Watch:
    """An observer: remembers events, and lets a step wait for the one that it expects."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._events: list[Event] = []

    def on_event(self, event: Event, /) -> None:
        """Take note of ``event``; called by the validator, in any of its threads."""
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def forget(self) -> None:
        """From here on only what is new counts."""
        with self._news:
            self._events.clear()

    def saw(self, wanted: Callable[[Event], bool], *, within: float) -> bool:
        """Wait for such an event, at most ``within`` seconds; return whether it came."""
        with self._news:
            return self._news.wait_for(lambda: any(map(wanted, self._events)), within)


class Otherwise(Exception):
    """A step cannot go on, because what it builds on did not come out."""


@dataclass
class Facts:
    """What one step expected, and what came out otherwise."""

    checked: int = 0
    failures: list[str] = field(default_factory=list[str])

    def equal(self, what: str, seen: object, wanted: object) -> None:
        """Expect ``seen`` to be ``wanted``."""
        self._check(what, seen == wanted, f"expected {wanted!r}, saw {seen!r}")

    def differ(self, what: str, seen: object, before: object) -> None:
        """Expect ``seen`` to be another value than ``before``."""
        self._check(what, seen != before, f"expected something else than {before!r}")

    def at_least(self, what: str, seen: float, bound: float) -> None:
        """Expect ``bound`` or more."""
        self._check(what, seen >= bound, f"expected at least {bound:g}, saw {seen:g}")

    def below(self, what: str, seen: float, bound: float) -> None:
        """Expect less than ``bound``."""
        self._check(what, seen < bound, f"expected less than {bound:g}, saw {seen:.1f}")

    def accepted(self, what: str, verdict: Verdict) -> Principal:
        """Expect a token to be accepted, and return who it speaks for."""
        self.equal(what, verdict.code, "accepted")
        if verdict.principal is None:
            raise Otherwise
        return verdict.principal

    def refused(self, what: str, verdict: Verdict, code: str, status: int = 401) -> None:
        """Expect a token to be refused, and for this reason."""
        self.equal(what, (verdict.code, verdict.status), (code, status))

    def _check(self, what: str, holds: bool, otherwise: str) -> None:
        self.checked += 1
        if not holds:
            self.failures.append(f"{what}: {otherwise}")


class Scene:
    """The pool, the clock, and a service that has been running since before the switch. A context manager."""

    service: TokenValidator
    newcomer: TokenValidator
    """One more instance of the service, which a step starts."""
    old_token: str
    old_principal: Principal
    """A token from before the switch, and who it speaks for according to the service of then."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.window_ends = self.clock.now() + WINDOW
        self.simulator = Simulator([PRIMARY, REPLICA], clock=self.clock)
        self.control = Control(self.simulator)
        """The page on which the pool can be watched."""
        self.issuer = self.simulator.issuer
        self.watch = Watch()
        self.patience = 5.0
        """Seconds that a step waits for something that happens in the background."""
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        self._cleanup.enter_context(self.simulator)
        self._cleanup.enter_context(self.control)
        self.service = self.new_validator(self.watch)
        self.old_token = self.issuer.access_token(expires_in=DAY)
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def new_validator(self, *observers: Watch) -> TokenValidator:
        """Start one more instance of the service, with nothing fetched yet."""
        return self.keep(validator_for(self.issuer, accept_legacy_until=self.window_ends, observers=observers))

    def keep(self, validator: TokenValidator) -> TokenValidator:
        """Close ``validator`` when the scene ends, and not before."""
        self._cleanup.callback(validator.close)
        return validator

    def ask(self, validator: TokenValidator, token: str) -> Verdict:
        """Let ``validator`` judge ``token``, and time it."""
        began = time.perf_counter()
        try:
            principal = validator.validate(token)
        except AuthError as error:
            return Verdict(error.code, error.status, _since(began), retry_after=error.retry_after)
        return Verdict("accepted", 200, _since(began), principal)

    def status(self) -> AuthorityStatus:
        """What the service reports of the pool."""
        return self.service.status().authorities[0]

    def endpoint(self, region: str, form: HostForm) -> EndpointStatus:
        """What the service reports of one host."""
        url = self._url(region, form)
        return next(endpoint for endpoint in self.status().endpoints if endpoint.url == url)

    def curl(self, region: str, form: HostForm, *, timeout: float = 5.0) -> str:
        """Ask a host for its keys without jwtmr: an HTTP status, or why there is none."""
        url = urlsplit(self._url(region, form))
        connection = HTTPConnection(url.netloc, timeout=timeout)
        try:
            connection.request("GET", url.path)
            return f"HTTP {connection.getresponse().status}"
        except TimeoutError:
            return "no answer"
        except OSError:
            return "no connection"
        finally:
            connection.close()

    def unanswered(self, region: str) -> int:
        """Requests that the servers of a region have read and left without an answer."""
        return sum(request.fault == "accept_silent" for request in self.issuer.requests(region))

    def _url(self, region: str, form: HostForm) -> str:
        return next(host.url for host in self.issuer.endpoints if (host.region, host.form) == (region, form))


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
