"""Serves the project of ``docs/django.md`` with a pool of its own. Told what to do on standard input, ends with it.

Speaks JSON, one object per line: first ports and tokens, then ``{}`` for each order that is done.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from django.core.asgi import get_asgi_application
from serving import served
from shop import tokens
from waitress import create_server

from jwtmr import TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import LoopbackServer, RegionalIssuer, SettableClock, validator_for

DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class Town:
    """Two pools: one whose clock stands still, and one that lives to see its window close."""

    issuer: RegionalIssuer
    validators: dict[str, TokenValidator]
    """``warm``: inside the window; ``retired``: without one; ``cold``: nobody has its keys; ``moving``: later's."""
    clock: SettableClock
    """Of the pool that lives."""
    tokens: dict[str, str]


@contextmanager
def a_town() -> Iterator[Town]:
    """Start both."""
    stopped, clock, make = SettableClock(), SettableClock(), partial(validator_for, http_get=httpx_get())
    with (
        RegionalIssuer(["us-east-1"], clock=stopped) as issuer,
        RegionalIssuer(["us-east-1"], clock=clock) as moving,
        LoopbackServer(lambda _: (404, {}, b"")) as nobody,
    ):
        nobody.take_down("refuse")
        issuer.switch_to_updated()
        moving.switch_to_updated()
        with (
            closing(make(issuer, accept_legacy_until=stopped.now() + timedelta(days=1))) as warm,
            closing(make(issuer)) as retired,
            closing(make(issuer, jwks_uris=[nobody.url + "/jwks.json"])) as cold,
            closing(make(moving, accept_legacy_until=clock.now() + timedelta(days=1))) as live,
        ):
            validators = {"warm": warm, "retired": retired, "cold": cold, "moving": live}
            yield Town(issuer, validators, clock, tokens_of(issuer) | tokens_of_days(moving))


def tokens_of(issuer: RegionalIssuer) -> dict[str, str]:
    """What is sent while the clock stands still."""
    mint = partial(issuer.access_token, subject="alice", scopes=["orders/read"])
    return {
        "good": mint(),
        "bob": mint(subject="bob"),
        "writer": mint(scopes=["orders/read", "orders/write"]),
        "admin": mint(groups=["staff", "admins"]),
        "unscoped": mint(scopes=["openid"]),
        "legacy": mint(issuer=issuer.original_issuer),
        "expired": mint(issued_at=issuer.clock.wall() - 7200),
        "early": mint(issued_at=issuer.clock.wall() + 7200),
        "foreign": mint(issuer="https://evil.example/pool"),
        "client": mint(client_id="somebodyelsesclient"),
        "machine": issuer.machine_token(claims={"sub": "batch"}),
        "forged": issuer.forged_token(),
    }


def tokens_of_days(issuer: RegionalIssuer) -> dict[str, str]:
    """What is sent before and after the window has closed."""
    mint = partial(issuer.access_token, subject="alice", scopes=["orders/read"], expires_in=3 * DAY)
    return {"old": mint(issuer=issuer.original_issuer), "new": mint()}


def say(**words: object) -> None:
    """Write one object."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    tokens.validator.close()
    with a_town() as town:
        tokens.validator = town.validators["warm"]
        from shop.wsgi import application  # noqa: PLC0415 - it asks for keys

        fetched = town.issuer.count()
        waitress = create_server(application, host="127.0.0.1", port=0)
        threading.Thread(target=waitress.run, daemon=True).start()
        with served(get_asgi_application(), lifespan="off") as place:
            ports = {"wsgi": int(waitress.effective_port), "asgi": int(place.partition(":")[2])}
            say(ports=ports, tokens=town.tokens, fetched=fetched)
            for line in sys.stdin:
                obey(town, json.loads(line))


def obey(town: Town, order: dict[str, object]) -> None:
    """Do what a line says."""
    match order:
        case {"use": str(name)}:
            tokens.validator = town.validators[name]
        case {"advance": int(seconds)}:
            town.clock.advance(seconds)
        case _:
            raise ValueError(order)
    say()


if __name__ == "__main__":
    main()
