"""What reports or metrics come to, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Literal, TypeAlias

from jwtmr._evidence import IssuerDrain, Seen
from jwtmr._verdict import DAY, LAST_MOMENT, DrainState
from jwtmr.cli.command import Exit
from jwtmr.cli.output import Page, Tone
from jwtmr.drain import DrainReport, DrainVerdict

Evidence: TypeAlias = Literal["reports", "metrics"]

EXITS: Final[Mapping[DrainState, Exit]] = {
    "closed": Exit.YES, "safe": Exit.YES, "waiting": Exit.NO, "not_yet": Exit.NO, "too_early": Exit.UNKNOWN,
}  # fmt: skip
_TONES: Final[Mapping[Exit, Tone]] = {Exit.YES: "good", Exit.NO: "bad", Exit.UNKNOWN: "doubtful"}
_ANSWERS: Final[Mapping[DrainState, str]] = {
    "closed": "safe: legacy tokens are refused already",
    "safe": "safe: the legacy issuer can go",
    "waiting": "not yet: safe after {after}, if no legacy token comes any more",
    "not_yet": "not yet: the legacy issuer is still in use",
    "too_early": "could not tell: too early",
}
_TO_DO: Final[Mapping[DrainState, str]] = {
    "closed": "Take the legacy issuer out of the configuration, or leave it.",
    "safe": "Close the window: move accept_legacy_until to the past.",
    "waiting": "Wait until then, and ask again. The clients below are those that come late.",
    "not_yet": "Wait for the switch to be everywhere, or look at the process that takes the issuer for a current one.",
    "too_early": "Go on collecting: all processes must have been watched for a day, with tokens of the current issuer.",
}
_BY_METRICS: Final = (
    "By metrics, of which each address counts as one process. One look at them does not tell when tokens came, nor "
    "since when current ones do, so the worst is assumed; nor how long tokens live, which is taken to be a day at "
    "most, as with Cognito. Drain reports say more, and so do the queries of docs/operations.md, as Prometheus "
    "remembers."
)
_SWITCHED: Final = " If you know when the pool was switched, say so with --switched-at."
NAMELESS: Final = "(others)"
_OTHERS: Final = "(others): tokens that name no client, and clients beyond the first hundred"


@dataclass(frozen=True, slots=True)
class Source:
    """One file or address."""

    name: str
    processes: int
    problem: str | None = None
    """Why it says nothing."""


@dataclass(frozen=True, slots=True)
class Drained:
    """Who still sends legacy tokens, and whether their issuer can go."""

    schema: ClassVar[str] = "jwtmr.drain/1"
    evidence: Evidence
    sources: Sequence[Source]
    report: DrainReport
    now: float

    @property
    def verdict(self) -> DrainVerdict:
        """Of those sources that could be read."""
        return self.report.verdict(self.now)

    @property
    def failed(self) -> list[Source]:
        """The sources that could not be read."""
        return [one for one in self.sources if one.problem is not None]

    @property
    def exit(self) -> Exit:
        """That of the verdict; unknown where any source is missing, as the evidence is too."""
        return Exit.UNKNOWN if self.failed else EXITS[self.verdict.state]

    @property
    def legacy(self) -> list[IssuerDrain]:
        """The legacy issuers, over all processes."""
        return [one for one in self.report.issuers if one.kind == "legacy"]

    def document(self) -> Mapping[str, object]:
        """As JSON. Times are Unix seconds; those that metrics do not tell are null."""
        verdict, processes = self.verdict, self.report.processes
        after = verdict.safe_after
        return {
            "evidence": self.evidence,
            "answer": {Exit.YES: "safe", Exit.NO: "not yet", Exit.UNKNOWN: "could not tell"}[self.exit],
            "verdict": {
                "state": verdict.state,
                "safe_after": None if after is None else after.timestamp(),
                "text": verdict.text,
                "issuer": verdict.issuer,
            },
            "processes": len(processes),
            "since": max((one.since for one in processes), default=None),
            "until": min((one.taken_at for one in processes), default=None),
            "sources": [
                {"source": one.name, "processes": one.processes, "problem": one.problem} for one in self.sources
            ],
            "legacy": [self._issuer(one) for one in self.legacy],
        }

    def _issuer(self, one: IssuerDrain) -> Mapping[str, object]:
        return {
            "authority": one.authority,
            "issuer": one.issuer if self.evidence == "reports" else None,
            "region": one.region,
            "accept_until": one.accept_until,
            "accepted": one.total.accepted if one.total else 0,
            "would_have_refused": one.would_have_refused,
            "clients": [self._client(name, seen) for name, seen in _ranked(one)],
        }

    def _client(self, name: str | None, seen: Seen) -> Mapping[str, object]:
        reported = self.evidence == "reports"
        return {
            "client": name,
            "accepted": seen.accepted,
            "first_seen": seen.first_seen if reported else None,
            "last_seen": seen.last_seen if reported else None,
            "latest_expiry": seen.latest_expiry,
        }

    def write(self, page: Page) -> None:
        """The answer, why, who sends what, and what it rests on."""
        for source in self.failed:
            page.item("could not be read", f"{source.name}: {source.problem}", "bad")
        if self.failed and not self.report.processes:
            page.line("could not tell: there is no evidence", "doubtful")
            return
        if self.failed:
            page.line("could not tell: a part of the evidence is missing. What the rest says:", "doubtful")
            page.line()
        verdict = self.verdict
        after = "" if verdict.safe_after is None else verdict.safe_after.strftime("%Y-%m-%d %H:%M:%S UTC")
        page.line(_ANSWERS[verdict.state].format(after=after), _TONES[EXITS[verdict.state]])
        page.line(verdict.text, indent=2)
        page.line(_TO_DO[verdict.state], indent=2)
        for one in self.legacy:
            page.line()
            self._write_issuer(one, page)
        page.line()
        self._write_processes(page)

    def _write_issuer(self, one: IssuerDrain, page: Page) -> None:
        name = one.issuer if self.evidence == "reports" else f"the legacy issuer of {one.authority}"
        page.line(name, "strong")
        end = "never" if one.accept_until is None else f"{_date(one.accept_until)} UTC"
        page.line(f"its window ends: {end}", indent=2)
        if one.would_have_refused is not None:
            page.line(f"tokens that the dry run would have refused: {one.would_have_refused}", indent=2)
        if one.total is None:
            page.line("no token of it was accepted", "good", indent=2)
            return
        reported = self.evidence == "reports"
        headers = ["client", "tokens", *(["last seen (UTC)"] if reported else []), "last one expires (UTC)"]
        rows = [
            [
                NAMELESS if name is None else name,
                str(seen.accepted),
                *([_date(seen.last_seen)] if reported else []),
                _date(seen.latest_expiry),
            ]
            for name, seen in _ranked(one)
        ]
        page.table(headers, rows, indent=2)
        if one.others is not None:
            page.line(_OTHERS, indent=2)

    def _write_processes(self, page: Page) -> None:
        processes = self.report.processes
        if not processes:
            page.line("Nothing was seen: no process has reported.", "doubtful")
            return
        count = "1 process" if len(processes) == 1 else f"{len(processes)} processes, all of them"
        since, until = max(one.since for one in processes), min(one.taken_at for one in processes)
        page.line(f"Seen by {count} since {_date(since)}, and until {_date(until)} UTC.")
        late = sum(self.now - one.taken_at >= DAY for one in processes)
        if late:
            page.line(f"{late} of them reported a day ago or longer, and watch nothing any more.", "doubtful")
        if self.evidence == "metrics":
            page.line(_BY_METRICS + ("" if self.exit is Exit.YES else _SWITCHED))


def _ranked(one: IssuerDrain) -> list[tuple[str | None, Seen]]:
    """Clients, the busiest first; None for all that have no name."""
    ranked: list[tuple[str | None, Seen]] = [
        *sorted(one.clients.items(), key=lambda item: (-item[1].accepted, item[0]))
    ]
    return ranked if one.others is None else [*ranked, (None, one.others)]


def _date(unix: float) -> str:
    return f"{datetime.fromtimestamp(min(max(unix, 0.0), LAST_MOMENT), UTC):%Y-%m-%d %H:%M:%S}"
