"""Answers that come slowly or are too large: the connection ends in time, and no more is read than the limit."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import at_rest
from outage_rows_kit import Making, asked_in_vain, outcomes, struck, validator_of

from jwtmr.testing import LoopbackServer, OidcIssuer, RegionalIssuer, SettableClock
from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    at,
    body,
    delay,
    drip,
    gzip_bomb,
    huge,
    informational,
    many_headers,
)

MiB = 1024 * 1024
LIMIT = MiB // 2
"""Bytes of an answer."""
CHUNK = 64 * 1024
"""Bytes that the client takes off its socket at once."""
BUFFERS = 32 * MiB
"""Bytes, and far more than the system has under way between two sockets."""
DEADLINE = 5.5
"""Seconds until the connection of an attempt has ended."""
NEVER_ENDING = [
    drip(1, of="headers"),
    drip(1, of="body"),
    drip(0.5, of="body"),
    drip(1, of="chunk"),
    drip(1, of="trailer"),
    informational(),
    informational(103, per_second=20),
    accept_silent(),
    accept_silent("accept"),
]


@pytest.mark.slow
@pytest.mark.row("slow-body")
@pytest.mark.row("slow-headers")
def test_an_answer_that_never_ends(clock: SettableClock) -> None:
    """Whatever drips: the request gets its 503 in time, the connection ends, the thread too. A late answer is one."""
    with ExitStack() as stack, ThreadPoolExecutor(len(NEVER_ENDING) + 1) as threads:
        issuers = [stack.enter_context(OidcIssuer(clock=clock)) for _ in range(len(NEVER_ENDING) + 1)]
        validator = stack.enter_context(closing(validator_of(issuers, clock)))
        tokens = [issuer.access_token() for issuer in issuers]
        slow = [
            stack.enter_context(at(issuer).let(fault)) for issuer, fault in zip(issuers, NEVER_ENDING, strict=False)
        ]
        stack.enter_context(at(issuers[-1], part="keys").let(delay(1)))
        began = time.monotonic()
        answers = list(threads.map(lambda token: outcome(validator, token), tokens))
        assert time.monotonic() - began < DEADLINE
        assert answers == [*["keys_unavailable"] * len(NEVER_ENDING), "ok"]
        for injection in slow:
            (left,) = injection.await_left(within=DEADLINE)
            assert 2 < left.client_left_after < DEADLINE
        at_rest()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all pieces of bodies that are read."""
    pieces: list[int] = []
    usual = httpx.Response.iter_raw

    def noting(response: httpx.Response, chunk_size: int | None = None) -> Iterator[bytes]:
        for piece in usual(response, chunk_size):
            pieces.append(len(piece))
            yield piece

    monkeypatch.setattr(httpx.Response, "iter_raw", noting)
    return pieces


@pytest.mark.row("huge-body")
@pytest.mark.parametrize("fault", [huge(), huge(length="chunked"), huge(length="none")], ids=str)
def test_a_huge_body(clock: SettableClock, fault: Fault, read: list[int]) -> None:
    """Reading ends with the piece that goes beyond the limit, and the connection with it."""
    recorder = Recorder()
    with OidcIssuer(clock=clock) as issuer, closing(validator_of([issuer], clock, observers=[recorder])) as validator:
        with at(issuer, part="keys").let(fault) as large:
            assert outcome(validator, issuer.access_token()) == "keys_unavailable"
            assert outcomes(recorder) == ["too_large"]
            assert LIMIT < sum(read) <= LIMIT + CHUNK
            (left,) = large.await_left()
            assert left.sent < BUFFERS
        at_rest()


@pytest.mark.row("huge-body")
@pytest.mark.parametrize(("size", "ended"), [(LIMIT, "ok"), (LIMIT + 1, "too_large")])
def test_the_limit(clock: SettableClock, size: int, ended: str) -> None:
    """512 KiB are read, and a byte more is too large."""
    recorder = Recorder()
    with ExitStack() as stack:
        issuer = stack.enter_context(OidcIssuer(clock=clock))
        validator = stack.enter_context(closing(validator_of([issuer], clock, observers=[recorder])))
        stack.enter_context(at(issuer, part="keys").let(body(json.dumps(issuer.jwks()).ljust(size))))
        assert outcome(validator, issuer.access_token()) == ("ok" if ended == "ok" else "keys_unavailable")
        assert outcomes(recorder) == [ended]


@pytest.mark.row("gzip-bomb")
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_bomb(pool: RegionalIssuer, make: Making, coding: str, read: list[int]) -> None:
    """An answer that is compressed, which nobody asked for, is not read at all, so nothing is decompressed."""
    assert asked_in_vain(pool, make, gzip_bomb(coding=coding)) == {"too_large"}
    assert read == []


@pytest.mark.row("many-headers")
@pytest.mark.parametrize(
    ("fault", "ended"),
    [
        (many_headers(200), {"too_large"}),
        (many_headers(10_000, 1), {"network"}),
        (many_headers(1, MiB), {"network"}),
    ],
    ids=str,
)
def test_a_head_beyond_reason(pool: RegionalIssuer, make: Making, fault: Fault, ended: set[str]) -> None:
    """More than 200 fields, or more than the 100 KiB that the client reads, are a failed fetch."""
    assert asked_in_vain(pool, make, fault) == ended


@pytest.mark.row("many-headers")
def test_a_head_within_reason(pool: RegionalIssuer, make: Making) -> None:
    """Fewer fields are no reason to do without keys."""
    with at(pool).let(many_headers(190)) as large:
        assert outcome(make(), pool.access_token()) == "ok"
        assert len(struck(large)) == 1


MEMORY = {
    "huge": (huge(), 4 * LIMIT),
    "huge, chunked": (huge(length="chunked"), 4 * LIMIT),
    "huge, without length": (huge(length="none"), 4 * LIMIT),
    "gzip": (gzip_bomb(), 4 * LIMIT),
    "deflate": (gzip_bomb(coding="deflate"), 4 * LIMIT),
    "br": (gzip_bomb(coding="br"), 4 * LIMIT),
    "zstd": (gzip_bomb(coding="zstd"), 4 * LIMIT),
    "gzip, gzip": (gzip_bomb(coding="gzip, gzip"), 4 * LIMIT),
    "10 000 headers": (many_headers(10_000, 1), 8 * MiB),
    "1 MiB of a header": (many_headers(1, MiB), 8 * MiB),
}
"""Faults, and by how many bytes the peak of memory may grow."""


@pytest.mark.row("huge-body")
@pytest.mark.row("gzip-bomb")
@pytest.mark.row("many-headers")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of memory since a moment")
def test_memory(pool: RegionalIssuer) -> None:
    """The peak grows by four times the limit of a body at most, and by 8 MiB for a head."""
    content = json.dumps(pool.jwks()).encode()
    with ExitStack() as stack:
        usual, *servers = [
            stack.enter_context(LoopbackServer(lambda _: (200, {"Content-Type": "application/json"}, content)))
            for _ in ["usual", *MEMORY]
        ]
        for server, (fault, _) in zip(servers, MEMORY.values(), strict=True):
            stack.enter_context(at(server).let(fault))
        script = Path(__file__).with_name("memory_of_a_fetch.py")
        command = [sys.executable, str(script), *(server.url for server in [usual, *servers])]
        (ended, _), *grown = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    assert ended == "ok"
    assert {outcome for outcome, _ in grown} == {"too_large", "network"}
    beyond = {name: more for (name, (_, limit)), (_, more) in zip(MEMORY.items(), grown, strict=True) if more > limit}
    assert beyond == {}
