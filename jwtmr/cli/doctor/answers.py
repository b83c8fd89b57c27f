"""Findings about what hosts answer: statuses, redirects, pages, documents, keys that are refused. Pure."""

from __future__ import annotations

from typing import Final

from jwtmr._keys.jwk import FOR_OTHERS
from jwtmr._keys.reading import Reading
from jwtmr.cli.doctor.findings import (
    EVERYTHING,
    MOVING,
    NOTHING,
    Finding,
    Question,
    Severity,
    host_of,
    shortened,
)
from jwtmr.cli.doctor.reach import finding_at
from jwtmr.cli.doctor.seen import Seen, content_of, texts
from jwtmr.cli.doctor.standing import Standing

_WEAK: Final = frozenset(
    {"RSA modulus is out of bounds", "RSA exponent is out of bounds", "a point of low order"}
)  # fmt: skip
_PRIVATE: Final = frozenset(
    {
        "private members present: this key is never used again",
        "its private members were published: this key is never used again",
        "private or symmetric key material",
    }
)
_NOT_OURS: Final = frozenset({401, 403, 407})
"""What a key host has no reason to say, so that something else says it in its place."""
_NO_KEYS: Final = "No keys come from there. While another endpoint answers, tokens can still be checked."


def answer_findings(standing: Standing, look: Seen) -> list[Finding]:
    """What is wrong with one answer; nothing where there is none."""
    reading = look.reading
    if reading is None:
        return []
    if not look.target.asked_by_validator:
        return [_found_out(look)] if look.keys is not None else []
    outcome = reading.outcome
    if outcome == "client_error":
        return _nothing_here(standing, look)
    if outcome == "redirect":
        return [_redirect(look)]
    if outcome == "server_error":
        return [_server_error(look)]
    unusable = [_unusable(look, reading)] if outcome == "unusable" else []
    return [*unusable, *_refused_keys(look, reading), *_algorithms(standing, look)]


def _nothing_here(standing: Standing, look: Seen) -> list[Finding]:
    """A 4xx. What it means depends on who says it."""
    target, status = look.target, _status(look)
    if target.tells:
        return [] if standing.lost else [_not_switched(standing, look)]
    if status in _NOT_OURS:
        return [_refused(look)]
    if target.form == "original":
        return [_wrong_region(standing, look)]
    if standing.lost:
        return []
    if target.form == "replica":
        return [
            _finding(
                look, "missing_replica",
                f"{target.endpoint.region} does not know the pool {shortened(target.authority)} (status {status})",
                "replica_regions names this region, so keys are looked for there while the primary region is down. "
                "They would not be found.",
                "Is the replica there, and ACTIVE? `aws cognito-idp list-user-pool-replicas` tells. If there is none, "
                "take the region out of replica_regions.",
            )
        ]  # fmt: skip
    return [_refused(look)]


def _refused(look: Seen) -> Finding:
    return _finding(
        look, "refused_by_host", f"{host_of(look.last.url)} answers with status {_status(look)}", _NO_KEYS,
        "Open the address in a browser. Look for a typing error in it, and for a gateway that wants a login.",
    )  # fmt: skip


def _not_switched(standing: Standing, look: Seen) -> Finding:
    status, accepted = _status(look), bool(standing.open_windows)
    what = f"the new issuer is not there yet (status {status})"
    if look.target.form == "updated":
        what = f"the pool is not switched to the updated issuer yet: its host answers with status {status}"
        what += "" if status == 403 else " (Cognito says 403 there before the switch)"
    why = "Its tokens still name the old issuer, which is accepted, so all is as it should be before the switch."
    do = "Nothing, until you switch. Then ask doctor again."
    if not accepted:
        why = "Its tokens still name the old issuer, and these settings refuse that one: nobody can log in."
        do = "Set accept_legacy_until to a date some weeks ahead" if standing.is_pool else "Set accept_until ahead"
        do += ', or issuer_type to "original" until the pool is switched.' if standing.is_pool else "."
    return _finding(
        look,
        "not_switched_yet",
        what,
        why,
        do,
        severity="ok" if accepted else "problem",
        blocks=NOTHING if accepted else EVERYTHING,
    )


def _wrong_region(standing: Standing, look: Seen) -> Finding:
    region, pool = look.target.endpoint.region, shortened(look.target.authority)
    elsewhere = [seen.target.endpoint.region for seen in standing.asked if seen.keys is not None]
    known = f" The pool is known in {', '.join(sorted({place for place in elsewhere if place}))}." if elsewhere else ""
    return _finding(
        look, "wrong_region",
        f"the host of {region} does not know the pool {pool} (status {_status(look)}): wrong region, or wrong id",
        f"The part of a pool's id before _ is its primary region, and the pool is looked for there.{known}",
        "Copy the whole pool id from the console, where the right region is chosen, into user_pool_id.",
        blocks=MOVING,
    )  # fmt: skip


def _found_out(look: Seen) -> Finding:
    return _finding(
        look, "updated_issuer_answers",
        f"the settings say that the pool {shortened(look.target.authority)} is original, and its updated issuer "
        "serves keys",
        "So the pool has probably been switched. New tokens then name the updated issuer, and are refused here.",
        'Try a token of just now with --token-file. If it is refused, set issuer_type to "updated", and '
        "accept_legacy_until at least a day ahead.",
        severity="unknown", blocks=EVERYTHING,
    )  # fmt: skip


def _redirect(look: Seen) -> Finding:
    answer = look.last.answer
    to = "" if answer is None else answer.headers.get("location", "")
    return _finding(
        look, "redirect",
        f"{host_of(look.last.url)} sends callers to another address (status {_status(look)}"
        + (f", to {shortened(to)})" if to else ")"),
        "A validator follows no redirect: whoever can redirect it could give it keys of his own. " + _NO_KEYS,
        "Look at where it leads: to a login page of a proxy, or to the right address, which then belongs into the "
        "settings.",
    )  # fmt: skip


def _server_error(look: Seen) -> Finding:
    return _finding(
        look, "server_error", f"{host_of(look.last.url)} answers with status {_status(look)}", _NO_KEYS,
        "Try again in a minute. If it stays so, look at the status page of whoever runs the host.",
    )  # fmt: skip


def _unusable(look: Seen, reading: Reading) -> Finding:
    host, reasons = host_of(look.last.url), reading.refused
    if content_of(look.last) == "html":
        what = f"{host} serves a web page (HTML) where a key set (JSON) should be"
        do = "Open it in a browser: it may be a login page of a proxy, a parked domain, or the wrong path."
        return _finding(look, "html_instead_of_json", what, _NO_KEYS, do)
    if len(look.probes) == 1 and look.target.endpoint.discovers is not None:
        what = f"the discovery document at {host} is of no use: {shortened(reasons[0], 200)}"
        why = "The document must name exactly the configured issuer, or its keys would be another one's. " + _NO_KEYS
        do = "Write issuer_url exactly as the document does, with or without the slash at its end."
        return _finding(look, "wrong_document", what, why, do)
    what = f"{host} serves no key set that could be used: {shortened(reasons[0])}"
    do = "Open it: a key set is a JSON object whose member keys lists public keys (RFC 7517)."
    return _finding(look, "no_key_set", what, _NO_KEYS, do)


def _refused_keys(look: Seen, reading: Reading) -> list[Finding]:
    named = [(refusal.reason, refusal.kid) for refusal in reading.keys.refusals] if reading.keys else []
    refused = named or [(reason, None) for reason in reading.refused if reason in _WEAK | _PRIVATE]
    return [
        _refused_key(look, reason, kid)
        for reason, kid in dict.fromkeys(refused)
        if reason not in FOR_OTHERS or not reading.good
    ]


def _refused_key(look: Seen, reason: str, kid: str | None) -> Finding:
    key = "a key" if kid is None else f"the key {shortened(kid, 60)}"
    why = "It is never used, so tokens that are signed with it are refused with unknown_key."
    if reason in _PRIVATE:
        what = f"{key} is published with its private or secret half ({reason})"
        do = "Whoever runs the issuer must withdraw this key today, as anybody can sign tokens with it."
        return _finding(look, "private_key_published", what, why, do, blocks=MOVING)
    if reason in _WEAK:
        what = f"{key} is too weak to trust ({reason})"
        do = "Whoever runs the issuer must replace it: an RSA key has 2048 bits or more (RFC 7518 section 3.3)."
        return _finding(look, "weak_key", what, why, do, blocks=MOVING)
    do = "Tell whoever runs the issuer. If none of your tokens names this key, nothing is lost."
    return _finding(
        look, "key_refused", f"{key} is of no use: {shortened(reason)}", why, do, severity="warning", blocks=NOTHING
    )


def _algorithms(standing: Standing, look: Seen) -> list[Finding]:
    listed = texts(look.document.get("id_token_signing_alg_values_supported"))
    if not listed or set(standing.authority.algorithms) & set(listed):
        return []
    wanted = ", ".join(standing.authority.algorithms)
    return [
        _finding(
            look, "algorithms_differ", f"the provider lists none of the configured algorithms ({wanted})",
            "Tokens that are signed otherwise are refused with unsupported_token.",
            "Look at id_token_signing_alg_values_supported in its discovery document, and set algorithms.",
            severity="warning", blocks=NOTHING,
        )
    ]  # fmt: skip


def _status(look: Seen) -> int:
    return look.last.answer.status if look.last.answer is not None else 0


def _finding(
    look: Seen,
    code: str,
    what: str,
    why: str,
    do: str,
    *,
    severity: Severity = "problem",
    blocks: frozenset[Question] | None = None,
) -> Finding:
    return finding_at(look.target, look.last, code, what=what, why=why, do=do, severity=severity, blocks=blocks)
