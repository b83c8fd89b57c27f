"""Faults and places that make no sense: refused where they are made, and nothing begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from faults_client import client_of, plain_server

import jwtmr.testing.faults
from jwtmr import ConfigurationError
from jwtmr.testing import LoopbackServer, OidcIssuer, RegionalIssuer
from jwtmr.testing.faults import (
    Fault,
    Wire,
    age,
    at,
    bad_tls,
    delay,
    diverge,
    drip,
    drop_syn,
    flap,
    huge,
    lag,
    many_headers,
    redirect,
    refuse,
    reset,
    status,
)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with plain_server() as started:
        yield started


@pytest.mark.parametrize("hooks", [{}, {"wait": Wire.reset, "accept": Wire.reset}], ids=["none", "two"])
def test_a_fault_acts_at_one_stage(hooks: dict[str, Callable[[Wire], None]]) -> None:
    """A value that does nothing, or several things, is no fault."""
    with pytest.raises(ValueError, match="exactly one stage"):
        Fault(name="x", text="x", **hooks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        (lambda: status(199), "code"),
        (lambda: status(600), "code"),
        (lambda: redirect(code=299), "code"),
        (lambda: redirect(code=309), "code"),
        (lambda: age(-1), "seconds"),
        (lambda: many_headers(0), "count"),
        (lambda: many_headers(size=-1), "count"),
        (lambda: jwtmr.testing.faults.gzip_bomb(coding="x"), "coding"),  # type: ignore[arg-type]
        (lambda: jwtmr.testing.faults.gzip_bomb(1), "size"),
        (lambda: delay(-1), "seconds"),
        (lambda: drip(0), "bytes_per_second"),
        (lambda: drip(of="x"), "of"),  # type: ignore[arg-type]
        (lambda: huge(1), "size"),
        (lambda: huge(length="x"), "length"),  # type: ignore[arg-type]
        (lambda: jwtmr.testing.faults.informational(200), "code"),
        (lambda: jwtmr.testing.faults.informational(99), "code"),
        (lambda: jwtmr.testing.faults.informational(101), "code"),
        (lambda: jwtmr.testing.faults.informational(per_second=0), "per_second"),
        (lambda: reset("x"), "when"),  # type: ignore[arg-type]
        (lambda: jwtmr.testing.faults.accept_silent("x"), "when"),  # type: ignore[arg-type]
        (lambda: bad_tls("x"), "kind"),  # type: ignore[arg-type]
        (lambda: jwtmr.testing.faults.dns_fails("x"), "code"),  # type: ignore[arg-type]
        (lambda: jwtmr.testing.faults.many_dead_addresses(0), "count"),
        (lambda: jwtmr.testing.faults.many_dead_addresses(how="x"), "how"),  # type: ignore[arg-type]
        (diverge, "add"),
        (lambda: diverge(drop="kid"), "drop"),  # type: ignore[arg-type]
        (lambda: lag(-1), "seconds"),
        (lambda: flap(reset(), every=0), "every"),
        (lambda: flap(reset(), every=1, first="x"), "first"),  # type: ignore[arg-type]
        (lambda: flap(refuse(), every=1), "fault"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: Callable[[], Fault], parameter: str) -> None:
    """A fault is checked where it is made."""
    with pytest.raises(ConfigurationError) as refused:
        wrong()
    assert refused.value.parameter == parameter


def test_a_place_that_makes_no_sense_is_refused(server: LoopbackServer) -> None:
    """Regions, forms and parts belong to their own kind of issuer, and are spelt as there."""
    with RegionalIssuer() as pool, OidcIssuer() as issuer:
        wrong: list[tuple[Callable[[], object], str]] = [
            (lambda: at(pool, part="keys"), "part"),  # type: ignore[call-overload]
            (lambda: at(server, part="keys"), "part"),  # type: ignore[call-overload]
            (lambda: at(server, "us-east-1"), "region"),  # type: ignore[call-overload]
            (lambda: at(issuer, form="original"), "region"),  # type: ignore[call-overload]
            (lambda: at(pool, "us-east-2"), "region"),
            (lambda: at(pool, form="x"), "form"),  # type: ignore[call-overload]
            (lambda: at(issuer, part="x"), "part"),  # type: ignore[call-overload]
        ]
        for call, parameter in wrong:
            with pytest.raises(ConfigurationError) as refused:
                call()
            assert refused.value.parameter == parameter


def test_faults_that_a_place_cannot_have_are_refused(server: LoopbackServer) -> None:
    """Nothing is published by a bare server, no TLS is spoken by a plain one, and a server is down in one way."""
    wrong: list[tuple[Fault, ...]] = [
        (),
        (lag(),),
        (diverge(drop=["x"]),),
        (bad_tls("expired"),),
        (refuse(), drop_syn()),
    ]
    for faults in wrong:
        with pytest.raises(ConfigurationError) as refused:
            at(server).let(*faults)
        assert refused.value.parameter == "faults"
    at(server).let(refuse())
    with pytest.raises(ConfigurationError, match="is down"):
        at(server).let(drop_syn())
    at(server).heal()
    assert client_of(server).ask().status == 200
    with OidcIssuer() as issuer, pytest.raises(ConfigurationError, match="no keys are"):
        at(issuer, part="discovery").let(lag())


def test_a_server_that_does_not_run_cannot_suffer() -> None:
    """There is no URL yet, or nobody answers any more."""
    server = LoopbackServer(lambda _: (200, {}, b""))
    with pytest.raises(RuntimeError, match="not started"):
        at(server).let(status(503))
    server.start()
    server.close()
    with pytest.raises(RuntimeError, match="not running"):
        at(server).let(refuse())


def test_what_cannot_begin_everywhere_does_not_begin() -> None:
    """If one server of a place cannot be taken down, none is."""
    with RegionalIssuer() as pool:
        pool.servers()[-1].close()
        with pytest.raises(RuntimeError, match="not running"):
            at(pool).let(refuse())
        assert [server.outage for server in pool.servers()[:-1]] == [None, None, None]
