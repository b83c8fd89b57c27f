"""Faults of connections, of whole hosts, and of their names."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from typing import Literal, TypeAlias, get_args

from jwtmr.errors import ConfigurationError
from jwtmr.settings import one_of
from jwtmr.testing import names
from jwtmr.testing.fault import Fault, Wire
from jwtmr.testing.port import HOST
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.tls import BAD_TLS, BadTls
from jwtmr.testing.wire import Answer, render

When: TypeAlias = Literal["accept", "request", "headers", "body"]
"""After what a connection breaks off: accepting it, reading a request, sending the headers, or half of the body."""


def reset(when: When = "request") -> Fault:
    """Break each connection off with a reset (RST).

    ``"accept"``
        As soon as there is one, before anything is read.
    ``"request"``
        Instead of an answer.
    ``"headers"``, ``"body"``
        After the headers, or in the middle of the body.
    """
    one_of("when", when, get_args(When))
    text = f'reset("{when}")'
    if when == "accept":
        return Fault(name="reset", text=text, accept=Wire.reset)
    if when == "request":
        return Fault(name="reset", text=text, wait=Wire.reset)

    def write(wire: Wire, answer: Answer) -> None:
        top, blank, rest = render(answer, method=wire.method, keep_alive=False).partition(b"\r\n\r\n")
        wire.send(top + blank + (rest[: len(rest) // 2] if when == "body" else b""))
        wire.reset()

    return Fault(name="reset", text=text, write=write, whole=True)


def accept_silent(when: Literal["accept", "request"] = "request") -> Fault:
    """Accept connections and say nothing until the client leaves. At its end the fault hangs up.

    ``"request"``
        Requests are read, and recorded.
    ``"accept"``
        Nothing is read, so where there is TLS the handshake gets no answer.
    """
    one_of("when", when, ("accept", "request"))

    def silence(wire: Wire) -> None:
        wire.pause()
        wire.hang_up()

    text = f'accept_silent("{when}")'
    if when == "accept":
        return Fault(name="accept_silent", text=text, accept=silence)
    return Fault(name="accept_silent", text=text, wait=silence)


def refuse() -> Fault:
    """Refuse each attempt to connect: a process that is gone. See :meth:`LoopbackServer.take_down`."""
    return Fault(name="refuse", text="refuse()", outage="refuse")


def drop_syn() -> Fault:
    """Answer no attempt to connect: a host that is gone. See :meth:`LoopbackServer.take_down`."""
    return Fault(name="drop_syn", text="drop_syn()", outage="drop_syn")


def bad_tls(kind: BadTls) -> Fault:
    """Make connections secure in a wrong way; :meth:`TlsAuthority.bad_server_context` says which there are.

    Only at servers that were made with ``tls=TlsAuthority()``.
    """
    one_of("kind", kind, BAD_TLS)
    return Fault(name="bad_tls", text=f'bad_tls("{kind}")', tls=kind)


def dns_hang() -> Fault:
    """Find no address for the host and say nothing, until the fault ends; then the look-up fails.

    Faults of names are those of this process, and of the port alone; ``jwtmr.testing.names`` says who sees them.
    """
    return Fault(name="dns_hang", text="dns_hang()", lookup=lambda ended, _: names.hang(ended))


def dns_fails(code: int = socket.EAI_AGAIN) -> Fault:
    """Let each look-up of the host fail at once, with a code of ``socket.gaierror``."""
    rule = names.fail(code)
    return Fault(name="dns_fails", text=f"dns_fails({code})", lookup=lambda _, __: rule)


def many_dead_addresses(count: int = 8, how: Literal["refuse", "drop_syn"] = "drop_syn") -> Fault:
    """Find so many addresses at which nobody is, before the one of the server. The server itself is up."""
    one_of("how", how, ("refuse", "drop_syn"))
    if count < 1:
        raise ConfigurationError("count", "must be at least 1")

    def lookup(_: threading.Event, undo: ExitStack) -> names.Rule:
        nobody = undo.enter_context(LoopbackServer(lambda _: (404, {}, b"")))
        nobody.take_down(how)
        return names.dead_addresses([(HOST, nobody.port)] * count)

    return Fault(name="many_dead_addresses", text=f'many_dead_addresses({count}, "{how}")', lookup=lookup)
