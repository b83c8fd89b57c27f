"""A process among several: validates tokens, says who it is, and lives until its standard input ends.

    one_worker.py HOW URL POOL CLIENT UNTIL TOKEN...

``HOW`` is ``itself``, as servers do it that start their workers; or ``child``, for those that fork them: this process
makes everything and warms up, and a child of it validates.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.extras.prometheus import PrometheusObserver


def main(how: str, url: str, pool: str, client: str, until: str, *tokens: str) -> None:
    """Validate the tokens here or in a child."""
    metrics = PrometheusObserver()
    authority = CognitoUserPool(
        pool, issuer_type="updated", client_ids=[client], token_use="access", jwks_uris=[url],
        accept_legacy_until=datetime.fromtimestamp(float(until), UTC),
    )  # fmt: skip
    validator = TokenValidator(authority, observers=[metrics])
    metrics.watch(validator)
    validator.warm_up(require="all")
    child = os.fork() if how == "child" else 0
    if child == 0:
        for token in tokens:
            validator.validate(token)
        sys.stdout.write(f"{os.getpid()}\n")
        sys.stdout.flush()
    sys.stdin.read()
    if child:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
