"""Whether a legacy issuer can go, as far as evidence can tell. Where it cannot, the answer is no.

Each rule has its way of being wrong about it in mind:

* A process that began an hour ago, or that has lost its memory, has not seen who comes once a day. So every process
  that still accepts the issuer must have watched for a day, and in all of it no legacy token may have come. A token may
  live for a day; where one was seen to live longer, for as long as that.
* A report tells of the time until it was taken. What came afterwards nobody knows, so silence ends there; and a report
  that is older than a day watches nothing any more. What it has seen still counts.
* Silence is no sign where nobody speaks: a token of the current issuer must have been accepted, a day before. A pool
  moves as a whole, so whatever is left of the legacy issuer was minted before that one.
* Processes may have different configurations, in the middle of a deployment. Who does not know the issuer watches
  nothing. The window is open until the last of them closes it, and who takes it for a current issuer never does.

It goes by the clocks of the hosts, so these should agree within minutes; the leeway of the validators is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

from jwtmr._evidence import IssuerDrain, ProcessDrain, Seen, sum_of

DAY: Final = 86400.0
"""Seconds that an access or ID token of Cognito lives at most (Amazon Cognito Developer Guide, app client settings)."""
LAST_MOMENT: Final = 253402300799.0
"""Unix seconds of the last second of the year 9999, the end of ``datetime``."""

DrainState: TypeAlias = Literal["closed", "safe", "waiting", "too_early", "not_yet"]
"""``closed``: legacy issuers are refused already, or there are none. ``safe``: for a whole day all processes have
watched, and none accepted a legacy token. ``waiting``: none are issued any more, and the last one was seen less than a
day ago, or has not expired. ``too_early``: the processes cannot tell, most of all as they have watched for less than a
day. ``not_yet``: legacy tokens are still issued, or some process does not know that they are that."""

_WORSE: Final[dict[DrainState, int]] = {"closed": 0, "safe": 1, "waiting": 2, "too_early": 3, "not_yet": 4}
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class DrainVerdict(msgspec.Struct, frozen=True):
    """Whether legacy issuers can go, as evidence. ``str()`` of it is a sentence."""

    state: DrainState
    safe_after: datetime | None
    """Not before then, and only if no legacy token comes any more; None where nothing can be said."""
    text: str
    issuer: str | None = None
    """The legacy issuer that it is about: of several the one that can go last."""

    def __str__(self) -> str:
        return self.text


def verdict_of(processes: Sequence[ProcessDrain], now: float) -> DrainVerdict:
    """The verdict at the Unix time ``now``: that of the legacy issuer that can go last."""
    if not processes:
        return DrainVerdict("too_early", None, "too early: no process has reported")
    legacy = {one.issuer for process in processes for one in process.issuers if one.kind == "legacy"}
    cases = [_Case(issuer, legacy, processes, now) for issuer in sorted(legacy)]
    verdicts = [case.verdict() for case in cases if case.open]
    if not verdicts:
        why = "every window has closed" if legacy else "there is none"
        return DrainVerdict("closed", None, f"closed: no legacy issuer is accepted, {why}")
    return max(verdicts, key=lambda one: (_WORSE[one.state], one.safe_after or _NEVER))


class _Case:
    """All that is known of one legacy issuer."""

    def __init__(self, issuer: str, legacy: set[str], processes: Sequence[ProcessDrain], now: float) -> None:
        self._issuer: Final = issuer
        everybody = [(process, one) for process in processes for one in process.issuers if one.issuer == issuer]
        heard_of = [(process, one) for process, one in everybody if now - process.taken_at < DAY]
        knowing = heard_of or everybody
        self.open: Final = any(_accepts(one, now) for _, one in knowing)
        self._strangers: Final = sum(one.kind == "current" for _, one in knowing)
        self._knowing: Final = len(knowing)
        self._seen: Final = sum_of(one.total for _, one in everybody)
        authorities = {one.authority for _, one in everybody}
        self._current: Final = sum_of(one.total for one in _current(processes, authorities, legacy))
        self._leeway: Final = max(process.leeway for process, _ in everybody)
        self._day: Final = max([DAY, *(seen.longest_life for seen in (self._seen, self._current) if seen)])
        watching = [process for process, one in heard_of if _accepts(one, now)]
        self._watching: Final = len(watching)
        self._since: Final = max((process.since for process in watching), default=now)
        self._until: Final = min([now, *(process.taken_at for process in watching)])

    def verdict(self) -> DrainVerdict:
        """What it comes to."""
        seen, current = self._seen, self._current
        if self._strangers:
            return self._say("not_yet", f"{self._strangers} of {_count(self._knowing)} take it for a current issuer")
        if seen is not None and (current is None or seen.latest_issue >= current.latest_issue):
            newest, gone = _date(seen.latest_issue), self._gone(seen)
            text = f"a legacy token was issued at {newest}, and no current one later; the last one expires at"
            return self._say("not_yet", f"{text} {self._end(seen)}", gone)
        if not self._watching:
            return self._say("too_early", "no process that accepts it has reported for a day")
        if current is None:
            return self._say("too_early", "no token of a current issuer was accepted, so silence says nothing")
        return self._times(seen, max(self._since, current.first_seen) + self._day + self._leeway)

    def _times(self, seen: Seen | None, watched: float) -> DrainVerdict:
        """All of them have watched for long enough at ``watched``."""
        gone = watched if seen is None else self._gone(seen)
        safe = max(watched, gone)
        quiet = self._since if seen is None else max(self._since, seen.last_seen)
        text = f"no legacy token accepted by {_count(self._watching)} since {_date(quiet)}"
        if seen is not None:
            text += f"; the last one expires at {self._end(seen)}"
        if safe <= self._until:
            return self._say("safe", f"{text}; watched until {_date(self._until)}", safe)
        late = seen is not None and gone > self._until
        return self._say("waiting" if late else "too_early", f"{text}; not before {_date(safe)}", safe)

    def _gone(self, seen: Seen) -> float:
        """When the last legacy token has expired, and nobody has come with another one for a day."""
        return max(seen.last_seen + self._day, seen.latest_expiry) + self._leeway

    def _end(self, seen: Seen) -> str:
        return _date(seen.latest_expiry + self._leeway)

    def _say(self, state: DrainState, why: str, safe: float | None = None) -> DrainVerdict:
        after = None if safe is None else _moment(safe)
        return DrainVerdict(state, after, f"{state.replace('_', ' ')}: {self._issuer}: {why}", self._issuer)


def _accepts(one: IssuerDrain, now: float) -> bool:
    return one.accept_until is None or now < one.accept_until


def _current(processes: Sequence[ProcessDrain], authorities: set[str], legacy: set[str]) -> Iterable[IssuerDrain]:
    """The current issuers of these authorities. An old house with keys of its own has none: then all there are."""
    everything = [one for process in processes for one in process.issuers if one.issuer not in legacy]
    return [one for one in everything if one.authority in authorities] or everything


def _count(processes: int) -> str:
    return "this process" if processes == 1 else f"these {processes} processes"


def _moment(unix: float) -> datetime:
    return datetime.fromtimestamp(min(max(unix, 0.0), LAST_MOMENT), UTC)


def _date(unix: float) -> str:
    return _moment(unix).isoformat(" ", "seconds")
