"""The endpoints of one authority: what each said last, whether it may be asked now, and the attempts under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from jwtmr._keys.breaker import FAILURES_TO_SKIP, Health
from jwtmr._keys.burnt import Burnt
from jwtmr._keys.decision import Ask
from jwtmr._keys.discovery import Location
from jwtmr._keys.freshness import age, rewound
from jwtmr._keys.merge import Copy, Ledger
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.walk import ATTEMPT_TIME, asking_order
from jwtmr.events import EndpointState, Trigger
from jwtmr.issuers import JwksEndpoint
from jwtmr.reports import EndpointStatus
from jwtmr.settings import MAX_LIFETIME, Instant, KeyPolicy

OLDER_COPY_PAUSE: Final = 60.0
"""Seconds before an endpoint whose cache handed out an older copy is asked again."""


class Attempt(msgspec.Struct):
    """An attempt whose end has not been reported."""

    ask: Ask
    given_up: bool = False


class Endpoints:
    """All endpoints, by their place in the order of precedence."""

    ABANDONED_TIME: Final = 30.0
    """Seconds for which an endpoint is not asked while an attempt that was given up still runs."""

    def __init__(self, endpoints: tuple[JwksEndpoint, ...], policy: KeyPolicy, uniform: Uniform) -> None:
        self.endpoints: Final = endpoints
        self.order: Final = asking_order(endpoints)
        self.health: Final = [Health() for _ in endpoints]
        self.locations: Final = [Location(endpoint) for endpoint in endpoints]
        silence = policy.max_stale or MAX_LIFETIME
        self.ledger: Final = Ledger(len(endpoints), max_stale=policy.max_stale, silence=silence)
        self.burnt: Final = Burnt()
        self.uniform = uniform
        self._attempts: dict[int, Attempt] = {}
        self._sent = 0

    # -- who may be asked ---------------------------------------------------------------------------------------------

    @property
    def anyone_answers(self) -> bool:
        """Whether some endpoint worked and has not failed since."""
        return any(health.answers for health in self.health)

    def opens_at(self, place: int, *, alive: bool) -> float:
        """Monotonic seconds from which ``place`` may be asked: after ``Retry-After``, after an abandoned attempt."""
        abandoned = [
            attempt.ask.sent.mono + self.ABANDONED_TIME
            for attempt in self._attempts.values()
            if attempt.given_up and attempt.ask.place == place
        ]
        return max([self.health[place].closed_until(have_keys=alive), *abandoned])

    def walkable(self, now: Instant, *, alive: bool) -> list[int]:
        """Whom a walk asks, in asking order: everybody who is neither closed nor skipped."""
        return [place for place in self.order if self._open(place, now, alive) and not self._skipped(place, now)]

    def due(self, now: Instant, *, alive: bool) -> tuple[list[int], list[int]]:
        """Who is due for a refresh, and who for a probe: failing endpoints are tried alone while others answer."""
        asked = {attempt.ask.place for attempt in self._attempts.values()}
        due = [
            place for place in self.order
            if place not in asked and self._open(place, now, alive) and self._due(place, now)
        ]  # fmt: skip
        probes = [place for place in due if not self.health[place].answers and self._another_answers(place)]
        refresh = [place for place in due if place not in probes]
        if refresh:
            refresh += [place for place in self.order if not self.health[place].asked and self._open(place, now, alive)]
        return [place for place in self.order if place in refresh], probes

    def _open(self, place: int, now: Instant, alive: bool) -> bool:
        return now.mono >= self.opens_at(place, alive=alive)

    def _skipped(self, place: int, now: Instant) -> bool:
        health = self.health[place]
        return health.failures >= FAILURES_TO_SKIP and now.mono < health.retry_at and self._another_answers(place)

    def _due(self, place: int, now: Instant) -> bool:
        health, copy = self.health[place], self.ledger.copies[place]
        if not health.asked:
            return False  # joins the next refresh
        fresh = copy is not None and not rewound(copy.sent, now) and age(copy.sent, now) < copy.refresh_age
        if fresh and not health.failures:  # one that failed since must say that it is back, whoever fails beside it
            return False
        return now.mono >= health.retry_at or (health.failures > 0 and not self._another_answers(place))

    def _another_answers(self, place: int) -> bool:
        return any(health.answers for other, health in enumerate(self.health) if other != place)

    # -- attempts -----------------------------------------------------------------------------------------------------

    def ask(self, place: int, trigger: Trigger, walk: int, now: Instant, kids: frozenset[str] = frozenset()) -> Ask:
        """Begin an attempt; ``kids`` are looked for."""
        self._sent += 1
        copy, way = self.ledger.copies[place], self.locations[place].way(now)
        sought = frozenset[str]() if self.locations[place].settled(now) else kids
        # A 304 must be able to confirm something, and a host that stumbles over the question gets a plain one next.
        plain = trigger != "refresh" or way.jwks_uri is None or self.health[place].failures
        known = None if plain or copy is None or not self.ledger.serves(copy, now) else copy
        etag, held = (None, None) if known is None else (known.etag, known.number)
        ask = Ask(self._sent, place, self.endpoints[place], trigger, walk, now, etag, held, *way, sought)
        self._attempts[ask.number] = Attempt(ask)
        self.health[place].asked = True
        return ask

    def finish(self, ask: Ask) -> bool:
        """Note that an attempt has ended. Returns whether anybody still waits for it."""
        attempt = self._attempts.pop(ask.number, None)
        return attempt is not None and not attempt.given_up

    def overdue(self, now: Instant) -> Iterator[Ask]:
        """Give up attempts that have had their time, and forget those whose end nobody will report."""
        for attempt in list(self._attempts.values()):
            gone = max(now.mono - attempt.ask.sent.mono, now.boot - attempt.ask.sent.boot)
            if gone >= self.ABANDONED_TIME:
                del self._attempts[attempt.ask.number]
            if gone >= ATTEMPT_TIME and not attempt.given_up:
                attempt.given_up = True
                yield attempt.ask

    def deadlines(self, walk: int) -> Iterator[float]:
        """Monotonic moments at which attempts of ``walk`` are given up."""
        for attempt in self._attempts.values():
            if attempt.ask.walk == walk and not attempt.given_up:
                yield attempt.ask.sent.mono + ATTEMPT_TIME

    def in_child(self, uniform: Uniform) -> None:
        """After a fork: attempts stayed with the parent's threads, and refresh times must not be the parent's."""
        self._attempts.clear()
        self.uniform = uniform
        for place, copy in enumerate(self.ledger.copies):
            if copy is not None and not copy.void:
                self.ledger.copies[place] = replace(copy, refresh_age=self._refresh_age(copy.lifetime))

    # -- what they said -----------------------------------------------------------------------------------------------

    def sift(self, ask: Ask, reading: Reading) -> Reading:
        """``reading`` as far as it holds keys that are not burnt. A 304 is as good as the copy that is held."""
        held = self.ledger.copies[ask.place]
        return self.burnt.sift(reading, None if held is None else held.keys)

    def take_in(self, ask: Ask, reading: Reading, now: Instant) -> bool:
        """Take note of how an attempt ended. Returns whether it was an answer, be it that there is nothing here.

        An older copy out of some cache is a sign of life, but no answer: it cannot know of a new key.
        """
        self.relocate(ask, reading)
        if reading.good and not self.heard(ask, reading):
            return False
        health = self.health[ask.place]
        health.last_outcome, health.reasons = reading.outcome, () if reading.good else reading.refused
        if reading.good:
            health.succeeded()
            self.ledger.unanswered[ask.place] = None
            if self._adopt(ask, reading):
                return True
            health.retry_at = now.mono + OLDER_COPY_PAUSE
            return False
        if reading.outcome == "client_error" and not health.worked:
            health.refused(now.mono)
            self.ledger.unanswered[ask.place] = None
            return True
        health.failed(now.mono, self.uniform)
        self.ledger.unanswered[ask.place] = self.ledger.unanswered[ask.place] or ask.sent
        if reading.retry_after is not None:
            health.told_to_wait(now.mono, reading.retry_after)
        return False

    def relocate(self, ask: Ask, reading: Reading) -> bool:
        """Note where the keys are, as the document said. True where they moved, and what was had before is void.

        That is heard of an attempt which comes home too late as well.
        """
        moved = self.locations[ask.place].take_in(ask, reading)
        if moved:
            self.ledger.discard(ask.place)
        return moved

    def heard(self, ask: Ask, reading: Reading) -> bool:
        """Whether an answer comes from where the keys of its endpoint are now."""
        return self.locations[ask.place].heard(ask, reading)

    def _adopt(self, ask: Ask, reading: Reading) -> bool:
        held = self.ledger.copies[ask.place]
        keys, etag = reading.keys, reading.etag
        if keys is None:  # 304: the set that it confirms must be the one still held
            if held is None or held.number != ask.held:
                return True
            keys, etag = held.keys, held.etag
        copy = Copy(
            keys, ask.sent, ask.sent.mono - reading.age, reading.lifetime,
            self._refresh_age(reading.lifetime), etag, ask.number,
        )  # fmt: skip
        return self.ledger.adopt(ask.place, copy)

    def _refresh_age(self, lifetime: float) -> float:
        """80 % of the lifetime, ±10 %: ahead of its end, and not in step with other processes."""
        return lifetime * self.uniform(0.7, 0.9)

    def silent(self, place: int, now: Instant) -> bool:
        """Whether an endpoint has said nothing for so long that it has no say in what is unknown."""
        return self.ledger.silent(place, now)

    def _state(self, place: int, now: Instant) -> EndpointState:
        copy, health = self.ledger.copies[place], self.health[place]
        if copy is not None and self.ledger.serves(copy, now):
            return "degraded" if self.ledger.past_lifetime(copy, now) else "ok"
        if health.not_enabled:
            return "not_enabled"
        return "cold" if health.last_outcome is None else "down"

    def states(self, now: Instant) -> list[EndpointState]:
        """Every endpoint's state, in order of precedence."""
        return [self._state(place, now) for place in range(len(self.endpoints))]

    def seconds_left(self, now: Instant) -> float | None:
        """Seconds for which some copy may still serve if everybody stays silent; None where none does."""
        return max((left for place in range(len(self.endpoints)) if (left := self._left(place, now))), default=None)

    def _left(self, place: int, now: Instant) -> float | None:
        copy = self.ledger.copies[place]
        if copy is None or not self.ledger.serves(copy, now):
            return None
        return self.ledger.limit(copy) - age(copy.sent, now)

    def report(self, now: Instant) -> tuple[EndpointStatus, ...]:
        """What an operator sees of each endpoint."""
        reports: list[EndpointStatus] = []
        for place, (endpoint, state) in enumerate(zip(self.endpoints, self.states(now), strict=True)):
            copy, health = self.ledger.copies[place], self.health[place]
            known, old = (len(copy.keys.keys), age(copy.sent, now)) if copy else (0, None)
            left, refused = self._left(place, now), () if copy is None or copy.void else copy.keys.refused
            reports.append(
                EndpointStatus(
                    endpoint.url, endpoint.region, state, known, old, left, health.failures, health.last_outcome,
                    (*health.reasons, *refused), self.locations[place].known,
                    None if copy is None or left is None else copy.keys.hash,
                )
            )  # fmt: skip
        return tuple(reports)

    def timers(self, *, alive: bool) -> Iterator[float]:
        """Monotonic moments at which somebody may be asked, or must be given up."""
        for place, health in enumerate(self.health):
            yield health.retry_at
            yield self.opens_at(place, alive=alive)
        for attempt in self._attempts.values():
            yield attempt.ask.sent.mono + ATTEMPT_TIME
