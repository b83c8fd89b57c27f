"""Every fault of the kit, in every variety that a key host can show, and what comes of it where no keys are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    age,
    bad_tls,
    body,
    delay,
    diverge,
    dns_fails,
    dns_hang,
    drip,
    drop_syn,
    flap,
    gzip_bomb,
    hold,
    huge,
    informational,
    lag,
    many_dead_addresses,
    many_headers,
    redirect,
    refuse,
    reset,
    status,
)

SAID: Final = "Zebra7Said"
"""In bodies. It must be found nowhere else, in no log of anybody."""
HEADED: Final = "Zebra7Headed"
"""In headers. httpcore writes those into its own log at DEBUG; jwtmr writes them nowhere."""

MiB: Final = 1024 * 1024
FAST: Final = 5.0
SLOW: Final = 0.1
"""Seconds that a call waits for keys: long enough for any answer, and short where there is none."""

LEAKED: Final[dict[str, str]] = {"kty": "RSA", "n": SAID * 30, "e": "AQAB", "kid": "leaked", "d": SAID, "p": SAID}


ANSWERS: Final = [
    *(status(code, body=SAID) for code in (204, 206, 403, 404, 410, 500, 502)),
    status(429, retry_after=120, body={"message": SAID}),
    status(503, retry_after=HEADED),
    *(redirect(code=code) for code in (301, 302, 307, 308)),
    redirect(f"http://169.254.169.254/{HEADED}"),
    redirect(f"file:///etc/{HEADED}"),
    body(f"<html><body>{SAID}</body></html>", content_type="text/html"),
    body(b""),
    body('{"keys": [{"kid": "' + SAID),
    body([SAID]),
    body({"keys": SAID}),
    body('{"keys": NaN}'),
    body({"keys": []}),
    body({"keys": [LEAKED]}),
    body({"keys": [{"kty": "oct", "k": SAID, "kid": "shared"}]}),
    body(f'{{"keys": [], "{SAID}": 1, "{SAID}": 2}}'),
    body(f'{{"keys": "{SAID}"}}'.encode("utf-16")),
    body("[" * 100_000),
    body({"keys": [{"kid": SAID}] * 101}),
    many_headers(10_000),
    many_headers(1, 1_000_000),
    *(gzip_bomb(16 * MiB, coding=coding) for coding in ("gzip", "deflate", "br", "zstd", "gzip, gzip")),
    *(huge(length=length) for length in ("declared", "chunked", "none")),
]
CONNECTIONS: Final = [
    *(reset(when) for when in ("accept", "request", "headers", "body")),
    flap(reset(), every=1000),
    refuse(),
    dns_fails(),
]
SILENCES: Final = [
    accept_silent("accept"),
    accept_silent("request"),
    hold(),
    delay(60),
    drop_syn(),
    dns_hang(),
    many_dead_addresses(8, "drop_syn"),
    informational(100, per_second=20),
    informational(103, per_second=20),
    *(drip(1, of=of) for of in ("headers", "body", "chunk", "trailer")),
]
HARMLESS: Final = [
    delay(0.01),
    age(60),
    lag(),
    many_headers(50),
    many_dead_addresses(2, "refuse"),
    diverge(add=[{**LEAKED, "use": "enc"}]),
]
BAD_TLS: Final = [bad_tls(kind) for kind in ("expired", "not_yet_valid", "wrong_host", "self_signed", "old_protocol")]


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault, and what comes of it."""

    fault: Fault
    passes: bool = False
    """Whether a good token passes where no keys are known."""
    wait: float = FAST
    """How long a call should wait for keys, in seconds."""
    tls: bool = False
    """Whether the hosts need TLS for it."""

    def __str__(self) -> str:
        return str(self.fault)[:40]


CATALOGUE: Final = [
    *(Entry(fault) for fault in (*ANSWERS, *CONNECTIONS)),
    *(Entry(fault, wait=SLOW) for fault in SILENCES),
    *(Entry(fault, passes=True) for fault in HARMLESS),
    *(Entry(fault, tls=True) for fault in BAD_TLS),
]
