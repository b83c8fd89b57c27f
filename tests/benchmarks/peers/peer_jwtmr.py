"""jwtmr beside the libraries: the same tokens, in the same environment."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from peer_kit import LEEWAY, Case, library
from subject import Subject

from jwtmr import CognitoUserPool, TokenCache, TokenValidator
from jwtmr.http import httpx_get


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """Configured as for a pool that has not been switched; also with a cache."""
    case = Case(path, "cognito")
    with ExitStack() as stack:
        validator = stack.enter_context(closing(validator_of(case)))
        made, facts = library(case, "jwtmr", "jwtmr", validator.validate)
        cache = TokenCache(max_entries=10_000, ttl=60)
        remembering = stack.enter_context(closing(validator_of(case, token_cache=cache)))

        def found(token: str) -> object:
            return remembering.validate(token.encode().decode())  # its own string, as a request brings it

        made += library(case, "jwtmr, found in its cache", "jwtmr", found)[0]
        yield made, facts


def validator_of(case: Case, **settings: Any) -> TokenValidator:  # noqa: ANN401 - of TokenValidator
    """A validator for the pool of a case."""
    pool = CognitoUserPool(
        case.user_pool_id,
        issuer_type="original",
        client_ids=[case.client_id],
        token_use="access",
        jwks_uris=[case.jwks_uri],
    )
    # httpx would not look at SSL_CERT_FILE
    return TokenValidator(pool, leeway=LEEWAY, http_get=httpx_get(ssl_context=ssl.create_default_context()), **settings)
