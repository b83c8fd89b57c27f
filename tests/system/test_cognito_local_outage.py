"""Three processes of cognito-local are stopped and started under steady traffic: nothing valid is refused.

Each serves the keys of one pool under another of its issuers. Every one is dark alone, and every two are dark together,
each time for so long that no keys are left but those of who is up. A validator that starts meanwhile comes up all the
same, unless it is told of the dark ones only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from fetch_watch import ANSWERED, MISSED, FetchWatch
from shared_pool import DOMAINS, IssuerName, SharedPool, facts_of
from steady_traffic import Traffic, steady_traffic
from verdicts import accepted, refusal

from jwtmr import TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import SettableClock

pytestmark = pytest.mark.system("cognito-local")

DUE: Final = 540
"""Seconds after which keys without cache headers, as cognito-local sends them, are being refreshed ahead of time."""
LATE: Final = 1600
"""Seconds after which they are past their lifetime of 600, and still serve."""
MORE_THAN_AN_HOUR: Final = (DUE, LATE, LATE)
"""Together so long that keys whose endpoint was silent all the time serve no more."""
EVERYBODY: Final = frozenset(DOMAINS)
DARK: Final[list[set[IssuerName]]] = [
    {"updated"},
    {"updated", "original"},
    {"original"},
    {"original", "replica"},
    {"replica"},
    {"replica", "updated"},
    set(),
]
"""Who is down, step by step: one goes, or one comes back. Every one and every two are among them."""
HTTP_GET: Final = httpx_get()
"""One for all validators here: reading the CA certificates takes longer than anything else they do."""


@dataclass(frozen=True)
class Service:
    """A service that validates tokens of the pool all the time, and who of the three is up."""

    pool: SharedPool
    validator: TokenValidator
    clock: SettableClock
    fetches: FetchWatch
    traffic: Traffic

    def only(self, *up: IssuerName) -> None:
        """Have these up, and no others."""
        for name, process in self.pool.processes.items():
            if name in up:
                process.start()
            else:
                process.stop()

    def later(self, seconds: float, *up: IssuerName) -> None:
        """Let time pass until keys are due: who is up answers, who is not is missed, and traffic goes on meanwhile."""
        mark = self.fetches.mark()
        self.clock.advance(seconds)
        ways = {process.jwks_uri: ANSWERED if name in up else MISSED for name, process in self.pool.processes.items()}
        self.fetches.wait(mark, ways)
        self.traffic.go_on()

    def unreachable(self, mark: int) -> set[IssuerName]:
        """Where nobody listened, after the first ``mark`` fetches."""
        urls = self.fetches.found(mark, "network")
        return {name for name, process in self.pool.processes.items() if process.jwks_uri in urls}

    def states(self) -> dict[IssuerName, str]:
        """How the validator finds each endpoint."""
        (authority,) = self.validator.status().authorities
        found = {endpoint.url: endpoint.state for endpoint in authority.endpoints}
        return {name: found[process.jwks_uri] for name, process in self.pool.processes.items()}


@pytest.fixture
def service(shared_pool: SharedPool) -> Iterator[Service]:
    """One that has heard of all three."""
    clock, fetches = SettableClock(), FetchWatch()
    settings: dict[str, Any] = {"clock": clock, "observers": [fetches], "http_get": HTTP_GET}
    with closing(TokenValidator(shared_pool.authority(), **settings)) as validator:
        validator.warm_up("any")
        with steady_traffic(validator, shared_pool.facts()) as traffic:
            running = Service(shared_pool, validator, clock, fetches, traffic)
            running.later(DUE, *EVERYBODY)
            yield running


@contextmanager
def fresh_validator(pool: SharedPool, told_of: Collection[IssuerName]) -> Iterator[TokenValidator]:
    """A validator as a new process has it, which asks these."""
    uris = [process.jwks_uri for name, process in pool.processes.items() if name in told_of]
    with closing(TokenValidator(pool.authority(jwks_uris=uris), http_get=HTTP_GET)) as validator:
        yield validator


def test_they_go_and_come_back_one_after_the_other(service: Service) -> None:
    """Whoever is dark is missed, whoever is up is heard, and its keys do for all tokens; no request waits for keys."""
    begin = service.fetches.mark()
    for dark in DARK:
        mark, up = service.fetches.mark(), EVERYBODY - dark
        service.only(*up)
        for seconds in MORE_THAN_AN_HOUR:
            service.later(seconds, *up)
        assert service.unreachable(mark) == dark
        assert service.states() == {name: "down" if name in dark else "ok" for name in DOMAINS}
        with fresh_validator(service.pool, EVERYBODY) as validator:
            assert validator.warm_up("any").ready
            for token, facts in service.pool.facts().items():
                assert facts_of(accepted(validator, token)) == facts
    assert {fetch.trigger for fetch in service.fetches.since(begin)} == {"refresh", "probe"}


def test_all_are_dark_at_once(service: Service) -> None:
    """Keys past their lifetime go on serving, a new process knows none, and whoever comes back first is enough."""
    mark = service.fetches.mark()
    service.only()
    service.later(LATE)
    assert service.unreachable(mark) == EVERYBODY
    assert set(service.states().values()) == {"degraded"}
    with fresh_validator(service.pool, EVERYBODY) as validator:
        assert refusal(validator, service.pool.token("updated", "id")) == "keys_unavailable"
    service.only("replica")
    with fresh_validator(service.pool, EVERYBODY) as validator:
        accepted(validator, service.pool.token("updated", "id"))
    with fresh_validator(service.pool, EVERYBODY - {"replica"}) as validator:
        assert refusal(validator, service.pool.token("updated", "id")) == "keys_unavailable"
    service.later(DUE, "replica")
    assert service.states() == {"updated": "degraded", "original": "degraded", "replica": "ok"}
