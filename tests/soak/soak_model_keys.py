"""The model of keys: what a ``kid`` may mean at a moment, by the design (section 5) and by what endpoints have said.

Written from these sentences, in their order, and from nothing else:

    one attempt     2.5 s in all.
    adoption        A set counts only with 200, or with 304 to an ``ETag`` that this process got from that URL. At least
                    one usable key. A success replaces that endpoint's set whole; sequence numbers order overlapping
                    answers. An answer's place in time is the sending of its request.
    not enabled     Any 4xx but 408, 425 and 429 on an endpoint that never worked is an answer, and no failure.
    outage          A set serves until 1 h after the last success of its own endpoint, never extended.
    several         Look-up goes in order of precedence. Of two keys under one kid the earlier endpoint among the sets
                    within their lifetime wins.
    dropped         A kid that an endpoint listed and left out of a later answer: copies that earlier endpoints sent
                    before that, and all copies of later endpoints, do not serve it until the dropping endpoint or an
                    earlier one lists it again, or the dropping one has been silent for ``max_stale``. While another
                    endpoint still lists it, for at most ``max_stale``: 503 instead of 401.
    lifetime        ``max-age`` clamped to 60 s - 15 min; 10 min without.
    asking order    Updated primary, first replica, original primary, other replicas.

``Word`` is what one endpoint has said so far, ``heard`` adds an answer to it, ``fates`` says what follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from soak_facts import Span
from soak_kleene import NO, YES, Stretch, Truth, lapsed, later, no

from jwtmr.http import HttpAnswer

MAX_STALE: Final = 3600.0
ATTEMPT: Final = 2.5
SLACK: Final = 0.5
"""Seconds that may go by between a decision of the library and its being seen from outside, on a busy machine."""

Keys: TypeAlias = Mapping[str, str]
"""The modulus of the key under each kid."""
Kind: TypeAlias = Literal["keys", "nothing", "failure"]

UNLISTED: Final = "unlisted"
"""No set that may serve lists the kid."""
DARK: Final = "dark"
"""There is no set that may serve."""
DISPUTED: Final = "disputed"
"""An endpoint dropped it, another lists it."""
WITHDRAWN: Final = "withdrawn"
"""The same, for so long that it counts as withdrawn."""


@dataclass(frozen=True, slots=True)
class Sent:
    """When a request was sent: between two moments, and what the clocks showed then."""

    real: Stretch
    span: Span


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one question to one endpoint."""

    kind: Kind
    sent: Sent
    keys: Keys = field(default_factory=dict[str, str])
    fresh_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """What one endpoint has said so far."""

    keys: Keys = field(default_factory=dict[str, str])
    sent: Sent | None = None
    """When the request for these keys was sent."""
    fresh_for: float = 0.0
    dropped: Mapping[str, Sent] = field(default_factory=dict[str, Sent])
    """The kids that it listed and left out, with the request whose answer did."""
    named: Mapping[str, Sent] = field(default_factory=dict[str, Sent])
    """The last request whose answer listed a kid."""
    in_vain: Sent | None = None
    """The first question since its last answer."""


def read(answer: HttpAnswer | None, known: Mapping[str, Keys], condition: str | None) -> tuple[Kind, Keys]:
    """What an HTTP answer says; ``known`` are the sets that came from that URL, by their ``ETag``."""
    if answer is None:
        return "failure", {}
    if answer.status == 200:
        keys = read_keys(answer.body)
        return ("keys", keys) if keys else ("failure", {})
    if answer.status == 304 and condition in known and answer.headers.get("etag", condition) == condition:
        return "keys", known[condition]
    refused = 400 <= answer.status < 500 and answer.status not in (408, 425, 429)
    return ("nothing" if refused else "failure"), {}


def read_keys(body: bytes) -> Keys:
    """The keys of a set. What is served here as a set has only usable keys; what is none is not JSON, or empty."""
    try:
        members = json.loads(body)["keys"]
        return {member["kid"]: member["n"] for member in members}
    except (ValueError, TypeError, KeyError):
        return {}


def asking_order(places: int) -> list[int]:
    """Updated primary, first replica, original primary, other replicas."""
    return [0, 2, 1, *range(3, places)]


def lifetime(answer: HttpAnswer) -> float:
    """Seconds for which its keys are fresh."""
    stated = re.search(r"max-age=(\d+)", answer.headers.get("cache-control", ""))
    return 600.0 if stated is None else min(max(float(stated[1]), 60.0), 900.0)


def heard(word: Word, said: Said) -> Word:
    """``word`` with one answer more."""
    if said.kind == "failure":
        return replace(word, in_vain=said.sent if word.in_vain is None else _earlier(word.in_vain, said.sent))
    if said.kind == "nothing" or (word.sent is not None and later(said.sent.real, word.sent.real) == NO):
        return replace(word, in_vain=None)
    gone = {kid: said.sent for kid in word.keys if kid not in said.keys}
    dropped = {kid: sent for kid, sent in {**word.dropped, **gone}.items() if kid not in said.keys}
    named = {**word.named, **dict.fromkeys(said.keys, said.sent)}
    return Word(said.keys, said.sent, said.fresh_for, dropped, named)


def _earlier(first: Sent, other: Sent) -> Sent:
    """Of two questions in vain that overlapped, the one that was sent first; it may be the one that ended first."""
    return Sent(first.real, Span(min(first.span.early, other.span.early), first.span.late))


def usable(word: Word, now: Span) -> Truth:
    """Whether the keys that it listed last may serve at all."""
    return NO if word.sent is None else no(lapsed(word.sent.span, now, MAX_STALE))


def silent(word: Word, now: Span) -> Truth:
    """Whether it has been asked in vain for so long that it has no say any more."""
    return lapsed(word.in_vain and word.in_vain.span, now, MAX_STALE)


def fates(kid: str, words: Sequence[Word], now: Span) -> set[str]:
    """What ``kid`` may mean: the modulus of the key that serves, or one of the four words above.

    ``words`` are in order of precedence. Where nobody can tell, all that is possible.
    """
    holds = [_holds(kid, place, words, now) for place in range(len(words))]
    listed = [min(usable(word, now), YES if kid in word.keys else NO) for word in words]
    blocked = [_blocked(kid, place, words, holds) for place in range(len(words))]
    serving = [min(truth, no(stop)) for truth, stop in zip(listed, blocked, strict=True)]
    possible = {words[place].keys[kid] for place in _winners(serving, words, now)}
    if max(serving) == YES:
        return possible
    if any(min(pair) > NO for pair in zip(listed, blocked, strict=True)):
        ages = (
            min(held, lapsed(words[place].dropped[kid].span, now, MAX_STALE))
            for place, held in enumerate(holds)
            if held
        )
        overdue = max(ages)
        possible |= {fate for fate, truth in ((WITHDRAWN, overdue), (DISPUTED, no(overdue))) if truth > NO}
    if max(listed) < YES:
        alive = max((usable(word, now) for word in words if kid not in word.keys), default=NO)
        possible |= {fate for fate, truth in ((UNLISTED, alive), (DARK, no(alive))) if truth > NO}
    return possible


def _holds(kid: str, place: int, words: Sequence[Word], now: Span) -> Truth:
    """Whether endpoint ``place`` dropped ``kid``, and that still counts."""
    drop = words[place].dropped.get(kid)
    if drop is None:
        return NO
    again = [later(word.named[kid].real, drop.real) for word in words[:place] if kid in word.named]
    return no(max([silent(words[place], now), *again]))


def _blocked(kid: str, place: int, words: Sequence[Word], holds: Sequence[Truth]) -> Truth:
    """Whether a drop speaks against the copy of endpoint ``place``."""
    copy = words[place].sent
    if copy is None:
        return NO
    against = [
        min(held, YES if place > dropper else no(later(copy.real, words[dropper].dropped[kid].real)))
        for dropper, held in enumerate(holds) if held
    ]  # fmt: skip
    return max(against, default=NO)


def _winners(serving: Sequence[Truth], words: Sequence[Word], now: Span) -> list[int]:
    """The endpoints whose key may be the one that serves: the earliest fresh one, else the earliest."""
    fresh = [NO if word.sent is None else no(lapsed(word.sent.span, now, word.fresh_for)) for word in words]

    def outdone(place: int, by: int) -> bool:
        if serving[by] < YES or by == place:
            return False
        return (fresh[by] == YES or fresh[place] == NO) if by < place else (fresh[by] == YES and fresh[place] == NO)

    places = range(len(words))
    return [place for place in places if serving[place] > NO and not any(outdone(place, by) for by in places)]
