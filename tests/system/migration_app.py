"""The service that is migrated, as every worker of uvicorn makes it: orders behind tokens, and what is told of them.

``/drain`` is what this worker has counted; every answer names its worker. Nothing else is special about it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prometheus_client import generate_latest
from shared_clock import SharedClock

from jwtmr import CognitoUserPool, KeyPolicy, TokenValidator
from jwtmr.extras import prometheus
from jwtmr.testing import RegionalIssuer
from jwtmr_asgi import BearerAuthMiddleware
from jwtmr_asgi.types import App, Message, Receive, Scope, Send

TOLD: Final = "MIGRATION"
"""The variable of the environment."""
LEEWAY: Final = 5.0
"""Seconds."""


def described(issuer: RegionalIssuer, clock: Path, clients: list[str], until: float, refresh: float) -> str:
    """What a worker needs to know, for its environment."""
    return json.dumps(
        {
            "pool": issuer.user_pool_id,
            "clients": clients,
            "replicas": issuer.replica_regions,
            "jwks_uris": issuer.jwks_uris_for("updated"),
            "until": until,
            "clock": str(clock),
            "refresh": refresh,
        }
    )


def application() -> App:
    """Called by every worker."""
    told = json.loads(os.environ[TOLD])
    prometheus.REFRESH = told["refresh"]  # time is made to pass faster than it does, so the state is written more often
    metrics = prometheus.PrometheusObserver()
    pool = CognitoUserPool(
        told["pool"],
        issuer_type="updated",
        client_ids=told["clients"],
        token_use="access",
        replica_regions=told["replicas"],
        accept_legacy_until=datetime.fromtimestamp(told["until"], UTC),
        jwks_uris=told["jwks_uris"],
    )
    clock = SharedClock(Path(told["clock"]))
    validator = TokenValidator(
        pool,
        observers=[metrics],
        removal_dry_run=True,
        leeway=LEEWAY,
        key_policy=KeyPolicy(wait=20),  # a machine that is busy is no outage
        clock=clock,
    )
    metrics.watch(validator)

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/metrics":
            await answer(send, generate_latest(prometheus.registry_to_scrape()))
        elif scope["path"] == "/drain":
            await answer(send, validator.drain_report().to_json().encode())
        else:
            await answer(send, b"[]")

    return naming(BearerAuthMiddleware(service, validator, exclude=["/metrics", "/drain"]))


async def answer(send: Send, body: bytes) -> None:
    """Send text of this version of Prometheus' format, or JSON, which nobody here tells by its type."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


def naming(app: App) -> App:
    """``app``, whose answers say which process they come from."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        async def say_who(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-worker", str(os.getpid()).encode())]
            await send(message)

        await app(scope, receive, say_who)

    return named
