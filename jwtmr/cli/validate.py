"""``jwtmr validate``: the real validator on one token, and each of its checks by name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from jwtmr.cli.checks import CHECKS, MEANINGS, outcomes
from jwtmr.cli.command import Command, Example, Exit, UsageError, World
from jwtmr.cli.options import add_settings_options, settings_from
from jwtmr.cli.output import Page, Tone
from jwtmr.cli.patience import validate_patiently
from jwtmr.cli.provenance import KeyPlace, Provenance
from jwtmr.cli.tokens import add_token_options, read_token
from jwtmr.cli.trust import add_trust_option, trusting
from jwtmr.errors import AuthError, KeysUnavailable
from jwtmr.http import httpx_get
from jwtmr.principal import Principal
from jwtmr.validator import TokenValidator

_TONES: Final[Mapping[str, Tone]] = {"passed": "good", "failed": "bad", "could not tell": "doubtful"}

_KINDS: Final = {
    "current": "current: the one that your settings expect",
    "legacy": "legacy: an old one, accepted until its window ends",
}


@dataclass(frozen=True, slots=True)
class Validated:
    """How one validation ended. ``error`` is None where it is valid, ``principal`` where its signature is not."""

    schema: ClassVar[str] = "jwtmr.validate/1"
    principal: Principal | None
    key: KeyPlace | None
    """Where the key came from; None where no signature was checked."""
    error: AuthError | None

    @property
    def code(self) -> str | None:
        """The code of the refusal."""
        return None if self.error is None else self.error.code

    def document(self) -> Mapping[str, object]:
        """Everything that verification told."""
        error = self.error
        checks = [
            {"check": number, "name": name, "outcome": outcome}
            for number, (name, outcome) in enumerate(zip(CHECKS, outcomes(self.code), strict=True), 1)
        ]
        refusal = None if error is None else _refusal(error)
        return {"valid": error is None, "checks": checks, "refusal": refusal, **self._verified()}

    def _verified(self) -> dict[str, object]:
        caller, key = self.principal, self.key
        said = None if caller is None else _facts(caller)
        return {"principal": said, "key": None if key is None else key.document()}

    def write(self, page: Page) -> None:
        """The checks in their order; then who it is, or what to do."""
        ended = outcomes(self.code)
        for number, (name, outcome) in enumerate(zip(CHECKS, ended, strict=True), 1):
            page.item(outcome, f"{number} {name}", _TONES.get(outcome, "plain"), width=max(map(len, ended)))
        page.line()
        if self.error is None:
            page.line("valid", "good")
        else:
            _write_refusal(page, self.error)
        shown = {} if self.principal is None else _facts(self.principal)
        told = {name.replace("_", " "): _words(name, value) for name, value in shown.items() if value not in (None, [])}
        if self.key is not None:
            told["key from"] = self.key.words()
        for name, text in told.items():
            page.item(name, text, width=max(map(len, told)), indent=2)


def _refusal(error: AuthError) -> dict[str, object]:
    meaning = MEANINGS[error.code]
    return {
        "code": error.code,
        "status": error.status,
        "detail": error.detail,
        "means": meaning.means,
        "do": meaning.do,
        "retry_after": error.retry_after,
    }


def _write_refusal(page: Page, error: AuthError) -> None:
    meaning = MEANINGS[error.code]
    unknown = error.status == KeysUnavailable.status
    page.line(
        f"could not tell: {error.code}" if unknown else f"not valid: {error.code}", "doubtful" if unknown else "bad"
    )
    page.item("means", meaning.means, width=6, indent=2)
    page.item("detail", error.detail or error.message, width=6, indent=2)
    page.item("do", meaning.do, width=6, indent=2)
    page.line()
    page.line(f"A service answers it with status {error.status} and this code.")


def _facts(caller: Principal) -> dict[str, str | list[str] | None]:
    """What a verified token says, in the words of ``Principal``."""
    return {
        "subject": caller.subject,
        "issuer": caller.issuer,
        "token_issuer": caller.token_issuer,
        "issuer_kind": caller.issuer_kind,
        "issuer_region": caller.issuer_region,
        "token_use": caller.token_use,
        "client_id": caller.client_id,
        "username": caller.username,
        "scopes": sorted(caller.scopes),
        "groups": sorted(caller.groups),
        "issued_at": None if caller.issued_at is None else caller.issued_at.isoformat(),
        "expires_at": caller.expires_at.isoformat(),
    }


def _words(name: str, value: str | list[str] | None) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if name in ("issued_at", "expires_at"):
        return f"{datetime.fromisoformat(str(value)):%Y-%m-%d %H:%M:%S} UTC"
    return _KINDS.get(str(value), str(value)) if name == "issuer_kind" else str(value)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_token_options(parser)
    asked = parser.add_argument_group("what you ask of the token")
    asked.add_argument(
        "--require-scope", metavar="SCOPE", action="append", default=[], help="must be granted; repeatable"
    )
    asked.add_argument(
        "--require-group", metavar="GROUP", action="append", default=[], help="one of these must be there; repeatable"
    )
    add_trust_option(parser)
    add_settings_options(parser)


def _run(args: argparse.Namespace, world: World) -> Exit:
    if "" in (*args.require_scope, *args.require_group):
        raise UsageError("--require-scope and --require-group: must not be empty")
    settings = settings_from(args, world.environ)
    token = read_token(args, world)
    provenance = Provenance(httpx_get(trusting(args.ca_file)))
    validator = settings.validator(http_get=provenance, clock=world.clock)
    try:
        result = _validated(validator, provenance, token, args, world)
    finally:
        validator.close()
    world.out.show(result)
    if result.error is None:
        return Exit.YES
    return Exit.UNKNOWN if result.error.status == KeysUnavailable.status else Exit.NO


def _validated(
    validator: TokenValidator, provenance: Provenance, token: str, args: argparse.Namespace, world: World
) -> Validated:
    world.out.progress("validating")
    caller = key = None
    try:
        caller = validate_patiently(validator, token, lambda: world.out.progress("waiting for keys"))
        key = provenance.of(token, caller, validator.status())
        caller.require(scopes=args.require_scope, any_group=args.require_group or None)
    except AuthError as error:
        return Validated(caller, key, error)
    return Validated(caller, key, None)


COMMAND: Final = Command(
    name="validate",
    summary="validate a token as your service would, check by check",
    description=(
        "Runs the validator that your settings make on one token, and shows each check in order: what passed, what "
        "failed, what that means and what to do. Nothing that a token says is shown unless its signature is good.\n\n"
        "Ends with 0 for a valid token, with 1 for any other, and with 3 where the keys cannot be had."
    ),
    examples=(
        Example("jwtmr validate --config jwtmr.toml < token.txt", "is this token valid?"),
        Example("jwtmr validate --config jwtmr.toml --token-file legacy.txt --json", "for a program; an old token"),
        Example(
            "jwtmr validate --config jwtmr.toml --token-file token.txt --require-group nobody",
            "may somebody in none of these groups come in?",
            Exit.NO,
        ),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
