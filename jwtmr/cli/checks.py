"""The checks of a validation in their order, and what each refusal means to whoever has to do something about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

CHECKS: Final = (
    "size and shape",
    "header",
    "issuer and its window",
    "claims",
    "key",
    "signature",
    "what you ask",
)
"""As ``jwtmr.validator`` takes them, in this order."""

Outcome: TypeAlias = Literal["passed", "failed", "could not tell", "not reached"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in plain words."""

    check: int
    """The number of the check that refuses, from 1."""
    means: str
    do: str


MEANINGS: Final[dict[str, Meaning]] = {
    "malformed_token": Meaning(
        1,
        "This is no signed JWT: it was cut off, altered, or is something else.",
        "Look at where it was copied from; a whole one has three parts with two dots between them, and no line breaks.",
    ),
    "unsupported_token": Meaning(
        2,
        "Its header asks for something that is not accepted here: another algorithm, another kind of token, no key id.",
        "Compare `jwtmr decode` with what your provider issues, and with algorithms and token type of your settings.",
    ),
    "untrusted_issuer": Meaning(
        3,
        "It names an issuer that your settings do not know. One other letter in the URL is another issuer.",
        "Compare `iss` in `jwtmr decode` with your pool id, regions or issuer URL. If it is right, they are wrong.",
    ),
    "legacy_issuer_retired": Meaning(
        3,
        "It names the old issuer, whose window is over or was never open.",
        "Get a new token; if it names the old issuer too, the pool is not switched yet, and the window must be open.",
    ),
    "issued_after_cutover": Meaning(
        3,
        "It names the old issuer, but was issued after the moment at which that one is said to have stopped.",
        "Something still issues old tokens, or `legacy_issued_before` is earlier than the switch really was.",
    ),
    "expired": Meaning(4, "Its time is over.", "Get a new token. If it is new, compare the clock of this machine."),
    "not_yet_valid": Meaning(
        4, "Its time has not come yet.", "The clock of this machine is behind that of the issuer: set it by NTP."
    ),
    "invalid_claim": Meaning(
        4,
        "A claim that must be there is missing, or is of the wrong type.",
        "The detail says which. If your provider is like that, the settings must say so.",
    ),
    "wrong_token_use": Meaning(
        4,
        "It is an ID token where an access token is meant, or the other way round.",
        "Send the other one: APIs take access tokens. `token_use` of your settings says what is accepted.",
    ),
    "wrong_client": Meaning(
        4,
        "It was issued to an app client that is not among yours.",
        "If that client may call this API, add it to `client_ids`.",
    ),
    "wrong_audience": Meaning(
        4,
        "It was made for another API, or names an API where yours expects none.",
        "If it is meant for this API, say so in `audience`.",
    ),
    "bound_token": Meaning(
        4,
        "It is bound to a key of its sender (`cnf`), which jwtmr does not check.",
        "Let the client ask for a plain bearer token.",
    ),
    "unknown_key": Meaning(
        5,
        "No key host lists the key that it says it is signed with.",
        "It was signed with a key that is gone, or in another pool. Get a new token.",
    ),
    "invalid_signature": Meaning(
        6,
        "It was not signed with the key that it names: somebody has changed or made it up.",
        "Do not trust anything it says.",
    ),
    "revoked": Meaning(7, "It, or the sign-in that it belongs to, has been revoked.", "Sign in again."),
    "insufficient_scope": Meaning(
        7, "The token is good, but lacks a scope that you ask for.", "Whoever grants scopes has to grant it."
    ),
    "insufficient_groups": Meaning(
        7, "The token is good, but its user is in none of the groups that you ask for.", "Add the user to a group."
    ),
    "keys_unavailable": Meaning(
        5,
        "Nothing is said against it: the keys to check it with cannot be had now.",
        "Run `jwtmr doctor` with the same settings: it says which key host fails, and how.",
    ),
    "revocation_unavailable": Meaning(
        7,
        "Nothing is said against it: whether it is revoked cannot be told now.",
        "Try again when the source of revocations answers.",
    ),
}
"""Every code that a validation can end with. ``missing_token`` and ``invalid_request`` come before any token."""


def outcomes(code: str | None) -> Sequence[Outcome]:
    """How each check came out in a validation that ended with ``code``; None: the token is valid."""
    last = len(CHECKS) + 1 if code is None else MEANINGS[code].check
    ended: Outcome = "could not tell" if code is not None and code.endswith("_unavailable") else "failed"
    places = range(1, len(CHECKS) + 1)
    return ["passed" if place < last else ended if place == last else "not reached" for place in places]
