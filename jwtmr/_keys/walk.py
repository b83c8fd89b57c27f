"""One walk over the endpoints: whom to ask next, and when it is over. It knows endpoints by their place and no sockets.

An endpoint that is silent must cost 0.4 s and not its whole time-out, and two endpoints of one dark region must not eat
the time that the third one needs: hence the asking order, and the head start instead of a queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from jwtmr.events import Trigger
from jwtmr.issuers import JwksEndpoint
from jwtmr.settings import Instant

HEAD_START: Final = 0.4
"""Seconds that an endpoint has to answer before the next one is asked as well."""
WALK_TIME: Final = 5.0
"""Seconds after which a walk ends with what it has."""
FLIGHT_TIME: Final = 6.0
"""Seconds, by the larger clock, after which a flight that has not landed is given up: its thread died or was frozen."""
ATTEMPT_TIME: Final = 2.5
"""Seconds for one attempt, from before DNS to the last byte."""
MAX_KIDS: Final = 256
"""Kids that one walk is asked about; more of them at once are a flood, and it asks every endpoint anyway."""


def asking_order(endpoints: Sequence[JwksEndpoint]) -> list[int]:
    """Places in the order of asking: as in precedence, but the first endpoint of another region comes second."""
    order = list(range(len(endpoints)))
    home = endpoints[0].region
    abroad = next((place for place in order if endpoints[place].region not in (None, home)), None)
    if abroad is not None and home is not None:
        order.remove(abroad)
        order.insert(1, abroad)
    return order


class Walk:
    """One walk in progress. Times are monotonic seconds."""

    def __init__(
        self, trigger: Trigger, places: Iterable[int], took_off: Instant, kids: Iterable[str] = (), *, number: int = 0
    ) -> None:
        self.trigger: Final = trigger
        self.number: Final = number
        self.took_off: Final = took_off
        self.kids: Final = frozenset(kids)
        self.answered: set[int] = set()
        """Places that said which keys there are, or that there are none."""
        self.found_keys = False
        self.hurried = False
        """Somebody waits who needs another walk: a refresh then lands without those who had their head start."""
        self._left = list(places)
        self._pending: set[int] = set()
        self._last: int | None = None
        self._next_at = took_off.mono
        self._over = False

    def next_place(self, now: float) -> int | None:
        """The place to ask now, if it is time."""
        if self._over or not self._left or now < self._next_at:
            return None
        self._last = self._left.pop(0)
        self._pending.add(self._last)
        self._next_at = now + HEAD_START
        return self._last

    def heard(self, place: int, now: float, *, good: bool, definite: bool) -> None:
        """An attempt of this walk ended. ``good``: with usable keys; ``definite``: with an answer, be it "none"."""
        self._pending.discard(place)
        if good:
            self.found_keys = True
        if definite:
            self.answered.add(place)
        if good and self.trigger == "start":
            self._over = True
        elif place == self._last or not self._pending:
            self._next_at = now

    def know(self, unknown: Iterable[str]) -> None:
        """A walk for kids is over once none of them is unknown."""
        if self.trigger == "unknown_kid" and not any(True for _ in unknown):
            self._over = True

    def landed(self, now: float) -> bool:
        """Whether the walk is over: nothing left to ask or to wait for, enough found, or out of time."""
        silent_ones_left = self._hurries() and not self._left and now >= self._next_at
        late = now >= self.took_off.mono + WALK_TIME
        return self._over or late or silent_ones_left or not (self._left or self._pending)

    def wake_at(self) -> float:
        """When to look again if nothing is heard before."""
        end = self.took_off.mono + WALK_TIME
        return min(end, self._next_at) if self._left or self._hurries() else end

    def _hurries(self) -> bool:
        """Only a refresh: a walk for a ``kid`` waits for everybody it can, as it may need every answer."""
        return self.hurried and self.trigger == "refresh"
