"""Every fault of the kit, by the same rules: it shows, it is recorded, it ends, and it leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from faults_client import (
    CATALOGUE,
    PATIENCE,
    REGION,
    Client,
    Heard,
    beside,
    every_fault,
    is_unhurt,
    nobody_fetches,
    nobody_is_served,
    pool_and_client,
)

import jwtmr.testing.faults
from jwtmr import KeyPolicy, KeysUnavailable, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.faults import Fault, Injection, Stage, TlsAuthority, at

ANSWERED = [fault for fault in CATALOGUE if fault.name in ("hold", "informational", "drip")]
"""Faults that keep a client for longer than any test takes, and give the rest of the answer when they end."""

LEFT_ALONE = [fault for fault in CATALOGUE if fault.name in ("dns_hang", "accept_silent")]
"""Those that give none."""

SILENT = ("accept_silent", "hold", "drop_syn")
"""Faults in which nothing is said."""

SAME = ("delay", "many_dead_addresses")
"""Faults after which the answer is the usual one, to the byte."""

PLAIN = httpx_get()
"""Of all validators that know no certificate of ours: reading those of the world takes longer than most tests."""

BEFORE_A_REQUEST: tuple[Stage, ...] = ("lookup", "outage", "accept", "tls")
"""Stages at which no request has been read."""


def test_every_kind_of_fault_is_in_the_catalogue() -> None:
    """What goes through the catalogue leaves out nothing that the kit exports, and no stage."""
    makers = {name for name in jwtmr.testing.faults.__all__ if name.islower()} - {"at", "flap"}
    assert {fault.name for fault in CATALOGUE} == makers
    assert {fault.stage for fault in CATALOGUE} == set(get_args(Stage))
    assert any("flap" in str(fault) for fault in CATALOGUE)
    assert len({str(fault) for fault in CATALOGUE}) == len(CATALOGUE)


def hear(pool: RegionalIssuer, client: Client, fault: Fault) -> tuple[Heard, Injection]:
    """What a client hears of a pool that has rotated, while ``fault`` is in force. It has no patience with the bad."""
    if not is_unhurt(fault):
        client = replace(client.brief if fault.name in SILENT else client, longest=0.1, enough=400_000)
    with at(pool).let(fault) as injection:
        pool.rotate()
        heard = beside(client.ask)
        injection.await_struck()
        if fault.name != "dns_hang":  # no client can give up a look-up
            heard.result(PATIENCE)
    return heard.result(PATIENCE), injection


@pytest.mark.parametrize(**every_fault)
def test_it_shows_and_is_recorded_and_ends(fault: Fault) -> None:
    """A client hears something else as long as the fault is in force, and that once is on record."""
    with pool_and_client(secure=fault.stage == "tls") as (pool, client):
        heard, injection = hear(pool, client, fault)
        usual = client.ask()
        (suffered,) = injection.suffered()
        (server,) = pool.servers(REGION, "original")
        requests = pool.requests()
    assert (usual.status, usual.end) == (200, "closed")
    assert (heard.data == usual.data) == (fault.name in SAME)
    assert suffered.fault == fault.name
    assert requests[-1].fault is None
    if fault.stage in BEFORE_A_REQUEST:
        assert (suffered.request, suffered.url) == (None, server.url)
    else:
        assert (suffered.request, suffered.url) == (requests[0], server.url + client.path)
        assert requests[0].fault == fault.name


@pytest.mark.parametrize("fault", [*ANSWERED, *LEFT_ALONE], ids=str)
def test_whoever_hangs_is_woken_by_healing(fault: Fault) -> None:
    """Who hangs in a fault when its place is healed hears the rest at once, or an end."""
    with pool_and_client() as (pool, client):
        injection = at(pool).let(fault)
        heard = beside(client.ask)
        injection.await_struck()
        healed = time.monotonic()
        at(pool).heal()
        rest = heard.result(PATIENCE)
    assert time.monotonic() - healed < 1
    assert rest.end == {"lookup": "no name", "accept": "reset"}.get(fault.stage, "closed")
    assert (b"\r\n\r\n" in rest.data and b'"keys"' in rest.data) == (fault in ANSWERED)
    assert nobody_is_served()


@pytest.mark.parametrize(**every_fault)
def test_closing_is_prompt_and_leaves_no_thread(fault: Fault) -> None:
    """Whatever is in force when the servers close, and whoever hangs in it, nobody waits for it."""
    before = set(threading.enumerate())
    with pool_and_client(secure=fault.stage == "tls") as (pool, client):
        injection = at(pool).let(fault)
        pool.rotate()
        heard = beside(client.ask)
        injection.await_struck()
        started = time.monotonic()
        pool.close()
        assert time.monotonic() - started < 0.5
        ours = [thread for thread in threading.enumerate() if thread.name.startswith("jwtmr-testing")]
        assert not set(ours) - before
        heard.result(PATIENCE)


LIFE = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from faults_client import CATALOGUE, Client, beside
from jwtmr.testing import OidcIssuer
from jwtmr.testing.faults import TlsAuthority, at
for fault in CATALOGUE:
    tls = TlsAuthority() if fault.stage == "tls" else None
    with OidcIssuer(algorithms=["ES256"], tls=tls) as issuer:
        injection = at(issuer, part="keys").let(fault)
        issuer.rotate()
        (server,) = issuer.servers("keys")
        heard = beside(Client(server.port, "/jwks.json", tls and tls.client_context()).ask)
        injection.await_struck()
    heard.result(10)
end = time.monotonic() + 10
while threading.active_count() > 1 and time.monotonic() < end:
    time.sleep(0.01)
print(threading.enumerate()[1:])
"""


def test_nothing_is_left_unclosed() -> None:
    """In development mode with warnings as errors a process that suffered everything ends without a word."""
    line = [sys.executable, "-X", "dev", "-W", "error", "-c", LIFE, str(Path(__file__).parent)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@contextmanager
def pool_and_validator(fault: Fault, wait: float) -> Iterator[tuple[RegionalIssuer, TokenValidator, SettableClock]]:
    """A pool of one region and a validator that trusts its TLS, if that is to be spoilt."""
    clock = SettableClock()
    tls = TlsAuthority() if fault.stage == "tls" else None
    get = PLAIN if tls is None else httpx_get(tls.client_context())
    with RegionalIssuer([REGION], clock=clock, tls=tls) as pool:
        policy = KeyPolicy(wait=wait)
        with closing(validator_for(pool, issuer_type="original", key_policy=policy, http_get=get)) as validator:
            yield pool, validator, clock


@pytest.mark.parametrize(**every_fault)
def test_a_warm_validator_suffers_it_and_goes_on(fault: Fault) -> None:
    """A refresh meets the fault, the keys of before serve on, and when it is over the new ones are found."""
    with pool_and_validator(fault, wait=2) as (pool, validator, clock):
        validator.validate(before := pool.access_token())
        with at(pool).let(fault) as injection:
            pool.rotate()
            clock.advance(850)
            validator.validate(before)
            injection.await_struck()
            validator.validate(before)
        assert nobody_fetches()  # one that is in the air while the clock leaps is held to be lost
        clock.advance(400)
        validator.validate(pool.access_token())
        validator.validate(before)
        assert {suffered.fault for suffered in at(pool).suffered()} == {fault.name}


@pytest.mark.parametrize(**every_fault)
def test_a_cold_validator_suffers_it(fault: Fault) -> None:
    """Without any keys nobody is let in, and told to come again, unless the fault is one that lets keys through."""
    with pool_and_validator(fault, wait=2 if is_unhurt(fault) else 0.15) as (pool, validator, _):
        token = pool.access_token()
        with at(pool).let(fault) as injection:
            pool.rotate()
            if is_unhurt(fault):
                validator.validate(token)
            else:
                with pytest.raises(KeysUnavailable):
                    validator.validate(token)
                injection.await_struck()


@pytest.mark.slow
def test_the_game_day_in_the_documentation_works() -> None:
    """What the docstring of the kit shows is run as it stands there. Slow: an attempt at a fetch takes 2.5 seconds."""
    indented = re.findall(r"(?:^(?: {4}.*)?\n)+", jwtmr.testing.faults.__doc__ or "", re.MULTILINE)
    (example,) = [block for block in indented if "import" in block]
    threads = set(threading.enumerate())
    exec(compile(textwrap.dedent(example), "jwtmr.testing.faults.__doc__", "exec"), {})
    assert not [thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("jwtmr-testing")]
