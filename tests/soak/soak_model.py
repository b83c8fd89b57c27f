"""The model: which answers to a request the design allows, given all that was knowable while it was under way.

Written from the design (sections 4 to 6) and not from the code. An answer belongs to a span, from sending to receiving:
whatever was possible at some moment of it is allowed. Where that leaves one answer the judgement is *forced*. The
rules, with the sentences that they come from:

    cheap checks    "Cheap before dear": issuer and window, then expiry and client, refuse before a key is looked for,
                    so in any outage too. Leeway is 30 s for ``exp`` and none for the window.
    key             ``fates`` in ``soak_model_keys``: the key that serves is the one that verifies, any other signature
                    is ``invalid_signature``; a withdrawn kid is ``unknown_key``, a disputed one ``keys_unavailable``.
    401             ``unknown_key`` "when every endpoint has answered without it, in this request's walk or, with the
                    bucket empty, in one that took off less than 30 s ago; an endpoint silent for ``max_stale`` has no
                    say. Only a kid refused after a walk is remembered (30 s)". A flight takes up to 6 s.
    503             ``keys_unavailable`` where nothing that serves lists the kid, unless nothing stood in the way of
                    finding out: no endpoint failed in the last 30 s (the longest back-off), the last word of each was
                    an answer and that of one a set, the clocks stood still, the 2 s of waiting were not over, and the
                    bucket held a walk for sure, or the last walk for an unknown kid took off less than 30 s ago and
                    heard everybody.
    the bucket      "2 walks, one more each 30 s, paid at take-off however many requests board". It holds one for sure
                    where at most one other request in the last minute can have paid.
    waiting         "Waiters wait at most 2 s", and those whose key is known throughout, or who need none, not at all.
                    What this machine adds is measured and granted.
    duties          In ``soak_duties``: who is due is asked, walks for unknown kids are paid for, redirects are not
                    followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from soak_duties import neglected, overspent
from soak_facts import Log, Request, Span, Token
from soak_history import History
from soak_kleene import NO, YES, Truth, passed
from soak_model_keys import DARK, DISPUTED, UNLISTED, WITHDRAWN, silent
from soak_obstacles import REMEMBERED, WAIT, Obstacles

LEEWAY: Final = 30.0
GRANTED: Final = 1.0
"""Seconds that an answer may come later than the design says, beyond those for which the process stood still. Less than
the wait for keys: who had no reason to wait for them is found."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of an answer."""

    request: Request
    allowed: frozenset[str]
    fates: frozenset[str]
    complaints: tuple[str, ...]

    @property
    def forced(self) -> bool:
        """Whether only one answer was allowed."""
        return len(self.allowed) == 1


class Model:
    """Judges the answers of one life."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._history = History(log)
        self._cheap = {request: cheap(request.token, self._now(request), log.legacy_ends) for request in log.requests}
        self._fates = {request: self._fate(request) for request, (_, sure) in self._cheap.items() if not sure}
        strangers = [each for each, fates in self._fates.items() if fates is None or fates & {UNLISTED, DARK}]
        self._obstacles = Obstacles(log, self._history, strangers)

    def verdicts(self) -> Iterator[Verdict]:
        """One for each request."""
        for request, (cheaply, _) in self._cheap.items():
            fates = self._fates.get(request, set[str]())
            allowed = cheaply | ({request.outcome} if fates is None else self._by_key(request, fates))
            complaints = tuple(self._complaints(request, allowed, fates))
            yield Verdict(request, frozenset(allowed), frozenset(fates or ()), complaints)

    def of_the_life(self) -> Iterator[str]:
        """What contradicts the design in no single answer."""
        yield from overspent(self._log, self._history)
        if self._log.followed:
            yield f"{self._log.followed} redirects were followed"

    def _complaints(self, request: Request, allowed: set[str], fates: set[str] | None) -> Iterator[str]:
        if request.outcome not in allowed:
            yield f"{request.outcome} is not among what was allowed"
        if request.complaint:
            yield request.complaint
        wait = 0.0 if fates is not None and not fates & {WITHDRAWN, DISPUTED, UNLISTED, DARK} else WAIT
        if request.took > wait + GRANTED + self._log.stalled(request.sent, request.answered):
            yield f"it took {request.took:.3f} s, and {wait:g} are allowed"
        if request in self._fates:
            for place in neglected(request, self._log, self._history, self._obstacles):
                yield f"endpoint {place} was due, and is not asked"

    def _now(self, request: Request) -> Span:
        return self._log.time.span(request.sent, request.answered)

    def _fate(self, request: Request) -> set[str] | None:
        return self._history.fates(request.token.kid, request.sent, request.answered)

    def _by_key(self, request: Request, fates: set[str]) -> set[str]:
        """What is allowed if the token gets as far as the look-up of its key."""
        allowed = {
            "ok" if fate == request.token.signer else "invalid_signature"
            for fate in fates - {WITHDRAWN, DISPUTED, UNLISTED, DARK}
        }
        if WITHDRAWN in fates or (UNLISTED in fates and self._all_answered_without(request)):
            allowed.add("unknown_key")
        if DISPUTED in fates or (fates & {UNLISTED, DARK} and self._cannot_tell(request, fates)):
            allowed.add("keys_unavailable")
        return allowed

    def _cannot_tell(self, request: Request, fates: set[str]) -> bool:
        """Whether something stood in the way of finding out. The first keys cost no walk out of the bucket."""
        if not self._obstacles.undisturbed(request) or not self._obstacles.somebody_has_keys(request):
            return True
        paid = self._obstacles.bucket_holds(request) or self._obstacles.sought_lately(request)
        return UNLISTED in fates and not paid

    def _all_answered_without(self, request: Request) -> bool:
        """Whether 401 can rest on an answer of every endpoint that has a say."""
        own = self._obstacles.undisturbed(request) and self._obstacles.bucket_holds(request)
        since = self._obstacles.mono(request.sent)
        if not own or self._obstacles.asked_before(request):
            since -= REMEMBERED
        return all(self._answered_without(place, request, since) for place in range(self._log.places))

    def _answered_without(self, place: int, request: Request, since: float) -> bool:
        now = self._now(request)
        if any(silent(word, now) > NO for word in self._history.words(place, request.sent, request.answered)):
            return True
        begin = self._log.time.before(request.sent, REMEMBERED)
        return any(
            not entry.failed and request.token.kid not in entry.said.keys
            and entry.maybe <= request.answered and entry.said.sent.span.late.mono >= since
            for entry in self._history.entries(place, begin, request.answered)
        )  # fmt: skip


def cheap(token: Token, now: Span, legacy_ends: float) -> tuple[set[str], bool]:
    """The refusals that no key is needed for, and whether one of them was sure."""
    allowed = set[str]()
    for step in _steps(token, now, legacy_ends):
        allowed |= {code for code, truth in step if truth > NO}
        if any(truth == YES for _, truth in step):
            return allowed, True
    return allowed, False


def _steps(token: Token, now: Span, legacy_ends: float) -> Sequence[Sequence[tuple[str, Truth]]]:
    """Steps 3 and 4 of the order of checks. Within one step either refusal will do."""
    retired = passed(legacy_ends, now) if token.issuer == "legacy" else NO
    return (
        (("untrusted_issuer", YES if token.issuer == "foreign" else NO), ("legacy_issuer_retired", retired)),
        (("expired", passed(token.expires + LEEWAY, now)), ("wrong_client", NO if token.right_client else YES)),
    )
