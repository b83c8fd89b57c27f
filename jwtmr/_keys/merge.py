"""Several endpoints, one answer: which key a ``kid`` means, now and until when.

Each endpoint keeps its own copy and age; look-up goes in order of precedence. Two rules are not obvious:

* **Dropped.** A ``kid`` that an endpoint listed and left out of a later answer was withdrawn, or that answer is the
  newer one of two regions. So copies that earlier endpoints sent before that, and all copies of later endpoints, do not
  serve it, until the dropping endpoint or an earlier one lists it again, or the dropping one has been silent for too
  long to be heard. Otherwise a lagging region would revive a withdrawn key. While another endpoint still lists it,
  nobody can tell which of the two is behind: that is "cannot check" (503), for a bounded time, and not "no" (401).
* **Place in time.** An answer stands where its request was sent, less its ``Age``: a cache may hand out yesterday's set
  after today's. An older copy replaces nothing while the newer one may serve, and never drops or brings back a kid.

Staleness counts from the sending itself: a host behind a cache that answers ``Age: 7200`` is alive, and refusing its
keys would be an outage of our making.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec.structs import replace

from jwtmr._keys.freshness import age, elapsed, rewound
from jwtmr._keys.jwk import Key
from jwtmr._keys.keyset import KeySet
from jwtmr.settings import Instant

MAX_DROPS: Final = 1024
"""Dropped kids remembered per authority. A rotation adds a few; this is years of them."""
AGE_TOLERANCE: Final = 2.0
"""Seconds. ``Age`` counts whole seconds, so the same cached object wanders by one."""


NOW: Final = Instant(-math.inf, -math.inf, -math.inf)
"""As a horizon: it has passed already."""


class Copy(msgspec.Struct, frozen=True):
    """One endpoint's keys as this process holds them."""

    keys: KeySet
    sent: Instant
    place_in_time: float
    """Monotonic seconds: the sending of the request less the answer's ``Age``."""
    lifetime: float
    refresh_age: float
    """The age in seconds at which it is asked for again."""
    etag: str | None
    number: int
    """The attempt that brought it."""
    void: bool = False
    """Whether it came from where its issuer does not keep its keys any more. It serves nothing."""

    @property
    def kids(self) -> frozenset[str]:
        """The kids that it may serve."""
        return frozenset() if self.void else frozenset(self.keys.keys)


def differ(before: Copy | None, after: Copy | None) -> bool:
    """Whether other keys may be served out of ``after``, the later copy of an endpoint."""
    if before is None or after is None:
        return after is not None
    return before.void != after.void or not before.keys.same_keys(after.keys)


def refuse_alike(before: Copy | None, after: Copy | None) -> bool:
    """Whether the same members of both copies are refused."""
    return before is None or after is None or before.keys.same_refusals(after.keys)


class Drop(msgspec.Struct, frozen=True):
    """An endpoint left a kid out that it had listed."""

    place: int
    place_in_time: float
    since: Instant


class View(msgspec.Struct, frozen=True):
    """What serves now. Immutable: readers take it as a whole, without a lock."""

    keys: Mapping[str, Mapping[str, Key]] = msgspec.field(default_factory=dict[str, Mapping[str, Key]])
    alive: bool = False
    """Whether any endpoint's copy may serve at all."""
    stale: frozenset[str] = frozenset()
    """Kids whose key comes from a copy past its lifetime."""
    disputed: Mapping[str, tuple[int, ...]] = msgspec.field(default_factory=dict[str, tuple[int, ...]])
    """Kids that one endpoint dropped and another lists, and the places whose word would settle it."""
    withdrawn: frozenset[str] = frozenset()
    """Kids that have been disputed for too long: they count as withdrawn."""
    conflicts: frozenset[str] = frozenset()
    """Kids under which two endpoints list different keys."""
    until: Instant = NOW
    """Nothing changes before this on any of the clocks."""
    since_wall: float = -math.inf
    """A wall clock before this has been set back."""


class Ledger:
    """All copies and drops of one authority."""

    def __init__(self, endpoints: int, *, max_stale: float, silence: float) -> None:
        self.copies: list[Copy | None] = [None] * endpoints
        self.unanswered: list[Instant | None] = [None] * endpoints
        """Since when each endpoint has been asked in vain; None where its last question was answered, or none was put.
        Idle time is nobody's silence."""
        self._drops: OrderedDict[tuple[int, str], Drop] = OrderedDict()
        self._max_stale = max_stale
        self._silence = silence

    def adopt(self, place: int, copy: Copy) -> bool:
        """Take ``copy`` as the word of endpoint ``place``. Returns False where an older cached copy was passed over.

        An answer overtaken by one to a later request changes nothing either, but is no reason to distrust a cache.
        """
        held = self.copies[place]
        if held is None:
            self._take(place, copy)
            return True
        if copy.number < held.number:
            return True
        if held.keys.same_keys(copy.keys):
            self._take(place, replace(copy, place_in_time=max(copy.place_in_time, held.place_in_time)))
            return True
        older = copy.place_in_time < held.place_in_time - AGE_TOLERANCE
        if older and self.serves(held, copy.sent):
            return False
        if not older:
            self._note_drops(place, held, copy)
        self._take(place, copy)
        return True

    def _take(self, place: int, copy: Copy) -> None:
        self.copies[place] = copy
        self._clear_drops(place, copy)

    def discard(self, place: int) -> None:
        """Let the copy of ``place`` serve no more. What it listed is kept, to see what the next one leaves out."""
        copy = self.copies[place]
        if copy is not None:
            self.copies[place] = replace(copy, void=True, refresh_age=0.0, etag=None)

    def burn(self, thumbprints: Container[str]) -> None:
        """Take these keys out of every copy. Nobody has dropped them."""
        for place, copy in enumerate(self.copies):
            if copy is not None and (left := copy.keys.without(thumbprints)) is not copy.keys:
                self.copies[place] = replace(copy, keys=left)

    def limit(self, copy: Copy) -> float:
        """The age in seconds at which a copy ends to serve."""
        return self._max_stale or copy.lifetime

    def past_lifetime(self, copy: Copy, now: Instant) -> bool:
        """Whether the copy is no longer fresh, or nobody knows."""
        return rewound(copy.sent, now) or age(copy.sent, now) >= copy.lifetime

    def serves(self, copy: Copy, now: Instant) -> bool:
        """Whether the copy may be used at all."""
        if copy.void or not copy.keys.keys or (not self._max_stale and rewound(copy.sent, now)):
            return False
        return age(copy.sent, now) < self.limit(copy)

    def silent(self, place: int, now: Instant) -> bool:
        """Whether an endpoint has been asked in vain for so long that it has no say any more."""
        since = self.unanswered[place]
        return since is not None and elapsed(since, now) >= self._silence

    def _note_drops(self, place: int, held: Copy, copy: Copy) -> None:
        for kid in held.keys.keys.keys() - copy.keys.keys.keys():
            if self._listed_since(copy.place_in_time, kid, place):
                continue  # its answer was overtaken by the one that brings the kid back
            self._drops[place, kid] = Drop(place, copy.place_in_time, copy.sent)
            self._drops.move_to_end((place, kid))
        while len(self._drops) > MAX_DROPS:
            self._drops.popitem(last=False)

    def _listed_since(self, moment: float, kid: str, place: int) -> bool:
        """Whether an endpoint before ``place`` lists the kid in an answer that was sent after ``moment``."""
        return any(copy and kid in copy.kids and copy.place_in_time > moment for copy in self.copies[:place])

    def _clear_drops(self, place: int, copy: Copy) -> None:
        """What the dropping endpoint lists again, or an earlier one lists later on, is not dropped any more."""
        for dropper, kid in list(self._drops):
            if kid not in copy.keys.keys:
                continue
            if place <= dropper and copy.place_in_time > self._drops[dropper, kid].place_in_time:
                del self._drops[dropper, kid]

    def resolve(self, now: Instant) -> View:
        """What serves at ``now``."""
        usable = [(place, copy) for place, copy in enumerate(self.copies) if copy and self.serves(copy, now)]
        by_kid: dict[str, list[tuple[int, Copy]]] = {}
        for place, copy in usable:
            for kid in copy.keys.keys:
                by_kid.setdefault(kid, []).append((place, copy))
        keys: dict[str, Mapping[str, Key]] = {}
        stale: set[str] = set()
        disputed: dict[str, tuple[int, ...]] = {}
        withdrawn: set[str] = set()
        for kid, listed in by_kid.items():
            drops = self._active_drops(kid, now)
            serving = [(place, copy) for place, copy in listed if not _blocked(place, copy, drops)]
            if serving:
                fresh = [copy for _, copy in serving if not self.past_lifetime(copy, now)]
                chosen = fresh[0] if fresh else serving[0][1]
                keys[kid] = chosen.keys.keys[kid]
                if not fresh:
                    stale.add(kid)
            elif any(elapsed(drop.since, now) >= self._silence for drop in drops):
                withdrawn.add(kid)
            else:
                disputed[kid] = _who_settles(listed, drops)
        return View(
            MappingProxyType(keys), bool(usable), frozenset(stale), MappingProxyType(disputed), frozenset(withdrawn),
            frozenset(kid for kid, listed in by_kid.items() if _conflict(kid, listed)),
            self._horizon(now), self._since_wall(now),
        )  # fmt: skip

    def _active_drops(self, kid: str, now: Instant) -> list[Drop]:
        drops = [drop for place in range(len(self.copies)) if (drop := self._drops.get((place, kid)))]
        return [drop for drop in drops if not self.silent(drop.place, now)]

    def _horizon(self, now: Instant) -> Instant:
        """The next moment at which an age or a silence makes a difference, on each clock."""
        ages = [(since, limit) for since, limit in self._ages() if age(since, now) < limit]
        silences = [since for since in self._silences() if elapsed(since, now) < self._silence]
        moments = [*ages, *((since, self._silence) for since in silences)]
        rewinds = [copy.sent.wall for copy in self.copies if copy and rewound(copy.sent, now)]
        return Instant(
            min((since.mono + limit for since, limit in moments), default=math.inf),
            min((since.boot + limit for since, limit in moments), default=math.inf),
            min([*(since.wall + limit for since, limit in ages), *rewinds], default=math.inf),
        )

    def _ages(self) -> Iterator[tuple[Instant, float]]:
        for copy in self.copies:
            if copy is not None:
                yield from ((copy.sent, limit) for limit in (copy.refresh_age, copy.lifetime, self.limit(copy)))

    def _silences(self) -> Iterator[Instant]:
        yield from (drop.since for drop in self._drops.values())
        yield from (since for since in self.unanswered if since is not None)

    def _since_wall(self, now: Instant) -> float:
        return max((copy.sent.wall for copy in self.copies if copy and not rewound(copy.sent, now)), default=-math.inf)


def _blocked(place: int, copy: Copy, drops: list[Drop]) -> bool:
    """Whether a drop speaks against this copy: all of later endpoints, and of earlier ones those sent before it."""
    return any(place > drop.place or copy.place_in_time <= drop.place_in_time for drop in drops)


def _who_settles(listed: list[tuple[int, Copy]], drops: list[Drop]) -> tuple[int, ...]:
    """Whose word would settle it: the droppers, and earlier endpoints whose listing copy is older than the drop."""
    last = max(drop.place for drop in drops)
    return tuple(sorted({drop.place for drop in drops} | {place for place, _ in listed if place < last}))


def _conflict(kid: str, listed: list[tuple[int, Copy]]) -> bool:
    """Whether some endpoint lists a key under this kid that the first one does not."""
    first, *others = [{key.thumbprint for key in copy.keys.keys[kid].values()} for _, copy in listed]
    return any(thumbprints - first for thumbprints in others)
