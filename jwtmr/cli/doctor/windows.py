"""Findings about when which issuer is accepted. Pure."""

from __future__ import annotations

from jwtmr._window import WEEK
from jwtmr.cli.doctor.findings import EVERYTHING, NOTHING, SWITCHING, Finding
from jwtmr.cli.doctor.reach import day, in_days
from jwtmr.cli.doctor.standing import Standing
from jwtmr.issuers import Issuer


def window_findings(standing: Standing) -> list[Finding]:
    """Windows that are over, or nearly, and whether anything is accepted at all."""
    return [
        *_closed(standing),
        *(_ending(standing, issuer) for issuer in _soon(standing)),
        *_cutover(standing),
        *_everything(standing),
    ]


def _until(standing: Standing, issuer: Issuer) -> str:
    until = issuer.accept_until_unix
    return f"{day(until)}, {in_days(until - standing.now)}"


def _setting(standing: Standing) -> str:
    return "accept_legacy_until" if standing.is_pool else "accept_until"


def _closed(standing: Standing) -> list[Finding]:
    return [
        Finding(
            severity="problem" if standing.switched is False else "ok", code="window_closed",
            authority=standing.authority.id, url=issuer.url, region=issuer.region,
            blocks=SWITCHING,
            what=f"the window of the old issuer is over since {_until(standing, issuer)}: its tokens are refused as "
            "legacy_issuer_retired",
            why="That is the end of a migration. Before it, whoever logged in with the old issuer is locked out.",
            do=f"If the old tokens should still count, set {_setting(standing)} to a later date. Else leave it.",
        )
        for issuer in standing.closed_windows
    ]  # fmt: skip


def _soon(standing: Standing) -> list[Issuer]:
    return [issuer for issuer in standing.open_windows if issuer.accept_until_unix - standing.now < WEEK]


def _ending(standing: Standing, issuer: Issuer) -> Finding:
    unswitched = standing.switched is False
    return Finding(
        severity="warning", code="window_ends_soon",
        authority=standing.authority.id, url=issuer.url, region=issuer.region,
        what=f"the window of the old issuer ends on {_until(standing, issuer)}",
        why="From then on every token is refused, as the issuer is not switched yet." if unswitched
        else "From then on tokens of the old issuer are refused, whoever still sends them.",
        do=f"Set {_setting(standing)} to a later date before that." if unswitched
        else f"`jwtmr drain` tells who still sends them. If they need more time, set {_setting(standing)} later.",
    )  # fmt: skip


def _cutover(standing: Standing) -> list[Finding]:
    passed = [
        issuer
        for issuer in standing.open_windows
        if issuer.issued_before_unix is not None and issuer.issued_before_unix <= standing.now
    ]
    if standing.switched is not False or not passed:
        return []
    return [
        Finding(
            severity="problem", code="cutover_passed", authority=standing.authority.id, url=passed[0].url,
            blocks=EVERYTHING,
            what=f"legacy_issued_before is over ({day(passed[0].issued_before_unix or 0)}), and the pool is not "
            "switched",
            why="Every token that the pool mints now names the old issuer and is later than that, so it is refused as "
            "issued_after_cutover.",
            do="Take legacy_issued_before out, and set it to the moment of the switch once that has happened.",
        )
    ]  # fmt: skip


def _everything(standing: Standing) -> list[Finding]:
    if not standing.refuses_everything:
        return []
    retired = not standing.authority.accepts(standing.now)
    spare = retired and standing.others_accept
    return [
        Finding(
            severity="ok" if spare else "problem", code="refuses_everything", authority=standing.authority.id,
            blocks=NOTHING if spare else EVERYTHING,
            what="every token of this authority is refused" if spare else "every token will be refused",
            why="All its issuers are retired." if retired
            else "The issuer is not switched yet, so tokens name the old one, and that one is not accepted.",
            do="It can be taken out of the settings." if spare
            else f"Set {_setting(standing)} to a date some weeks ahead.",
        )
    ]  # fmt: skip
