"""The faults of the soak: what goes wrong at an endpoint, drawn from the kit, with values that make a difference.

Left out: ``bad_tls``, as the endpoints speak no TLS here; ``age``, whose place in time the model does not know;
``hold``, which is ``accept_silent`` with an answer at the end; ``many_dead_addresses``, which is a slow ``refuse``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final, TypeAlias

from soak_tokens import Purse

from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    body,
    delay,
    diverge,
    dns_fails,
    dns_hang,
    drip,
    drop_syn,
    flap,
    gzip_bomb,
    huge,
    informational,
    lag,
    many_headers,
    redirect,
    refuse,
    reset,
    status,
)

MiB: Final = 1024 * 1024

Making: TypeAlias = Callable[[Random, Purse], Fault]

BODIES: Final = (b"", "<html>maintenance</html>", {"keys": []}, '{"keys": [', "[]", {"keys": "none"}, b"\xff\xfe{}")
"""Answered with 200, and no key set."""
STATUSES: Final = (204, 206, 304, 400, 403, 404, 410, 500, 502, 503)


def _told_to_wait(random: Random, _: Purse) -> Fault:
    return status(random.choice((429, 503)), retry_after=random.choice((5, 40, 120, 900)))


def _drip(random: Random, _: Purse) -> Fault:
    return drip(random.choice((1, 20, 2000)), of=random.choice(("headers", "body", "chunk", "trailer")))


def _drops_a_key(random: Random, purse: Purse) -> Fault:
    pair = random.choice(purse.pairs[-3:])
    return diverge(drop=random.choice(([pair.access.kid], [pair.access.kid, pair.id.kid])))


def _knows_a_former_key(random: Random, purse: Purse) -> Fault:
    pair = random.choice(purse.pairs[-3:])
    return diverge(drop=[pair.access.kid], add=[pair.access])


def poses(purse: Purse) -> Fault:
    """Publish somebody else's key under the kid of the pool's own."""
    own = purse.pairs[-1].access
    return diverge(drop=[own.kid], add=[replace(own, private_key=purse.poser.private_key)])


def _flap(random: Random, purse: Purse) -> Fault:
    fault = random.choice((status(500), reset(), accept_silent(), lag(1200)))
    return flap(fault, every=random.choice((5, 40, 300)), first=random.choice(("down", "up")))


CATALOGUE: Final[dict[str, tuple[int, Making]]] = {
    "status": (10, lambda random, _: status(random.choice(STATUSES))),
    "retry_after": (6, _told_to_wait),
    "reset": (8, lambda random, _: reset(random.choice(("accept", "request", "headers", "body")))),
    "accept_silent": (8, lambda random, _: accept_silent(random.choice(("accept", "request")))),
    "refuse": (5, lambda *_: refuse()),
    "drop_syn": (3, lambda *_: drop_syn()),
    "dns_fails": (2, lambda *_: dns_fails(socket.EAI_AGAIN)),
    "dns_hang": (2, lambda *_: dns_hang()),
    "delay": (8, lambda random, _: delay(random.choice((0.05, 0.3, 0.6, 1.5, 2.3)))),
    "drip": (5, _drip),
    "informational": (2, lambda *_: informational(per_second=5)),
    "huge": (2, lambda random, _: huge(2 * MiB, length=random.choice(("declared", "chunked", "none")))),
    "gzip_bomb": (2, lambda *_: gzip_bomb(16 * MiB)),
    "many_headers": (2, lambda *_: many_headers(1000)),
    "redirect": (4, lambda random, _: redirect(code=random.choice((301, 302, 307, 308)))),
    "body": (8, lambda random, _: body(random.choice(BODIES))),
    "lag": (12, lambda random, _: lag(random.choice((None, 60, 600, 2000)))),
    "drops_a_key": (8, _drops_a_key),
    "knows_a_former_key": (8, _knows_a_former_key),
    "poses": (6, lambda _, purse: poses(purse)),
    "flap": (8, _flap),
}  # fmt: skip
"""How often each is drawn, in parts."""

TOTAL: Final = ("status", "retry_after", "reset", "accept_silent", "refuse", "body", "drip", "dns_fails", "redirect")
"""Those that are drawn for an outage of everything."""


def draw(random: Random, *, total: bool = False) -> str:
    """The name of a fault."""
    names = TOTAL if total else [*CATALOGUE]
    return random.choices(names, [CATALOGUE[name][0] for name in names])[0]


def make(name: str, random: Random, purse: Purse) -> Fault:
    """The fault itself, which may concern the keys that there are now."""
    return CATALOGUE[name][1](random, purse)
