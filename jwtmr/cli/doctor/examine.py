"""The whole examination: ask everybody at once, then let each group of checks say what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jwtmr.bearer.metadata import ResourceMetadata
from jwtmr.cli.doctor.agreement import agreement_findings
from jwtmr.cli.doctor.answers import answer_findings
from jwtmr.cli.doctor.asking import Asked, ask_all
from jwtmr.cli.doctor.clocks import clock_findings
from jwtmr.cli.doctor.findings import EVERYTHING, QUESTIONS, Finding, Question, Severity
from jwtmr.cli.doctor.mcp import Visit, mcp_findings, visit
from jwtmr.cli.doctor.probe import Probe, Tools, Trouble
from jwtmr.cli.doctor.reach import reach_findings
from jwtmr.cli.doctor.report import Diagnosis
from jwtmr.cli.doctor.sample import Sample, sample_findings
from jwtmr.cli.doctor.seen import see
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.doctor.targets import flow_of, targets_of
from jwtmr.cli.doctor.verdict import verdict_on
from jwtmr.cli.doctor.windows import window_findings
from jwtmr.issuers import Authority

MAX_ALIKE: Final = 5
"""Findings of one code that are told of one authority."""
_NO_WAY: Final = frozenset[Trouble]({"unknown_name", "name_service", "refused", "unreachable", "timeout"})
"""Troubles behind which there may be a network that has a proxy as its only way out."""
_ORDER: Final[tuple[Severity, ...]] = ("problem", "unknown", "warning", "ok")


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
    proxy: str | None = None
    """The variable of the environment that names a proxy."""


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
    anybody = any(probe.answer is not None for seen in looks for look in seen for probe in look.probes)
    return [
        Standing(one, seen, now, any(other.accepts(now) for other in authorities if other is not one), anybody)
        for one, seen in zip(authorities, looks, strict=True)
    ]


def _findings(
    wanted: Wanted, standings: Sequence[Standing], visited: Visit | None, sample: Sample | None
) -> list[Finding]:
    probes = [probe for standing in standings for look in standing.asked for probe in look.probes]
    found = [
        *_nobody(standings),
        *_proxy(wanted.proxy, probes),
        *(finding for standing in standings for finding in _of_one(standing)),
        *clock_findings(probes, wanted.leeway),
        *([] if sample is None else sample_findings(sample, standings)),
        *([] if visited is None else mcp_findings(visited, standings)),
    ]
    return sorted(merged(found), key=lambda finding: (finding.code != "nobody_answers", _ORDER.index(finding.severity)))


def _proxy(variable: str | None, probes: Sequence[Probe]) -> list[Finding]:
    if variable is None or not any(probe.trouble in _NO_WAY for probe in probes):
        return []
    return [
        Finding(
            severity="warning", code="proxy_not_used",
            what=f"{variable} names a proxy, and it was not used, as a validator does not either",
            why="The environment of a service must not redirect whom it trusts, so it has to be told in its code. If "
            "hosts can only be reached through the proxy, that is why they do not answer here.",
            do="Let the service use http_get=httpx_get(proxy=…), or run doctor where no proxy is needed.",
        )
    ]  # fmt: skip


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
    """One finding where several places have the same to be said of them, and a few of each kind for an authority."""
    same: dict[tuple[str, str, str | None], list[Finding]] = {}
    for finding in findings:
        same.setdefault((finding.code, finding.what, finding.authority), []).append(finding)
    alike: dict[tuple[str, str | None], list[Finding]] = {}
    for (code, _, authority), several in same.items():
        alike.setdefault((code, authority), []).append(_one_of(several, f"at {len(several)} places"))
    return [finding for several in alike.values() for finding in _few(several)]


def _few(several: list[Finding]) -> list[Finding]:
    """At most :data:`MAX_ALIKE`: a host can be wrong in a hundred ways at once."""
    last, more = several[MAX_ALIKE - 1 :], len(several) - MAX_ALIKE
    return several if more <= 0 else [*several[: MAX_ALIKE - 1], _one_of(last, f"and {more} more like it")]


def _one_of(several: Sequence[Finding], rest: str) -> Finding:
    """The first of ``several``, with all that any of them blocks."""
    if len(several) == 1:
        return several[0]
    blocks = frozenset(question for finding in several for question in finding.blocks)
    return replace(several[0], what=f"{several[0].what} ({rest})", blocks=blocks)
