"""The verdict: a yes, a no or "could not tell" to each question, and why. Pure.

**now**: does this configuration accept good tokens as things stand? **switch**: if the issuer were switched this
moment, would both kinds of token be accepted, and nobody notice? That asks for a new and an old issuer in the settings,
a window that outlasts the tokens of before (a day), and hosts that all answer and agree; that the new issuer has
nothing to say before the switch is expected. **refuse-legacy**: may tokens of the old issuer be refused? That asks for
a new issuer that is there and serves the same keys. Whether somebody still sends old tokens cannot be seen from
outside: ``jwtmr drain`` counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from jwtmr.cli.doctor.codes import MEANINGS, OF_HOSTS
from jwtmr.cli.doctor.findings import Finding, Question
from jwtmr.cli.doctor.sample import Sample
from jwtmr.cli.doctor.standing import Standing

Reply: TypeAlias = Literal["yes", "no", "unknown"]

TOKEN_LIFE: Final = 86400.0
"""Seconds that access and ID tokens of Cognito live at most: until then those of before the switch must be accepted."""


MAX_REASON: Final = 160
"""Characters of a reason: two lines."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question."""

    question: Question
    answer: Reply
    why: tuple[str, ...]
    """Reasons for a no; for a yes what it rests on, and what it does not cover."""


def verdict_on(
    question: Question, standings: Sequence[Standing], findings: Sequence[Finding], sample: Sample | None
) -> Verdict:
    """Answer one question."""
    blocking = [finding for finding in findings if question in finding.blocks]
    if any(finding.code == "nobody_answers" for finding in blocking):
        blocking = [finding for finding in blocking if finding.code not in OF_HOSTS]
    if sample is not None and sample.code is None:  # whatever the updated host serves, tokens of now are accepted
        blocking = [finding for finding in blocking if finding.code != "updated_issuer_answers"]
    doubts = [_reason(finding) for finding in blocking if finding.severity == "unknown"]
    against = [_reason(finding) for finding in blocking if finding.severity != "unknown"]
    own, open_questions, notes = _OWN[question](standings, sample)
    against = [*own, *against]
    if against:
        return Verdict(question, "no", _once(against))
    if doubts or open_questions:
        return Verdict(question, "unknown", _once([*doubts, *open_questions]))
    return Verdict(question, "yes", tuple(notes))


def _reason(finding: Finding) -> str:
    """What stands in the way. The finding tells a long story once; here its name is enough."""
    return finding.what if len(finding.what) <= MAX_REASON else f"{MEANINGS[finding.code]} ({finding.code})"


def _once(reasons: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons))


_Opinion: TypeAlias = tuple[list[str], list[str], list[str]]
"""Reasons against, what cannot be told, and notes for a yes."""


def _now(standings: Sequence[Standing], sample: Sample | None) -> _Opinion:
    keys = [standing.authority.id for standing in standings if standing.has_keys]
    notes = [f"keys were fetched for {', '.join(keys)}"] if keys else []
    if sample is not None and sample.code is None:
        notes.append("the sample token was accepted")
    elif sample is None:
        notes.append("no token was tried: --token-file gives one, and tries clients, audience and signature too")
    accepted = sample is not None and sample.code is None
    unsure = [
        f"{standing.authority.id}: tokens of the old issuer are refused, and the new one gives no sign that it is "
        "switched on. A token of just now, given with --token-file, would"
        for standing in standings
        if standing.hangs_on_switch and not accepted
    ]
    return [], unsure, notes


def _switch(standings: Sequence[Standing], _: Sample | None) -> _Opinion:
    concerned = [standing for standing in standings if standing.moves]
    against = [
        f'{standing.authority.id} is configured as "original": after the switch every new token would be refused. '
        'Set issuer_type to "updated" and accept_legacy_until first'
        for standing in standings
        if standing.is_pool and not standing.moves
    ]
    if not concerned and not against:
        against.append("the settings know one name of each issuer, so there is nothing to switch between")
    for standing in concerned:
        against += _window_for_switch(standing)
    done = [standing.authority.id for standing in concerned if standing.switched]
    notes = [f"{', '.join(done)}: the new issuer is there already, so the switch has probably happened"] if done else []
    if against and len(done) == len(standings):
        against += [f"{note}: then this question is over" for note in notes]
    if not done:
        notes.append("both issuers are configured, the window is open, and the hosts agree")
    return against, [], [*notes, "other services that validate these tokens must be ready too"]


def _window_for_switch(standing: Standing) -> list[str]:
    first = min((issuer.accept_until_unix for issuer in standing.open_windows), default=0.0)
    if first <= standing.now:
        return [
            (
                f"{standing.authority.id}: tokens of the old issuer are refused already, so whoever is logged in at "
                "the moment of the switch would be locked out: open the window first"
            )
        ]
    if first - standing.now < TOKEN_LIFE:
        return [
            (
                f"{standing.authority.id}: the window ends in less than a day, and tokens of before the switch may "
                "live that long"
            )
        ]
    return []


def _refuse(standings: Sequence[Standing], sample: Sample | None) -> _Opinion:
    concerned = [standing for standing in standings if standing.legacy]
    if not concerned:
        return ["the settings know no old issuer, so there is none to refuse"], [], []
    if not any(issuer.kind == "current" for standing in standings for issuer in standing.authority.issuers):
        return ["the settings know old issuers alone: without them every token would be refused"], [], []
    against = [
        f"{standing.authority.id} is not switched yet: all its tokens still name the old issuer"
        for standing in concerned
        if standing.switched is False
    ]
    unsure = [
        f"{standing.authority.id}: nothing shows that new tokens name the new issuer. A token of just now, given with "
        "--token-file, would"
        for standing in concerned
        if _must_be_shown(standing) and not _is_current(sample, [standing] if standing.moves else standings)
    ]
    return against, unsure, [*_who_is_late(concerned), *_what_shows(sample, concerned)]


def _must_be_shown(standing: Standing) -> bool:
    """Whether no host tells who mints: it may still be the old issuer alone. A retired old house is no loss."""
    return standing.switched is None and (standing.moves or bool(standing.open_windows))


def _is_current(sample: Sample | None, standings: Sequence[Standing]) -> bool:
    """Whether the sample token shows that a new issuer of these mints."""
    current = [issuer.url for one in standings for issuer in one.authority.issuers if issuer.kind == "current"]
    return sample is not None and sample.issuer in current


def _who_is_late(concerned: Sequence[Standing]) -> list[str]:
    if not any(standing.open_windows for standing in concerned):
        return ["tokens of the old issuer are refused already"]
    return [
        "as far as hosts can tell. `jwtmr drain` counts who still sends old tokens: for a day there are always some"
    ]


def _what_shows(sample: Sample | None, concerned: Sequence[Standing]) -> list[str]:
    tried = sample is not None and sample.kind == "current"
    token = "the sample token names it" if tried else "no new token was tried: --token-file gives one"
    keys = ["the new issuer is there, with the keys of the old one"] if any(one.moves for one in concerned) else []
    return [*keys, token]


_OWN: Final = {"now": _now, "switch": _switch, "refuse-legacy": _refuse}
