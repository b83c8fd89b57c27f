"""The whole examination: ask everybody at once, then let each group of checks say what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from jwtmr.bearer.metadata import ResourceMetadata
from jwtmr.cli.doctor.agreement import agreement_findings
from jwtmr.cli.doctor.answers import answer_findings
from jwtmr.cli.doctor.asking import Asked, ask_all
from jwtmr.cli.doctor.clocks import clock_findings
from jwtmr.cli.doctor.findings import EVERYTHING, QUESTIONS, Finding, Question, Severity
from jwtmr.cli.doctor.mcp import Visit, mcp_findings, visit
from jwtmr.cli.doctor.probe import Tools
from jwtmr.cli.doctor.reach import reach_findings
from jwtmr.cli.doctor.report import Diagnosis
from jwtmr.cli.doctor.sample import Sample, sample_findings
from jwtmr.cli.doctor.seen import see
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.doctor.targets import flow_of, targets_of
from jwtmr.cli.doctor.verdict import verdict_on
from jwtmr.cli.doctor.windows import window_findings
from jwtmr.issuers import Authority

_ORDER: tuple[Severity, ...] = ("problem", "unknown", "warning", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an examination is to find out."""

    authorities: Sequence[Authority]
    leeway: float
    """Seconds."""
    question: Question | None = None
    """The one that is asked; None: what there is to say on each, and the exit code of ``now``."""
    mcp: ResourceMetadata | None = None
    limit: float
    """Seconds for all that is asked."""


def examine(
    wanted: Wanted, tools: Tools, progress: Callable[[str], None], try_sample: Callable[[], Sample] | None = None
) -> Diagnosis:
    """Ask, try the sample token, and judge."""
    flows = [flow_of(target) for authority in wanted.authorities for target in targets_of(authority)]
    if wanted.mcp is not None:
        issuers = [issuer.url for authority in wanted.authorities for issuer in authority.issuers]
        flows.append(visit(wanted.mcp, issuers))
    asked = ask_all(flows, tools, progress, wanted.limit)
    if try_sample is not None:
        progress("trying the sample token …")
    return judge(wanted, asked, tools.clock.wall(), None if try_sample is None else try_sample())


def judge(wanted: Wanted, asked: Sequence[Asked], now: float, sample: Sample | None) -> Diagnosis:
    """What there is to say of what was ``asked``: the targets of all authorities in order, then MCP. Pure."""
    standings = _standings(wanted.authorities, asked, now)
    visited = None if wanted.mcp is None else Visit(wanted.mcp, asked[-1])
    findings = _findings(wanted, standings, visited, sample)
    questions = QUESTIONS if wanted.question is None else (wanted.question,)
    verdicts = tuple(verdict_on(question, standings, findings, sample) for question in questions)
    return Diagnosis(tuple(standings), tuple(findings), verdicts, sample, visited, wanted.question or "now")


def _standings(authorities: Sequence[Authority], asked: Sequence[Asked], now: float) -> list[Standing]:
    left = iter(asked)
    looks = [tuple(see(target, one, next(left)) for target in targets_of(one)) for one in authorities]
    return [
        Standing(one, seen, now, any(other.accepts(now) for other in authorities if other is not one))
        for one, seen in zip(authorities, looks, strict=True)
    ]


def _findings(
    wanted: Wanted, standings: Sequence[Standing], visited: Visit | None, sample: Sample | None
) -> list[Finding]:
    probes = [probe for standing in standings for look in standing.asked for probe in look.probes]
    found = [
        *_nobody(standings),
        *(finding for standing in standings for finding in _of_one(standing)),
        *clock_findings(probes, wanted.leeway),
        *([] if sample is None else sample_findings(sample, standings)),
        *([] if visited is None else mcp_findings(visited, standings)),
    ]
    return sorted(merged(found), key=lambda finding: (finding.code != "nobody_answers", _ORDER.index(finding.severity)))


def _of_one(standing: Standing) -> list[Finding]:
    found: list[Finding] = []
    for look in standing.looks:
        if look.target.asked_by_validator:
            for probe in look.probes:
                found += reach_findings(look.target, probe, standing.now)
        found += answer_findings(standing, look)
    return [*found, *agreement_findings(standing), *window_findings(standing)]


def _nobody(standings: Sequence[Standing]) -> list[Finding]:
    if any(standing.answered for standing in standings):
        return []
    return [
        Finding(
            severity="unknown", code="nobody_answers", blocks=EVERYTHING,
            what="no host could be reached from here, so nothing can be told of any",
            why="It may be this machine: no network, no DNS, or a firewall. The findings below say how far each got.",
            do="Run doctor where the service runs.",
        )
    ]  # fmt: skip


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding where several places have the same thing to be said of them."""
    first: dict[tuple[str, str, str | None], list[Finding]] = {}
    for finding in findings:
        first.setdefault((finding.code, finding.what, finding.authority), []).append(finding)
    return [
        several[0]
        if len(several) == 1
        else replace(
            several[0],
            what=f"{several[0].what} (at {len(several)} places)",
            blocks=frozenset(question for finding in several for question in finding.blocks),
        )
        for several in first.values()
    ]
