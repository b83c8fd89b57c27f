"""Findings about hosts that cannot be asked: names, connections, certificates, time. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.cli.doctor.certificate import Certificate
from jwtmr.cli.doctor.findings import (
    MOVING,
    NOTHING,
    SWITCHING,
    Finding,
    Question,
    Severity,
    host_of,
    listed,
    shortened,
)
from jwtmr.cli.doctor.probe import Probe, Trouble
from jwtmr.cli.doctor.targets import Target

DAY: Final = 86400.0
ENDS_SOON: Final = 14 * DAY
"""Seconds. Hosts that renew by themselves do it a month or two before."""
SLOW: Final = 2.0
"""Seconds from before the look-up to the last byte. A validator gives up after 2.5."""

_STEPS: Final = {
    "name": "looking up the name of",
    "connection": "connecting to",
    "encryption": "agreeing on encryption with",
    "answer": "waiting for an answer of",
}
_CERTIFICATES: Final = {
    10: "certificate_expired",
    9: "certificate_not_yet_valid",
    62: "certificate_for_another_host",
    64: "certificate_for_another_host",
}
"""By OpenSSL's numbers for what is wrong (x509_vfy.h); everything else is a matter of trust."""


def blocked_by(target: Target) -> frozenset[Question]:
    """What stands still while a target gives no keys. Only the new issuer's own host is needed for refusing the old."""
    if not target.asked_by_validator:
        return NOTHING
    return MOVING if target.tells else SWITCHING


def reach_findings(target: Target, probe: Probe, now: float) -> list[Finding]:
    """Why an address did not answer; where it did, what is about to go wrong."""
    if probe.trouble is not None:
        return [_certificate(target, probe, now) if probe.trouble == "certificate" else _silent(target, probe)]
    found: list[Finding] = []
    ends = None if probe.certificate is None else probe.certificate.ends
    if ends is not None and ends - now < ENDS_SOON:
        found.append(
            finding_at(
                target, probe, "certificate_ends_soon",
                what=f"the certificate of {host_of(probe.url)} ends on {day(ends)}, {in_days(ends - now)}",
                why="From then on no connection to this host is trusted, and no keys come from it.",
                do="Ask whoever runs the host whether it is renewed in time.", severity="warning", blocks=NOTHING,
            )
        )  # fmt: skip
    if probe.total > SLOW:
        found.append(
            finding_at(
                target, probe, "slow_answer", what=f"the answer of {host_of(probe.url)} took {probe.total:.1f} s",
                why=f"A validator gives up after {ATTEMPT_TIME:g} s, and asks elsewhere.",
                do="Try again; if it stays slow, look for a proxy or a firewall between this machine and the host.",
                severity="warning", blocks=NOTHING,
            )
        )  # fmt: skip
    return found


def _silent(target: Target, probe: Probe) -> Finding:
    code, what, do = _WORDS[probe.trouble or "broken"]
    said = f" ({shortened(probe.detail)})" if probe.detail else ""
    what = what.format(step=_STEPS[probe.step], host=host_of(probe.url))
    why = "No keys come from there. While another endpoint answers, tokens can still be checked."
    return finding_at(target, probe, code, what=what + said, why=why, do=do)


_RUN_THERE: Final = "Run doctor where the service runs, and look at its firewall, its network and any proxy."
_WORDS: Final[dict[Trouble, tuple[str, str, str]]] = {
    "unknown_name": (
        "dns_fails",
        "DNS does not know the host {host}",
        ("Look for a typing error in the region, in dns_suffix or in jwks_uris; then ask whether this machine can look "
        "names up at all."),
    ),
    "name_service": (
        "dns_fails",
        "the host {host} could not be looked up: DNS itself fails here",
        "Try again; then look at the name servers of this machine (resolv.conf, the VPC, the container).",
    ),
    "refused": ("cannot_connect", "nothing listens at {host}: the connection is refused", _RUN_THERE),
    "unreachable": ("cannot_connect", "no way leads from here to {host}", _RUN_THERE),
    "timeout": ("no_answer_in_time", "{step} {host} takes too long", _RUN_THERE),
    "broken": ("connection_breaks", "{host} hangs up instead of answering", "Try again; then ask its owner."),
    "encryption": (
        "encryption_fails",
        "no encrypted connection to {host} comes about",
        "The host must speak TLS 1.2 or newer on this port. Look for a proxy that does not.",
    ),
    "too_large": (
        "too_large",
        "the answer of {host} is larger than any key set, or compressed unasked",
        "Open the address: it is probably not that of a key set.",
    ),
}  # fmt: skip


def _certificate(target: Target, probe: Probe, now: float) -> Finding:
    shown = probe.certificate
    code = _CERTIFICATES.get(probe.verify_code or 0, "certificate_not_trusted")
    what, do = _certificate_words(code, host_of(probe.url), shown, now)
    said = f" ({shortened(probe.detail)})" if probe.detail else ""
    why = "So it cannot be known who answers, and nothing that this host says is used."
    return finding_at(target, probe, code, what=what + said, why=why, do=do)


def _certificate_words(code: str, host: str, shown: Certificate | None, now: float) -> tuple[str, str]:
    if code == "certificate_expired":
        ended = "" if shown is None else f" on {day(shown.ends)}, {in_days(shown.ends - now)}"
        return (
            f"the certificate of {host} expired{ended}",
            (
                "Whoever runs the host must renew it. If it is AWS's, something on the way answers in its place, or "
                "the clock of this machine is wrong."
            ),
        )
    if code == "certificate_not_yet_valid":
        begins = "" if shown is None else f" before {day(shown.begins)}"
        return f"the certificate of {host} is not valid{begins}", "Look at the clock of this machine first."
    if code == "certificate_for_another_host":
        names = "" if shown is None else f": it names {listed(shown.names) or 'none'}"
        return (
            f"the certificate that {host} shows is for another host{names}",
            "Look for a typing error in the address, or for a proxy.",
        )
    issuer = "" if shown is None else f"; it says that it was issued by {shortened(shown.issued_by)}"
    return (
        f"the certificate of {host} is signed by nobody who is trusted here{issuer}",
        (
            "If it is a company's own authority, give its certificate with --ca-file, and to the service an "
            "http_get=httpx_get(ssl_context=…). If it should be a public one, a proxy reads your traffic."
        ),
    )


def finding_at(
    target: Target,
    probe: Probe,
    code: str,
    *,
    what: str,
    why: str,
    do: str,
    severity: Severity = "problem",
    blocks: frozenset[Question] | None = None,
) -> Finding:
    """What is wrong at one endpoint. It stands in the way of all that needs that one, or of ``blocks``."""
    return Finding(
        severity=severity, code=code, what=what, why=why, do=do, authority=target.authority, url=probe.url,
        region=target.endpoint.region, blocks=blocked_by(target) if blocks is None else blocks,
    )  # fmt: skip


def day(moment: float) -> str:
    """A moment as a date; certificates and windows end at odd ones."""
    try:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "a date beyond all calendars"


def in_days(seconds: float) -> str:
    """How far away that is."""
    days = abs(seconds) / DAY
    length = f"{days:.0f} days" if days >= 2 else f"{abs(seconds) / 3600:.0f} hours"
    return f"in {length}" if seconds >= 0 else f"{length} ago"
