"""The model: which answers to a request the design allows, given all that was knowable while it was under way.

Written from the design (sections 4 to 6) and not from the code. An answer belongs to a span, from sending to receiving,
and whatever was possible at some moment of it is allowed. Where that leaves one answer the judgement is *forced*. The rules,
with the sentences that they come from:

    cheap checks    "Cheap before dear": issuer and window, then expiry and client, refuse before a key is looked for, so
                    in any outage too. Leeway is 30 s for ``exp`` and none for the window.
    key             ``fates`` in ``soak_model_keys``: the key that serves is the one that verifies, any other signature is
                    ``invalid_signature``; a withdrawn kid is ``unknown_key``, a disputed one ``keys_unavailable``.
    401             ``unknown_key`` "when every endpoint has answered without it, in this request's walk or, with the bucket
                    empty, in one that took off less than 30 s ago; an endpoint silent for ``max_stale`` has no say. Only a
                    kid refused after a walk is remembered (30 s)". A walk takes up to 5 s, a flight 6.
    503             ``keys_unavailable`` where nothing that serves lists the kid, unless nothing stood in the way of finding
                    out: no endpoint failed in the last 30 s (the longest back-off), the last word of each was an answer,
                    the clocks stood still, the bucket held a walk for sure, and the 2 s of waiting were not over.
    the bucket      "2 walks, one more each 30 s, paid at take-off however many requests board". It holds one for sure where
                    at most one other request in the last minute can have paid.
    waiting         "Waiters wait at most 2 s." What this machine adds is measured and granted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from soak_facts import Log, Request, Span, Token
from soak_history import History
from soak_kleene import NO, YES, Truth, passed
from soak_model_keys import DARK, DISPUTED, SLACK, UNLISTED, WITHDRAWN, silent

LEEWAY: Final = 30.0
WAIT: Final = 2.0
GRANTED: Final = 2.0
"""Seconds that an answer may come later than the design says, beyond those for which the process stood still."""
BACK_OFF: Final = 30.0
REMEMBERED: Final = 36.0
"""Seconds since the sending of an answer that a 401 may rest on: 30, and the time of a flight before them."""
FULL: Final = 60.0
"""Seconds in which an empty bucket fills."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of an answer."""

    request: Request
    allowed: frozenset[str]
    fates: frozenset[str]
    calm: bool
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
        self._fates: dict[Request, set[str] | None] = {}

    def verdicts(self) -> Iterator[Verdict]:
        """One for each request."""
        for request in self._log.requests:
            yield self._verdict(request)

    def _verdict(self, request: Request) -> Verdict:
        now = self._log.time.span(request.sent, request.answered)
        allowed, sure = cheap(request.token, now, self._log.legacy_ends)
        known: set[str] | None = set()
        if not sure:
            known = self._known(request)
            allowed = allowed | (self._by_key(request, known) if known is not None else {request.outcome})
        complaints = list(self._complaints(request, allowed))
        return Verdict(request, frozenset(allowed), frozenset(known or ()), self._calm(request), tuple(complaints))

    def _complaints(self, request: Request, allowed: set[str]) -> Iterator[str]:
        if request.outcome not in allowed:
            yield f"{request.outcome} is not among what was allowed"
        if request.complaint:
            yield request.complaint
        if request.took > WAIT + GRANTED + self._log.stalled(request.sent, request.answered):
            yield f"it took {request.took:.3f} s"

    # -- the key ------------------------------------------------------------------------------------------------------

    def _known(self, request: Request) -> set[str] | None:
        if request not in self._fates:
            self._fates[request] = self._history.fates(request.token.kid, request.sent, request.answered)
        return self._fates[request]

    def _by_key(self, request: Request, known: set[str]) -> set[str]:
        allowed = set[str]()
        for fate in known:
            if fate == WITHDRAWN:
                allowed.add("unknown_key")
            elif fate == DISPUTED or (fate in (UNLISTED, DARK) and not self._calm(request)):
                allowed.add("keys_unavailable")
            elif fate not in (UNLISTED, DARK):
                allowed.add("ok" if fate == request.token.signer else "invalid_signature")
        if UNLISTED in known and self._all_answered_without(request):
            allowed.add("unknown_key")
        return allowed

    def _all_answered_without(self, request: Request) -> bool:
        """Whether 401 can rest on an answer of every endpoint that has a say."""
        return all(self._answered_without(place, request) for place in range(self._log.places))

    def _answered_without(self, place: int, request: Request) -> bool:
        now = self._log.time.span(request.sent, request.answered)
        if any(silent(word, now) > NO for word in self._history.words(place, request.sent, request.answered)):
            return True
        own_walk = self._calm(request) and not self._asked_before(request)
        since = self._mono(request.sent) - (0.0 if own_walk else REMEMBERED)
        return any(
            entry.maybe <= request.answered and entry.said.kind != "failure"
            and request.token.kid not in entry.said.keys and entry.said.sent.span.late.mono >= since
            for entry in self._history.entries(place)
        )  # fmt: skip

    # -- what stood in the way ----------------------------------------------------------------------------------------

    def _calm(self, request: Request) -> bool:
        """Whether nothing stood in the way of finding out what a kid means."""
        return (
            request.took < WAIT
            and not self._log.time.moved(request.sent - SLACK, request.answered)
            and all(self._well(place, request) for place in range(self._log.places))
            and len(self._strangers_before(request)) <= 1
        )

    def _well(self, place: int, request: Request) -> bool:
        """Whether an endpoint has answered whenever it was asked, lately and last."""
        since, last = self._mono(request.sent) - BACK_OFF - SLACK, None
        for entry in self._history.entries(place):
            if entry.maybe > request.answered:
                break
            last = entry.said.kind
            ended = min(entry.sure, request.answered)
            if last == "failure" and self._log.time.span(ended, ended).late.mono >= since:
                return False
        return last != "failure"

    def _strangers_before(self, request: Request) -> list[Request]:
        """The other requests that can have paid for a walk since the bucket was full for sure."""
        since = self._mono(request.sent) - FULL - SLACK
        return [
            other for mono, other in self._strangers
            if mono >= since and other.sent <= request.answered and other is not request
        ]  # fmt: skip

    @cached_property
    def _strangers(self) -> list[tuple[float, Request]]:
        """The requests with a kid that nobody may have listed, and when they ended."""
        return [
            (self._log.time.span(request.answered, request.answered).late.mono, request)
            for request in self._log.requests if self._is_stranger(request)
        ]  # fmt: skip

    def _is_stranger(self, request: Request) -> bool:
        known = self._known(request)
        return known is None or not known.isdisjoint((UNLISTED, DARK))

    def _asked_before(self, request: Request) -> bool:
        """Whether somebody asked for the same kid so lately that a refusal of it may be remembered."""
        since = self._mono(request.sent) - REMEMBERED
        return any(
            other is not request and other.sent <= request.answered
            and self._log.time.span(other.answered, other.answered).late.mono >= since
            for other in self._by_kid[request.token.kid]
        )  # fmt: skip

    @cached_property
    def _by_kid(self) -> dict[str, list[Request]]:
        by_kid = defaultdict[str, list[Request]](list)
        for request in self._log.requests:
            by_kid[request.token.kid].append(request)
        return by_kid

    def _mono(self, real: float) -> float:
        return self._log.time.span(real, real).early.mono


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
