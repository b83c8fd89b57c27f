"""Requests to the views of ``docs/django.md``, and what they answer: the same as the adapters.

``{good}`` in a header line stands for the token of that name in ``django_server``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MISSING: Final = 'Bearer realm="api"'
INVALID_REQUEST: Final = 'Bearer realm="api", error="invalid_request"'
INVALID_TOKEN: Final = 'Bearer realm="api", error="invalid_token"'
INSUFFICIENT: Final = 'Bearer realm="api", error="insufficient_scope"'
CHALLENGES: Final = {400: INVALID_REQUEST, 401: INVALID_TOKEN, 403: INSUFFICIENT, 503: None}


@dataclass(frozen=True, slots=True)
class Row:
    """One request, and its answer where a token with the scope is asked for."""

    name: str
    lines: tuple[str, ...]
    status: int = 200
    code: str | None = None
    challenge: str | None = None
    """``WWW-Authenticate``, exactly; None: there is none."""
    validator: str = "warm"
    open: int | None = None
    """The status where who sends nothing is served; None: the same."""


def refused(name: str, lines: tuple[str, ...] | str, status: int, code: str, **more: str) -> Row:
    """A row that both kinds of views refuse."""
    given = (lines,) if isinstance(lines, str) else lines
    return Row(name, given, status, code, CHALLENGES[status], **more)  # type: ignore[arg-type]


def bad(name: str, code: str) -> Row:
    """The token of that name, refused for itself."""
    return refused(name, f"{A} Bearer {{{name}}}", 401, code)


def nobody(name: str, *lines: str, validator: str = "warm") -> Row:
    """What counts as no credentials."""
    return Row(name, lines, 401, "missing_token", MISSING, validator, open=200)


A, GOOD, BASIC = "Authorization:", "Authorization: Bearer {good}", "Authorization: Basic YWxhZGRpbjpvcGVu"

SERVED: Final = [
    Row("good", (GOOD,)),
    Row("odd case", ("aUTHORIZATION: bEARER {good}",)),
    Row("blanks", ("Authorization: \t Bearer   {good} \t ",)),
    Row("legacy in its window", (f"{A} Bearer {{legacy}}",)),
    Row("scope missing", (f"{A} Bearer {{unscoped}}",), 403, "insufficient_scope",
        INSUFFICIENT + ', scope="orders/read"', open=200),
]  # fmt: skip

NOBODY: Final = [
    nobody("no header"),
    nobody("Basic", BASIC),
    nobody("Digest with commas", f'{A} Digest username="x", realm="a, Bearer b", nc=00000001'),
    nobody("cookie", "Cookie: Authorization=Bearer {good}; session={good}"),
    nobody("another header", "X-Authorization: Bearer {good}"),
    nobody("underscore", "Authorization_: Bearer {good}"),
    nobody("no header in an outage", validator="cold"),
]

MALFORMED: Final = [
    refused(name, lines, 400, "invalid_request")
    for name, lines in [
        ("empty", A),
        ("blank", f"{A} \t "),
        ("scheme alone", f"{A} Bearer"),
        ("two tokens", f"{A} Bearer {{good}} {{bob}}"),
        ("comma behind", f"{A} Bearer {{good}},"),
        ("quoted", f'{A} Bearer "{{good}}"'),
        ("junk", f"{A} %$&/()=;:_,.-#+*~"),
        ("non-ASCII", f"{A} Bearer {{good}}\xe9"),
        ("twice the same", (GOOD, GOOD)),
        ("twice, different", (GOOD, f"{A} Bearer {{bob}}")),
        ("good and Basic", (GOOD, BASIC)),
        ("Basic and good", (BASIC, GOOD)),
        ("good and empty", (GOOD, A)),
        ("empty and good", (A, GOOD)),
        ("joined", f"{A} Bearer {{good}}, Bearer {{good}}"),
    ]
] + [refused("junk in an outage", f"{A} Bearer ,", 400, "invalid_request", validator="cold")]

BAD: Final = [
    bad("expired", "expired"),
    bad("early", "not_yet_valid"),
    bad("forged", "invalid_signature"),
    bad("foreign", "untrusted_issuer"),
    bad("client", "wrong_client"),
    refused("no JWT", f"{A} Bearer Zebra7Marker", 401, "malformed_token"),
    refused("DPoP", f"{A} DPoP {{good}}", 401, "bound_token"),
    refused("legacy after its window", f"{A} Bearer {{legacy}}", 401, "legacy_issuer_retired", validator="retired"),
    refused("expired in an outage", f"{A} Bearer {{expired}}", 401, "expired", validator="cold"),
]

OUTAGE: Final = [
    refused("outage", GOOD, 503, "keys_unavailable", validator="cold"),
    refused("forged in an outage", f"{A} Bearer {{forged}}", 503, "keys_unavailable", validator="cold"),
]

ROWS: Final = [*SERVED, *NOBODY, *MALFORMED, *BAD, *OUTAGE]
