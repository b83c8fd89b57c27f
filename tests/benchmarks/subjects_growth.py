"""More authorities, and more keys, cost no token anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Final

from subject import Subject, each
from subjects_validation import AUDIENCE, token_of

from jwtmr import OidcProvider, TokenValidator
from jwtmr.testing import OidcIssuer, SigningKey
from jwtmr.testing.keys import new_kid

LIMIT: Final = 1.03
"""Times the cost with the fewest: what this can tell from nothing."""
AUTHORITIES: Final = (10, 100)
KEYS: Final = (20, 100)


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """One token, before a validator with few and one with many."""
    with ExitStack() as stack:
        yield [*_authorities(stack), *_keys(stack)]


def _authorities(stack: ExitStack) -> list[Subject]:
    issuer = stack.enter_context(OidcIssuer())
    token = token_of(issuer)
    alone = stack.enter_context(closing(TokenValidator(_provider(issuer, issuer.url))))
    made = []
    for count in AUTHORITIES:
        others = [_provider(issuer, f"https://tenant-{number}.example.com") for number in range(count - 1)]
        crowd = stack.enter_context(closing(TokenValidator(*others, _provider(issuer, issuer.url))))
        made.append(_subject(f"{count} authorities for 1", token, alone, crowd))
    return made


def _keys(stack: ExitStack) -> list[Subject]:
    """The issuers share their key material: drawing hundreds of RSA keys would take a minute, and change nothing."""
    key = SigningKey.generate()
    few, *many = (
        stack.enter_context(OidcIssuer(keys=[key, *(replace(key, kid=new_kid()) for _ in range(count - 1))]))
        for count in (2, *KEYS)
    )
    base = stack.enter_context(closing(TokenValidator(_provider(few, few.url))))
    made = []
    for count, issuer in zip(KEYS, many, strict=True):
        # The same name, client and token for both validators: nothing differs but how many keys there are.
        crowd = stack.enter_context(closing(TokenValidator(_provider(few, few.url, issuer.jwks_uri))))
        made.append(_subject(f"{count} keys for 2", token_of(few), base, crowd))
    return made


def _provider(issuer: OidcIssuer, url: str, jwks_uri: str | None = None) -> OidcProvider:
    return OidcProvider(
        url, audience=AUDIENCE, client_ids=[issuer.client_id], token_type="at+jwt", groups_claim="cognito:groups",
        username_claim="username", jwks_uris=[jwks_uri or issuer.jwks_uri],
    )  # fmt: skip


def _subject(name: str, token: str, few: TokenValidator, many: TokenValidator) -> Subject:
    assert few.validate(token).subject == many.validate(token).subject
    return Subject("growth", name, "ratio", each(few.validate, token), each(many.validate, token), LIMIT)
