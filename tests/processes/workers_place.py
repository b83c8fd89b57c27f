"""What a worker is told by whoever starts its server, and the validator that it makes of it."""

from __future__ import annotations

import gc
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from shared_clock import SharedClock
from workers_log import Log

from jwtmr import CognitoUserPool, KeyPolicy, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer

TOLD: Final = "WORKERS"
"""The variable of the environment."""
NAME: Final = "x-worker"
"""The header in which a worker says which it is: the examples do not."""
LIFETIME: Final = 600
"""Seconds for which a key set is fresh."""
WINDOW: Final = 30 * 86400.0
"""Seconds for which the legacy issuer is accepted."""


def described(issuer: RegionalIssuer, clock: Path, log: Path, wait: float) -> str:
    """What a worker needs to know, for its environment. ``wait`` is that of its ``KeyPolicy``."""
    return json.dumps(
        {
            "pool": issuer.user_pool_id,
            "client": issuer.client_id,
            "replicas": issuer.replica_regions,
            "jwks_uris": issuer.jwks_uris_for("updated"),
            "until": issuer.clock.wall() + WINDOW,
            "clock": str(clock),
            "log": str(log),
            "wait": wait,
        }
    )


def settle() -> None:
    """Call what is there by now nobody's garbage: to look through all that was imported stops a worker for long."""
    gc.collect()
    gc.freeze()


def told_validator() -> TokenValidator:
    """Make the validator, in the process that is to use it or in its parent."""
    told = json.loads(os.environ[TOLD])
    clock = SharedClock(Path(told["clock"]))
    log = Log(Path(told["log"]), clock, httpx_get())
    pool = CognitoUserPool(
        told["pool"],
        issuer_type="updated",
        client_ids=[told["client"]],
        token_use="access",
        replica_regions=told["replicas"],
        accept_legacy_until=datetime.fromtimestamp(told["until"], UTC),
        jwks_uris=told["jwks_uris"],
    )
    return TokenValidator(pool, observers=[log], http_get=log, clock=clock, key_policy=KeyPolicy(wait=told["wait"]))
