r"""Validate a token of any Cognito user pool: print who it speaks for, or why it is refused.

    .venv/bin/python examples/validate_token.py --user-pool-id us-east-1_Ab12Cd34 --issuer-type updated \
        --client-id 1example23456789 --token-use access --replica-region us-west-2 < token.txt

The token comes from standard input, from a file (--token-file) or from an environment variable (--token-env). It is
never an argument, which other users of the machine could read, and it is never printed.
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn, TextIO

from jwtmr import UNCHECKED, AuthError, CognitoUserPool, ConfigurationError, Principal, TokenValidator

YES: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
CANNOT_TELL: Final = 3
EXIT_CODES: Final = "exit codes: 0 valid, 1 refused, 2 wrong usage or settings, 3 keys unavailable, so nobody can tell"

MAX_READ: Final = 2**20
"""Characters read of whatever is given as the token. Far more than a token, and less than a mistake can be."""

MEANING: Final = {
    "malformed_token": "This is no JWT: cut off, quoted, or something else altogether.",
    "unsupported_token": "Its header asks for an algorithm, a type or an extension that is not accepted.",
    "untrusted_issuer": "It comes from another pool, or from an issuer that these settings do not name.",
    "legacy_issuer_retired": "It names the original issuer, and its window is over or was never opened"
    " (--accept-legacy-until).",
    "issued_after_cutover": "It names the original issuer, yet was issued after the switch (--legacy-issued-before).",
    "expired": "Its time is over. The client has to refresh it.",
    "not_yet_valid": "It was issued in the future: compare the clocks.",
    "invalid_claim": "A claim is missing or of the wrong type, so it was not made by Cognito in the usual way.",
    "wrong_token_use": "It is an ID token where an access token is wanted, or the other way round (--token-use).",
    "wrong_client": "It was issued to an app client that is not listed (--client-id).",
    "wrong_audience": "It was made for another API (--audience).",
    "bound_token": "It can be used only together with a key of its sender, which cannot be checked here.",
    "unknown_key": "No host of the pool lists the key that it claims to be signed with: forged, or very old.",
    "invalid_signature": "It is forged, or was changed on its way.",
    "insufficient_scope": "The token is good, but does not grant what --scope asks for.",
    "insufficient_groups": "The token is good, but its user is in none of the groups of --group.",
    "keys_unavailable": "The key hosts cannot be reached or give no keys. Nothing is said against the token.",
}
"""What a refusal means to whoever holds the token, by its code."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong without repeating it: what was typed in the wrong place may be the token."""

    def error(self, message: str) -> NoReturn:
        """End with a usage message. argparse puts into quotes what was typed."""
        fail(re.sub("'.*'", "(not repeated here)", message, flags=re.DOTALL) + "; see --help")


def main(arguments: list[str] | None = None) -> int:
    """Validate one token and return the exit code."""
    options = parse(arguments)
    try:
        validator = TokenValidator(pool_of(options))
        token = token_from(options)
        with closing(validator):
            return judge(validator, token, options)
    except ConfigurationError as error:
        fail(str(error))


def judge(validator: TokenValidator, token: str, options: argparse.Namespace) -> int:
    """Print what ``validator`` says to ``token``, and return the exit code."""
    try:
        principal = validator.validate(token, scopes=options.scope, any_group=options.group or None)
    except AuthError as error:
        print_refusal(error, validator)
        return CANNOT_TELL if error.status == 503 else REFUSED
    print_principal(principal)
    return YES


# -- settings ---------------------------------------------------------------------------------------------------------


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(
        description="Validate a token of a Cognito user pool.",
        epilog=f"The token is read from standard input unless told otherwise. {EXIT_CODES}.",
        allow_abbrev=False,
    )
    add_pool(parser)
    add_rules(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--token-file", type=Path, metavar="PATH", help="read the token from this file")
    source.add_argument("--token-env", metavar="NAME", help="read the token from this environment variable")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        fail(f"{len(unknown)} unknown argument(s), see --help; a token is never an argument")
    return options


def add_pool(parser: argparse.ArgumentParser) -> None:
    """The pool: which issuers there are, and where their keys are had."""
    pool = parser.add_argument_group("the pool")
    pool.add_argument("--user-pool-id", required=True, metavar="ID", help="such as us-east-1_Ab12Cd34")
    pool.add_argument("--issuer-type", required=True, metavar="original|updated", help="what the pool is set to")
    pool.add_argument(
        "--accept-legacy-until", type=moment, metavar="DATE",
        help="accept the original issuer too until then: 2027-01-31 (UTC) or 2027-01-31T12:00:00+01:00",
    )  # fmt: skip
    pool.add_argument(
        "--legacy-issued-before", type=moment, metavar="DATE",
        help="when the pool was switched: refuse tokens of the original issuer that are younger",
    )  # fmt: skip
    pool.add_argument("--replica-region", action="append", default=[], metavar="REGION", help="repeatable")
    pool.add_argument("--accept-replica-issuers", action="store_true", help="accept issuers that name a replica region")
    pool.add_argument("--jwks-uri", action="append", metavar="URL", help="where the keys are; repeatable, best first")
    pool.add_argument("--dns-suffix", default="amazonaws.com", metavar="NAME", help="of the AWS partition")


def add_rules(parser: argparse.ArgumentParser) -> None:
    """What the token must say."""
    rules = parser.add_argument_group("what the token must say")
    clients = rules.add_mutually_exclusive_group(required=True)
    clients.add_argument("--client-id", action="append", metavar="ID", help="issued to this app client; repeatable")
    clients.add_argument("--any-client", action="store_true", help="do not check to whom it was issued")
    rules.add_argument("--token-use", required=True, metavar="access|id|any", help="what it is for")
    rules.add_argument("--audience", action="append", metavar="AUD", help="one of these is in aud; repeatable")
    rules.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="grants this; repeatable")
    rules.add_argument("--group", action="append", metavar="NAME", help="its user is in one of these; repeatable")


def moment(text: str) -> datetime:
    """Read an ISO 8601 date, which begins at midnight UTC, or a date and time with its offset."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not an ISO 8601 date") from None
    return read if "T" in text or " " in text else read.replace(tzinfo=UTC)


def pool_of(options: argparse.Namespace) -> CognitoUserPool:
    """Make the pool. The library itself says what is wrong with a setting."""
    return CognitoUserPool(
        options.user_pool_id,
        issuer_type=options.issuer_type,
        client_ids=UNCHECKED if options.any_client else options.client_id,
        token_use=UNCHECKED if options.token_use == "any" else options.token_use,
        audience=options.audience,
        replica_regions=options.replica_region,
        accept_legacy_until=options.accept_legacy_until,
        legacy_issued_before=options.legacy_issued_before,
        accept_replica_issuers=options.accept_replica_issuers,
        jwks_uris=options.jwks_uri,
        dns_suffix=options.dns_suffix,
    )


# -- the token --------------------------------------------------------------------------------------------------------


def token_from(options: argparse.Namespace) -> str:
    """Read the token from where it was put. White space around it does not belong to it."""
    if options.token_env is not None:
        text = os.environ.get(options.token_env, "")
    elif options.token_file is not None:
        try:
            with options.token_file.open(encoding="utf-8", errors="replace") as file:
                text = file.read(MAX_READ)
        except OSError as error:
            fail(f"--token-file: {error.strerror}")
    else:
        text = read_all(sys.stdin)
    return text.strip() or fail("no token was given")


def read_all(stream: TextIO) -> str:
    """Read standard input. At a terminal what is typed is not shown."""
    if stream.isatty():
        return getpass.getpass("Token: ")
    return stream.buffer.read(MAX_READ).decode(errors="replace")


# -- the answer -------------------------------------------------------------------------------------------------------


def print_principal(principal: Principal) -> None:
    """Say who it is. Everything here has been verified."""
    print("valid")
    left = int((principal.expires_at - datetime.now(UTC)).total_seconds() // 60)
    line("issuer", principal.issuer)
    line("token issuer", f"{principal.token_issuer} ({principal.issuer_kind})")
    line("subject", principal.subject)
    line("user name", principal.username)
    line("client", principal.client_id)
    line("use", principal.token_use)
    line("scopes", " ".join(sorted(principal.scopes)))
    line("groups", ", ".join(sorted(principal.groups)))
    line("expires", f"{principal.expires_at:%Y-%m-%d %H:%M:%S} UTC, in {left} min")


def print_refusal(error: AuthError, validator: TokenValidator) -> None:
    """Say why not, and what the key hosts were like where that is the reason."""
    print(f"refused: {error.code} ({error.status})" if error.status != 503 else f"cannot tell: {error.code} (503)")
    line("message", error.message)
    line("meaning", MEANING.get(error.code))
    line("detail", error.detail)
    if error.required_scopes:
        line("required", " ".join(sorted(error.required_scopes)))
    if error.retry_after is not None:
        line("retry after", f"{error.retry_after} s")
        print(validator.status())


def line(name: str, value: str | None) -> None:
    """Print one line. A claim is anybody's text, so what could steer a terminal is shown as an escape."""
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in value or "-")
    print(f"  {name:<13} {text}")


def fail(problem: str) -> NoReturn:
    """End because of the way this was called."""
    print(f"validate_token: {problem}", file=sys.stderr)
    sys.exit(USAGE)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
