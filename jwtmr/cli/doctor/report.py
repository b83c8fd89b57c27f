"""What doctor shows: hosts, findings, and the verdict last, where the eye is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, Final

from jwtmr.cli.command import Exit
from jwtmr.cli.doctor.agreement import thumbprints
from jwtmr.cli.doctor.clocks import offset_of
from jwtmr.cli.doctor.findings import Finding, Question, Severity, host_of, shortened
from jwtmr.cli.doctor.mcp import Visit
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.reach import DAY, day, in_days
from jwtmr.cli.doctor.sample import Sample
from jwtmr.cli.doctor.seen import Seen
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.doctor.verdict import Reply, Verdict
from jwtmr.cli.output import Page, Tone
from jwtmr.issuers import NEVER, Issuer

_TONES: Final[Mapping[Severity, Tone]] = {
    "ok": "good", "warning": "doubtful", "problem": "bad", "unknown": "doubtful",
}  # fmt: skip
_REPLIES: Final[Mapping[Reply, tuple[str, Tone, Exit]]] = {
    "yes": ("YES", "good", Exit.YES),
    "no": ("NO", "bad", Exit.NO),
    "unknown": ("COULD NOT TELL", "doubtful", Exit.UNKNOWN),
}
_QUESTIONS: Final[Mapping[Question, str]] = {
    "now": "does this configuration work now?",
    "switch": "ready to switch the issuer?",
    "refuse-legacy": "ready to refuse tokens of the old issuer?",
}
_FORMS: Final = {
    "updated": "updated issuer", "original": "original issuer", "replica": "replica", "keys": "key set",
    "discovery": "discovery",
}  # fmt: skip
_HEADERS: Final = ("region", "what", "host", "answer", "keys", "certificate", "took")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found out."""

    schema: ClassVar[str] = "jwtmr.doctor/1"
    standings: tuple[Standing, ...]
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    sample: Sample | None
    visit: Visit | None
    asked: Question
    """The question that the exit code answers."""

    @property
    def exit(self) -> Exit:
        """How the command ends."""
        return next(_REPLIES[verdict.answer][2] for verdict in self.verdicts if verdict.question == self.asked)

    def document(self) -> Mapping[str, object]:
        """As JSON."""
        return {
            "asked": self.asked,
            "verdicts": [
                {"question": verdict.question, "answer": verdict.answer, "why": list(verdict.why)}
                for verdict in self.verdicts
            ],
            "findings": [finding.document() for finding in self.findings],
            "authorities": [_authority(standing) for standing in self.standings],
            "token": None if self.sample is None else self.sample.document(),
            "mcp": None if self.visit is None else [_step(probe) for probe in self.visit.probes],
        }

    def write(self, page: Page) -> None:
        """For people."""
        for standing in self.standings:
            _write_authority(page, standing)
        if self.sample is not None:
            page.line(_sample_line(self.sample), "strong")
            page.line()
        for alike in _alike(self.findings):
            _write_findings(page, alike, several=len(self.standings) > 1)
        for place, verdict in enumerate(self.verdicts):
            if place:
                page.line()
            _write_verdict(page, verdict)


def _write_authority(page: Page, standing: Standing) -> None:
    page.line(standing.authority.id, "strong")
    for issuer in standing.authority.issuers:
        page.item(f"{issuer.kind} issuer", f"{issuer.url}  {_accepted(issuer, standing.now)}", width=14, indent=2)
    rows = [list(_row(look, standing.now)) for look in standing.looks]
    told = [place for place in range(len(_HEADERS)) if any(row[place] != "-" for row in rows)]
    page.line()
    page.table([_HEADERS[place] for place in told], [[row[place] for place in told] for row in rows], indent=2)
    page.line()


def _accepted(issuer: Issuer, now: float) -> str:
    if issuer.kind == "current":
        return "accepted"
    if issuer.accept_until == NEVER:
        return "refused"
    until = issuer.accept_until_unix
    word = "accepted until" if now < until else "refused since"
    return f"{word} {day(until)}, {in_days(until - now)}"


def _row(look: Seen, now: float) -> Iterator[str]:
    last = look.last
    yield look.target.endpoint.region or "-"
    yield _FORMS[look.target.form] + ("" if look.target.asked_by_validator else " (not configured)")
    yield host_of(last.url)
    yield (last.trouble or "").replace("_", " ") if last.answer is None else str(last.answer.status)
    yield "-" if look.keys is None else str(len(look.keys.keys))
    yield "-" if last.certificate is None else _days(last.certificate.ends - now)
    yield f"{last.total * 1000:.0f} ms"


def _days(seconds: float) -> str:
    return f"{seconds / DAY:.0f} days" if seconds >= 0 else "expired"


def _sample_line(sample: Sample) -> str:
    if sample.code is not None:
        return f"sample token: refused as {sample.code}"
    return f"sample token: accepted, of the {sample.kind} issuer {sample.issuer}"


def _alike(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings that follow one another and ask for the same for the same reason, as both hosts of a region do."""
    for _, several in groupby(findings, lambda one: (one.severity, one.code, one.why, one.do)):
        yield list(several)


def _write_findings(page: Page, alike: Sequence[Finding], *, several: bool) -> None:
    for finding in alike:
        page.line(f"[{finding.severity}] {finding.code}: {finding.what}", _TONES[finding.severity])
        places = (finding.authority if several else None, finding.region, finding.url)
        where = [part for part in places if part and part not in finding.what]
        if where:
            page.item("where", "  ".join(where), width=6, indent=2)
    page.item("why", alike[0].why, width=6, indent=2)
    page.item("do", alike[0].do, width=6, indent=2)
    page.line()


def _write_verdict(page: Page, verdict: Verdict) -> None:
    word, tone, _ = _REPLIES[verdict.answer]
    page.line(f"{_QUESTIONS[verdict.question]} {word}", tone)
    for reason in verdict.why:
        page.item("-", reason, indent=2)


def _authority(standing: Standing) -> dict[str, object]:
    return {
        "id": standing.authority.id,
        "switched": standing.switched,
        "refuses_everything": standing.refuses_everything,
        "issuers": [
            {
                "url": issuer.url, "kind": issuer.kind, "region": issuer.region,
                "accepted": standing.now < issuer.accept_until_unix,
                "accept_until": None if issuer.accept_until is None else issuer.accept_until.isoformat(),
            }
            for issuer in standing.authority.issuers
        ],
        "endpoints": [_endpoint(look, standing.now) for look in standing.looks],
    }  # fmt: skip


def _endpoint(look: Seen, now: float) -> dict[str, object]:
    reading = look.reading
    return {
        "url": look.target.url,
        "region": look.target.endpoint.region,
        "form": look.target.form,
        "asked_by_validator": look.target.asked_by_validator,
        "outcome": None if reading is None else reading.outcome,
        "keys": [
            {"kid": kid, "alg": alg, "thumbprint": thumbprint}
            for (kid, alg), thumbprint in sorted(thumbprints(look).items())
        ],
        "refused": [] if reading is None else [shortened(reason, 200) for reason in reading.refused],
        "steps": [{**_step(probe), **_ends(probe, now)} for probe in look.probes],
    }


def _step(probe: Probe) -> dict[str, object]:
    answer, offset = probe.answer, offset_of(probe)
    return {
        "url": shortened(probe.url, 2048),
        "ended_in": probe.step,
        "trouble": probe.trouble,
        "detail": shortened(probe.detail, 200),
        "status": None if answer is None else answer.status,
        "clock_offset_seconds": None if offset is None else round(offset, 1),
        "milliseconds": {step: round(seconds * 1000, 1) for step, seconds in (probe.seconds or {}).items()},
    }


def _ends(probe: Probe, now: float) -> dict[str, object]:
    shown = probe.certificate
    if shown is None:
        return {"certificate": None}
    return {
        "certificate": {
            "trusted": shown.trusted, "ends": day(shown.ends), "days_left": round((shown.ends - now) / DAY, 1),
            "names": list(shown.names), "issued_by": shown.issued_by,
        }
    }  # fmt: skip
