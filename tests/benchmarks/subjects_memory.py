"""How much memory a validator holds, and a full cache: what a process holds with it, less what it holds without.

Run by itself it is such a process: ``python subjects_memory.py WHAT`` prints its megabytes.
"""

from __future__ import annotations

import gc
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from measure import Timed
from subject import Absent, Subject

IDLE_LIMIT: Final = 2.0
CACHE_LIMIT: Final = 40.0
"""Megabytes."""
TOKENS: Final = 10_000
_STATM: Final = Path("/proc/self/statm")
_PAGE: Final = 4096


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """An idle validator, and a cache that is full."""
    if not _STATM.exists():
        raise Absent("this system does not say how much memory a process has")
    yield [
        _subject("an idle validator", "nothing", "validator", IDLE_LIMIT),
        _subject(f"{TOKENS} cached tokens", "tokens", "cache", CACHE_LIMIT),
    ]


def _subject(name: str, bare: str, full: str, limit: float) -> Subject:
    return Subject("memory", name, "memory", _megabytes(bare), _megabytes(full), limit, rounds=1, calls=1)


def _megabytes(what: str) -> Timed:
    def measured(calls: int) -> float:
        command = [sys.executable, __file__, what]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return float(ran.stdout) * calls

    return measured


def main(what: str) -> None:
    """Hold it, and say how much that is."""
    import jwtmr  # noqa: PLC0415
    from jwtmr.http import httpx_get  # noqa: PLC0415
    from jwtmr.testing import OidcIssuer, RegionalIssuer, validator_for  # noqa: PLC0415

    httpx_get(ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # imports what a validator does; trusts nobody
    with RegionalIssuer() as pool, OidcIssuer(algorithms=["ES256"]) as issuer:
        held: list[object] = []
        if what == "validator":
            held.append(validator_for(pool, issuer_type="original"))
            held[0].validate(pool.access_token())  # type: ignore[attr-defined]
        elif what in ("tokens", "cache"):
            held += _full(jwtmr, issuer, cached=what == "cache")
        gc.collect()
        print(int(_STATM.read_text().split()[1]) * _PAGE / 1e6)


def _full(jwtmr: object, issuer: object, *, cached: bool) -> list[object]:
    """A validator that has seen many tokens, and remembers them or not. Their signing is what takes the time."""
    from subjects_validation import provider_of, token_of  # noqa: PLC0415

    remembered = {"token_cache": jwtmr.TokenCache(max_entries=TOKENS, ttl=600)} if cached else {}
    validator = jwtmr.TokenValidator(provider_of(issuer, "ES256"), **remembered)
    for _ in range(TOKENS):
        validator.validate(token_of(issuer))
    return [validator]


if __name__ == "__main__":
    main(sys.argv[1])
