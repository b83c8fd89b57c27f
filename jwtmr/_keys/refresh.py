"""The state machine of one authority's keys: what a ``kid`` means now, and what must be asked because of it.

No clock, no lock, no thread, no I/O: every method takes the time, ``source`` does what ``departures`` names and calls
back. So hours of outages and rotations are tested in milliseconds, and a fleet can be simulated with the real thing.

A request asks ``decide``. If that says WAIT, a walk is in the air, and the request asks again when something changed.
The rules that look odd, and why:

* a walk in the air answers for a ``kid`` only by knowing it: it may have asked before the key existed;
* walks for unknown kids are paid for at take-off, from a bucket, however many requests board: a bogus ``kid`` must not
  cost the key hosts a request each, and must not keep a real rotation waiting for ever;
* 401 needs an answer of every endpoint that still has a say. Anything less is "cannot check": 503.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, Literal

from msgspec.structs import replace

from jwtmr._keys.decision import Ask, Condition, Decision, Next, unavailable
from jwtmr._keys.endpoints import Endpoints
from jwtmr._keys.merge import View, differ
from jwtmr._keys.pace import RECHECK_PERIOD, Backoff, Rechecks, Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.unknown import UnknownKids
from jwtmr._keys.walk import FLIGHT_TIME, Walk
from jwtmr._keys.witness import Witness
from jwtmr.events import Event, Trigger
from jwtmr.issuers import Authority
from jwtmr.settings import Instant, KeyPolicy

_REJECT: Final = Decision(Next.REJECT)


class KeyState:
    """One authority's keys over time. Not thread-safe: ``source`` holds a lock around all but reading ``view``."""

    def __init__(self, authority: Authority, policy: KeyPolicy, now: Instant, uniform: Uniform) -> None:
        self.view = View()
        self.walk: Walk | None = None
        self.departing: Walk | None = None
        """A walk that has taken off and needs somebody to carry it."""
        self.changes = 0
        """Counts adoptions and landings: who waits asks again when it grows."""
        self.stranded = False
        """Whether a walk was lost, and none has brought keys since."""
        self._endpoints = Endpoints(authority.endpoints, policy, uniform)
        self._backoff = Backoff(uniform)
        self._unknown = UnknownKids(lambda: self._now.boot)
        self._walks = 0
        self._now = now
        self._rechecks = Rechecks()
        self._probes: list[Ask] = []
        self._witness = Witness(authority.id, authority.endpoints)

    # -- a request asks -----------------------------------------------------------------------------------------------

    def decide(self, kid: str, alg: str, now: Instant, *, ride: int | None = None, patient: bool = True) -> Decision:
        """What a request with this ``kid`` does next.

        ``ride`` is the walk that has looked for it already, as an earlier decision said; not ``patient``: its time to
        wait is over.
        """
        self._catch_up(now)
        by_alg = self.view.keys.get(kid)
        if by_alg is not None:
            return Decision(Next.USE, by_alg[alg]) if alg in by_alg else _REJECT
        if kid in self.view.withdrawn or self._unknown.is_refused(kid):
            return _REJECT
        if not patient:
            return unavailable(1)
        if ride is not None and (self.walk is None or self.walk.number != ride):
            return unavailable(self._pause(now))  # its walk has landed, and could not tell
        if kid in self.view.disputed:
            return self._recheck(kid, now) if self.walk is None else Decision(Next.WAIT)
        if self.walk is not None:
            return self._board(kid)
        return self._look_for(kid, now) if self.view.alive else self._start(kid, now)

    def warm(self, now: Instant) -> Decision:
        """Have keys fetched if there are none. WAIT while a walk is in the air."""
        self._catch_up(now)
        if self.walk is not None:
            return Decision(Next.WAIT)
        return Decision(Next.USE) if self.view.alive else self._start(None, now)

    def _start(self, kid: str | None, now: Instant) -> Decision:
        places = self._endpoints.walkable(now, alive=False)
        if not places or now.mono < self._backoff.until:
            return unavailable(self._pause(now))
        self._take_off("start", places, now)
        return Decision(Next.WAIT) if kid is None else self._board(kid)

    def _look_for(self, kid: str, now: Instant) -> Decision:
        if now.mono < self._backoff.until:
            return self._suppress("backoff", self._backoff.until - now.mono)
        places = self._endpoints.walkable(now, alive=True)
        if not places:
            return unavailable(self._pause(now))
        if self._unknown.bucket.take(now.mono):
            self._take_off("unknown_kid", places, now, self._unknown.passengers(kid, self.view.keys))
            return self._board(kid)
        if self._unknown.all_answered_lately(now):
            return _REJECT
        return self._suppress("bucket", self._unknown.bucket.wait(now.mono))

    def _recheck(self, kid: str, now: Instant) -> Decision:
        """Ask those whose word settles what one endpoint dropped and another lists."""
        if now.mono < self._backoff.until:
            return unavailable(self._backoff.until - now.mono)
        walkable = self._endpoints.walkable(now, alive=True)
        places = self._rechecks.take((place for place in walkable if place in self.view.disputed[kid]), now.mono)
        if not places:
            return unavailable(RECHECK_PERIOD)
        self._take_off("recheck", places, now)
        return Decision(Next.WAIT)

    def _board(self, kid: str) -> Decision:
        """Wait for the walk in the air; if it did not take off for this kid, queue for the next as well."""
        if self.walk is not None and kid in self.walk.kids:
            return Decision(Next.WAIT, ride=self.walk.number)
        self._unknown.queue(kid)
        self.hurry()
        return Decision(Next.WAIT)

    def hurry(self) -> None:
        """Somebody waits for the walk in the air: a silent region must not use up his time."""
        if self.walk is not None:
            self.walk.hurried = True

    def _suppress(self, reason: Literal["bucket", "backoff"], wait: float) -> Decision:
        self._witness.suppressed(reason)
        return unavailable(wait)

    def _pause(self, now: Instant) -> float:
        """Seconds until it makes sense to ask again."""
        opens = min(
            self._endpoints.opens_at(place, alive=self.view.alive) for place in range(len(self._endpoints.endpoints))
        )
        return max(self._backoff.until, opens, now.mono + 1) - now.mono

    # -- walks --------------------------------------------------------------------------------------------------------

    def departures(self) -> tuple[Walk | None, list[Ask]]:
        """The walk that needs a carrier and the probes to be sent, each handed out once."""
        walk, probes, self.departing, self._probes = self.departing, self._probes, None, []
        return walk, probes

    def step(self, number: int, now: Instant) -> list[Ask] | None:
        """Carry walk ``number`` on: the attempts to make now, or None when it is over."""
        self._now = now
        self._give_up(now)
        walk = self.walk
        if walk is None or walk.number != number:
            return None
        walk.know(kid for kid in walk.kids if kid not in self.view.keys)
        if walk.landed(now.mono):
            self._land(walk, now)
            return None
        place = walk.next_place(now.mono)
        return [] if place is None else [self._endpoints.ask(place, walk.trigger, number, now, walk.kids)]

    def wake_at(self, number: int) -> float:
        """Monotonic seconds at which walk ``number`` wants its next ``step``, if nothing is heard before."""
        walk = self.walk
        if walk is None or walk.number != number:
            return -math.inf
        return min([walk.wake_at(), *self._endpoints.deadlines(number)])

    def answered(self, ask: Ask, reading: Reading, now: Instant) -> None:
        """An attempt came home. What came too late was given up already, and only tells where the keys are.

        A private key that was published is no secret any more, whoever hears of it and when.
        """
        self._now = now
        self._give_up(now)
        before = tuple(self._endpoints.ledger.copies)
        burnt = self._endpoints.burnt.remember(reading.leaked)
        reading = self._endpoints.sift(ask, reading)
        if self._endpoints.finish(ask):
            self._ended(ask, reading, now)
        elif self._endpoints.relocate(ask, reading):
            self._unknown.voided()
        self._endpoints.ledger.burn(reading.leaked)
        self._witness.listed(before, self._endpoints.ledger.copies, ask, reading, burnt=burnt)
        self._publish(now)  # also after a late one: its endpoint may be asked again

    def lost(self, number: int, now: Instant) -> None:
        """The thread that should carry walk ``number`` did not start, or died."""
        self._now = now
        if self.walk is not None and self.walk.number == number:
            self._strand()
            self._backoff.failed(now.mono)
            self._publish(now)

    def _strand(self) -> None:
        self.walk = self.departing = None
        self.stranded = True
        self.changes += 1

    def _take_off(self, trigger: Trigger, places: list[int], now: Instant, kids: Iterable[str] = ()) -> None:
        self._walks += 1
        self._witness.took_off()
        self.walk = self.departing = Walk(trigger, places, now, kids, number=self._walks)
        self._publish(now)  # the flight has an end, also if its carrier never says so

    def _land(self, walk: Walk, now: Instant) -> None:
        self.walk = None
        self.stranded = self.stranded and not walk.found_keys
        if not walk.found_keys and not self._endpoints.anyone_answers:
            self._backoff.failed(now.mono)
        if walk.trigger == "unknown_kid":
            everybody = range(len(self._endpoints.endpoints))
            complete = all(place in walk.answered or self._endpoints.silent(place, now) for place in everybody)
            missing = [kid for kid in walk.kids if kid not in self.view.keys and kid not in self.view.disputed]
            self._unknown.concluded(walk.took_off, missing, complete=complete)
        self.changes += 1
        self._publish(now)

    def _ended(self, ask: Ask, reading: Reading, now: Instant) -> None:
        before = self._endpoints.ledger.copies[ask.place]
        definite = self._endpoints.take_in(ask, reading, now)
        after = self._endpoints.ledger.copies[ask.place]
        good = reading.good and self._endpoints.heard(ask, reading)
        if self.walk is not None and self.walk.number == ask.walk:
            self.walk.heard(ask.place, now.mono, good=good, definite=definite)
        if good:
            self._backoff.succeeded()
        self._witness.fetched(ask, reading, max(0.0, now.mono - ask.sent.mono))
        if after is not None and differ(before, after):
            self._unknown.voided() if after.void else self._unknown.keys_changed()
        self.changes += 1

    def _give_up(self, now: Instant) -> None:
        """End attempts that had their time, and a flight whose carrier died or was frozen."""
        for ask in self._endpoints.overdue(now):
            self._ended(ask, Reading("timeout"), now)
        walk = self.walk
        if walk and max(now.mono - walk.took_off.mono, now.boot - walk.took_off.boot) >= FLIGHT_TIME:
            self._strand()  # no back-off: the endpoints are not to blame

    # -- time passes --------------------------------------------------------------------------------------------------

    def _catch_up(self, now: Instant) -> None:
        """Bring the view up to date if a moment has passed at which something changes, and ask whoever is due."""
        self._now = now
        view = self.view
        if view.since_wall <= now.wall < view.until.wall and now.boot < view.until.boot and now.mono < view.until.mono:
            return
        self._give_up(now)
        self._publish(now)
        if not self.view.alive:
            return
        refresh, probes = self._endpoints.due(now, alive=True)
        self._probes += [self._endpoints.ask(place, "probe", 0, now) for place in probes]
        if refresh and self.walk is None and now.mono >= self._backoff.until:
            self._take_off("refresh", refresh, now)
        elif probes:
            self._publish(now)

    def _publish(self, now: Instant) -> None:
        """Work out what serves, and until when nobody need ask again."""
        view = self._endpoints.ledger.resolve(now)
        mono = min(view.until.mono, self._next_timer(view, now))
        boot = min(view.until.boot, now.boot + (mono - now.mono))  # the boot clock alone will do: it is never slower
        self.view = replace(view, until=Instant(mono, boot, view.until.wall))
        states, left = self._endpoints.states(now), self._endpoints.seconds_left(now)
        self._witness.compare(self.view, states, left)

    def _next_timer(self, view: View, now: Instant) -> float:
        refresh, probes = self._endpoints.due(now, alive=True)
        idle = self.walk is None and now.mono >= self._backoff.until
        if view.alive and (probes or (refresh and idle)):
            return now.mono
        timers = [self._backoff.until, *self._endpoints.timers(alive=view.alive)]
        if self.walk is not None:
            timers.append(self.walk.took_off.mono + FLIGHT_TIME)
        return min((moment for moment in timers if moment > now.mono), default=math.inf)

    def events(self) -> list[Event]:
        """What happened since the last call."""
        return self._witness.events()

    def in_child(self, uniform: Uniform, now: Instant) -> None:
        """After a fork: the parent's keys and back-off, none of its threads, and times of its own."""
        self.walk = self.departing = None
        self._probes.clear()
        self._unknown.in_child()
        self._backoff.uniform = uniform
        self._endpoints.in_child(uniform)
        self._publish(now)

    def report(self, now: Instant, *, ask: bool = True) -> Condition:
        """How the keys are; ``ask`` who is due, which is everybody where there are none."""
        if ask:
            self.warm(now)
        return Condition(self._endpoints.seconds_left(now), self._endpoints.report(now), self.stranded)
