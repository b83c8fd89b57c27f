"""The stage of one life: a pool on real servers, one validator behind all gates, and what can be done to them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from soak_facts import Log, Time
from soak_gates import gates
from soak_tokens import Purse
from soak_traffic import Traffic
from soak_watch import Watch, heartbeat

from jwtmr.testing import HostForm, RegionalIssuer, validator_for
from jwtmr.testing.faults import TRAP, Fault, Injection, at

REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1")
WITHIN: Final = 20.0
"""Seconds of patience with traffic and fetches on a busy machine. What does not come by then is missing in the log."""


@dataclass(frozen=True, slots=True)
class Where:
    """Some hosts of the pool: all, those of a region, or one."""

    region: str | None = None
    form: HostForm | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.region, self.form))) or "everywhere"


EVERYWHERE: Final = Where()


@dataclass(slots=True, eq=False)
class Stage:
    """What the acts of a life work with. All of it is done by one thread."""

    pool: RegionalIssuer
    purse: Purse
    log: Log
    traffic: Traffic
    struck: list[tuple[str, Injection]] = field(default_factory=list[tuple[str, Injection]])
    moving: float = 0.0
    """When the clocks were about to be moved last."""

    def move(self, seconds: int, *, asleep: bool = False) -> None:
        """Let time pass at once."""
        self.moving = time.monotonic()
        self.log.time.move(seconds, asleep=asleep)

    def rotate(self, *, keep_old: bool = True) -> None:
        """Have the pool sign with other keys."""
        self.log.note(f"the pool gets new keys, the old ones {'stay' if keep_old else 'are gone'}")
        self.purse.rotate(keep_old=keep_old)

    def withdraw(self, back: int) -> None:
        """Withdraw the keys of that many rotations ago."""
        self.log.note(f"the pool withdraws the keys of {back} rotations ago")
        self.purse.withdraw(back)

    def flood(self, parts: int) -> None:
        """Have bogus tokens make up so many parts of the traffic from now on."""
        self.purse.shares = {**self.purse.shares, "bogus": parts}

    def switch(self) -> None:
        """Have the pool mint under the updated issuer."""
        self.log.note("the pool is switched to the updated issuer")
        self.pool.switch_to_updated()

    def begin(self, name: str, fault: Fault, where: Where) -> Injection:
        """Put a fault in force, which is counted under that name."""
        self.log.note(f"{fault} begins, {where}")
        injection = at(self.pool, where.region, where.form).let(fault)
        self.struck.append((name, injection))
        return injection

    def end(self, injection: Injection) -> None:
        """End it."""
        injection.end()
        name = next(name for name, each in self.struck if each is injection)
        self.log.note(f"{name} is over, it struck {injection.times} times")

    @contextmanager
    def spell(self, fault: Fault, where: Where = EVERYWHERE) -> Iterator[None]:
        """A fault for the length of a block."""
        injection = self.begin(fault.name, fault, where)
        yield
        self.end(injection)

    def await_answers(self, **kinds: int) -> None:
        """Let so many tokens of each kind be sent and answered."""
        self.traffic.begin()
        since, seen = time.monotonic(), len(self.log.requests)

        def enough() -> bool:
            sent = Counter(each.token.kind for each in self.log.requests[seen:] if each.sent >= since)
            return all(sent[kind] >= count for kind, count in kinds.items())

        if not self.traffic.await_until(enough, WITHIN):
            self.log.note(f"there were not so many answers in time: {kinds}")

    def await_fetches(self) -> None:
        """Let each endpoint be asked since the last move, and the library take note of how that ended."""
        self.traffic.begin()

        def all_asked() -> bool:
            asked = {each.place for each in self.log.fetches if each.called >= self.moving and each.outcome}
            return len(asked) == self.log.places

        if not self.traffic.await_until(all_asked, WITHIN):
            self.log.note("not every endpoint was asked in time")


@contextmanager
def stage(seed: str, *, regions: int, window: int, bogus: int) -> Iterator[Stage]:
    """Set up a life: ``regions`` of them, ``window`` seconds until the legacy issuer ends, so many ``bogus`` tokens."""
    clocks = Time()
    with ExitStack() as stack:
        pool = stack.enter_context(RegionalIssuer(REGIONS[:regions], clock=clocks.clock))
        log = Log(len(pool.jwks_uris), clocks, clocks.clock.wall() + window)
        watch = Watch(log, pool.jwks_uris)
        stack.enter_context(heartbeat(log))
        ends = datetime.fromtimestamp(log.legacy_ends, UTC)
        validator = stack.enter_context(
            closing(validator_for(pool, accept_legacy_until=ends, observers=[watch], http_get=watch))
        )
        opened = stack.enter_context(gates(validator))
        purse = Purse(pool, log.legacy_ends, bogus=bogus)
        yield Stage(pool, purse, log, Traffic(log, purse, opened, seed))
        log.followed = sum(TRAP in request.path for request in pool.requests())
