"""What goes wrong on the way to the keys: over real sockets, where and when a test says.

A game day reads like this:

    from contextlib import closing
    from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
    from jwtmr.testing.faults import at, drip, lag, status

    clock = SettableClock()
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as pool:
        with closing(validator_for(pool, issuer_type="original")) as validator:
            validator.validate(before := pool.access_token())

            # The primary region sends a byte a second, the replica is a rotation behind. Nobody waits for either.
            with at(pool, "us-east-1").let(drip(1, of="headers")) as slow, at(pool, "us-west-2").let(lag()):
                pool.rotate()
                clock.advance(850)  # the keys are due
                validator.validate(before)
                assert all(suffered.client_left_after < 5.5 for suffered in slow.await_left())

            # That is over, and the first token with the new key is good.
            validator.validate(pool.access_token())

            # All is dark for half an hour. The keys that there are go on serving.
            with at(pool).let(status(503, retry_after=120)) as down:
                clock.advance(1800)
                validator.validate(before)
                down.await_struck()

``at(where)`` is a pool, one of its regions or hosts, a provider or one of its parts, or a single server. ``let`` puts
faults in force there; what it returns is a context manager, which ends them and **fails when one of them struck
nobody**: then the test did not test what it says. ``heal`` ends all faults of a place. ``suffered`` is the record of
each time that one struck; ``requests()`` of the issuers says the same of each request, in ``RecordedRequest.fault``.
``await_struck`` waits until somebody suffers, ``await_left`` until a client hung up in the middle of it.

A fault is an immutable value, so a list of them makes a parametrized test, with ``ids=str``. Several can be in force at
a place, and those that act at the same stage do so in the order in which they were put in force:

========== ====================================================== ================================================
stage      faults                                                 when they end, who hangs in them
========== ====================================================== ================================================
lookup     ``dns_hang`` ``dns_fails`` ``many_dead_addresses``     hears that the name cannot be looked up
outage     ``refuse`` ``drop_syn``: one at a time                 gets through
accept     ``reset("accept")`` ``accept_silent("accept")``        is hung up on
tls        ``bad_tls``: the latest                                is hung up on
publish    ``diverge`` ``lag``
answer     ``status`` ``redirect`` ``body`` ``age``
           ``many_headers`` ``gzip_bomb``
wait       ``delay`` ``hold`` ``informational`` ``reset``         gets the answer
           ``accept_silent``                                      is hung up on
write      ``drip`` ``reset("headers")``: the latest              gets the rest of the answer
           ``huge``                                               is hung up on
========== ====================================================== ================================================

``flap(fault, every=5)`` lets any of them come and go, but for an outage. A ``Fault`` of your own sets one hook.

Sockets know only real time: ``delay``, ``drip`` and ``informational`` take it, and ``hold`` takes none. ``lag`` and
``flap`` go by the clock of the issuer. Look-ups are the one thing that is not real, and ``refuse`` and ``drop_syn`` are
recorded when the host is looked up, because nothing arrives: ``jwtmr.testing.names`` says whose look-ups are seen. A
client that says it will send nothing more (half-closes) counts as having left.
"""

from jwtmr.testing.fault import Fault, JwkSet, Past, Stage, Suffered, Wire
from jwtmr.testing.faults.answers import TRAP, Coding, age, body, gzip_bomb, many_headers, redirect, status
from jwtmr.testing.faults.connections import (
    When,
    accept_silent,
    bad_tls,
    dns_fails,
    dns_hang,
    drop_syn,
    many_dead_addresses,
    refuse,
    reset,
)
from jwtmr.testing.faults.pace import Length, Part, delay, drip, hold, huge, informational
from jwtmr.testing.faults.place import FaultNotSuffered, Injection, Place, at
from jwtmr.testing.faults.regions import diverge, flap, lag
from jwtmr.testing.tls import BadTls, TlsAuthority

__all__ = [
    "TRAP",
    "BadTls",
    "Coding",
    "Fault",
    "FaultNotSuffered",
    "Injection",
    "JwkSet",
    "Length",
    "Part",
    "Past",
    "Place",
    "Stage",
    "Suffered",
    "TlsAuthority",
    "When",
    "Wire",
    "accept_silent",
    "age",
    "at",
    "bad_tls",
    "body",
    "delay",
    "diverge",
    "dns_fails",
    "dns_hang",
    "drip",
    "drop_syn",
    "flap",
    "gzip_bomb",
    "hold",
    "huge",
    "informational",
    "lag",
    "many_dead_addresses",
    "many_headers",
    "redirect",
    "refuse",
    "reset",
    "status",
]
