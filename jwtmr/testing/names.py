"""Look-ups of host names that hang, fail or find dead addresses.

This is the one mock of the fault kit. What real sockets can show is shown by real servers, but a name server of one's
own needs root, or a change to the machine. So :class:`Switchboard` stands in for ``socket.getaddrinfo``, where Python
asks the system, and goes by the **port** that is asked for: ``http://127.0.0.1:{port}`` needs no other URL.

Who does not ask there does not see it: clients with a resolver of their own (aiodns, uvloop), and C code. asyncio and
anyio connect to an IP address without a look-up, so write ``http://localhost:{port}`` for them. A look-up of a loop
that hangs holds a thread of its executor, and ``asyncio.run`` waits for those threads at its end.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from socket import AddressFamily, SocketKind
from typing import Final, TypeAlias

from jwtmr.errors import ConfigurationError
from jwtmr.settings import check_methods

MAX_PORT: Final = 65535

AddressInfo: TypeAlias = tuple[
    AddressFamily, SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]
"""One address as ``socket.getaddrinfo`` returns it: family, type, protocol, canonical name, address."""

_GetAddrInfo: TypeAlias = Callable[
    [bytes | str | None, bytes | str | int | None, int, int, int, int], Sequence[AddressInfo]
]


@dataclass(frozen=True, slots=True)
class Lookup:
    """One look-up as a rule sees it: what was asked, and a way to answer as if the rule were not there."""

    host: bytes | str | None
    port: int
    family: int
    type: int
    proto: int
    flags: int
    _ask: _GetAddrInfo
    _older: tuple[Rule, ...]

    def usual(self) -> Sequence[AddressInfo]:
        """Return what the rule before this one says, or where there is none the system. Raises ``socket.gaierror``."""
        if self._older:
            return self._older[-1](replace(self, _older=self._older[:-1]))
        return self.of(self.host, self.port)

    def of(self, host: bytes | str | None, port: int) -> Sequence[AddressInfo]:
        """Return what the system says of another host and port, asked for in the same way."""
        return self._ask(host, port, self.family, self.type, self.proto, self.flags)


Rule: TypeAlias = Callable[[Lookup], Sequence[AddressInfo]]
"""Answers a look-up, or raises what it ends with. Called in the thread that looks up, so by several at once."""


class Handle:
    """A rule in force; what :meth:`Switchboard.add` returns."""

    def __init__(self, port: int, rule: Rule, remove: Callable[[Handle], None]) -> None:
        self.port: Final = port
        self.rule: Final = rule
        self._remove = remove

    def remove(self) -> None:
        """Ask the rule no more. Look-ups that are in it go on. Any number of times."""
        self._remove(self)


class Switchboard:
    """Answers look-ups of some ports by rules, and leaves all others to the system. Safe to use from any thread.

    It takes the place of ``socket.getaddrinfo`` with its first rule and gives it back with its last. What somebody else
    has put there in the meantime stays, and whatever that hands on to here goes to the system; a rule that is added
    over it acts in front of it.

    Of several rules for a port the latest is asked, and :meth:`Lookup.usual` asks the one before it. Look-ups with
    ``AI_NUMERICHOST`` ask no name server, and those that name no port, or one in words, cannot be told apart: no rule
    sees them and they are not counted.

    A child of ``fork()`` has the rules and counts of its parent and goes its own way from there. What wakes a look-up
    in the parent does not wake one in the child.
    """

    def __init__(self) -> None:
        self._handles: tuple[Handle, ...] = ()
        self._counts: Counter[int] = Counter()
        self._ours: _GetAddrInfo | None = None
        self._below: _GetAddrInfo = socket.getaddrinfo

    def add(self, port: int, rule: Rule) -> Handle:
        """Answer look-ups of ``port`` by ``rule`` from now on, until the handle is removed."""
        if type(port) is not int or not 0 < port <= MAX_PORT:
            raise ConfigurationError("port", f"must be a number between 1 and {MAX_PORT}")
        check_methods("rule", rule, ["__call__"])
        handle = Handle(port, rule, self._remove)
        with _lock:
            self._handles = (*self._handles, handle)
            if socket.getaddrinfo is not self._ours:
                self._install()
        return handle

    def count(self, port: int) -> int:
        """How many look-ups of ``port`` began while there was a rule, for this port or another."""
        with _lock:
            return self._counts[port]

    def _remove(self, handle: Handle) -> None:
        with _lock:
            self._handles = tuple(known for known in self._handles if known is not handle)
            if self._handles or self._ours is None:
                return
            if socket.getaddrinfo is self._ours:
                _put(self._below)
            self._ours = None

    def _install(self) -> None:
        below: _GetAddrInfo = socket.getaddrinfo

        def getaddrinfo(  # noqa: PLR0917 - the real one takes them by position, and under these names
            host: bytes | str | None,
            port: bytes | str | int | None,
            family: int = 0,
            type: int = 0,  # noqa: A002
            proto: int = 0,
            flags: int = 0,
        ) -> list[AddressInfo]:
            number = None if flags & socket.AI_NUMERICHOST else _number(port)
            # Only the latest one acts. Others may still be there, under what somebody else has put over them.
            if number is None or self._ours is not getaddrinfo:
                return list(below(host, port, family, type, proto, flags))
            return list(Lookup(host, number, family, type, proto, flags, below, self._rules(number)).usual())

        self._ours, self._below = getaddrinfo, below
        _put(getaddrinfo)

    def _rules(self, port: int) -> tuple[Rule, ...]:
        with _lock:
            self._counts[port] += 1
            return tuple(handle.rule for handle in self._handles if handle.port == port)


def hang(ended: threading.Event) -> Rule:
    """Find nothing and say nothing until ``ended`` is set; then the look-up fails with ``EAI_AGAIN``.

    A name server that does not answer. Whoever waits then hears of it late, as on a real system after its time-outs.
    """
    check_methods("ended", ended, ["wait"])
    failing = fail()

    def rule(lookup: Lookup) -> Sequence[AddressInfo]:
        ended.wait()
        return failing(lookup)

    return rule


def fail(code: int = socket.EAI_AGAIN) -> Rule:
    """Fail at once with ``socket.gaierror(code)``: a name server that cannot tell, or with ``EAI_NONAME`` no name."""
    if isinstance(code, bool) or not isinstance(code, int):
        raise ConfigurationError("code", "must be a number, as socket.EAI_AGAIN is")

    def rule(_: Lookup) -> Sequence[AddressInfo]:
        raise socket.gaierror(code, "a look-up that jwtmr.testing makes fail")

    return rule


def dead_addresses(dead: Sequence[tuple[str, int]]) -> Rule:
    """Find the addresses in ``dead``, pairs of IP address and port, and after them those that there are.

    An address of a family that is not asked for is left out, as the system does it. The ports may be others than the
    one that is asked for: a ``LoopbackServer`` that drops each SYN is a dead address that is the same on any machine.
    """
    checked = [_dead(address) for address in dead]
    if not checked:
        raise ConfigurationError("dead", "must not be empty")

    def rule(lookup: Lookup) -> Sequence[AddressInfo]:
        usual = lookup.usual()
        return [*(info for host, port in checked for info in _numeric(lookup, host, port)), *usual]

    return rule


def _dead(address: tuple[str, int]) -> tuple[str, int]:
    try:
        host, port = address
        ipaddress.ip_address(host)
    except (TypeError, ValueError):
        raise ConfigurationError("dead", "must hold pairs of an IP address and a port") from None
    if type(host) is not str or type(port) is not int or not 0 < port <= MAX_PORT:
        raise ConfigurationError("dead", "must hold pairs of an IP address and a port")
    return host, port


def _numeric(lookup: Lookup, host: str, port: int) -> Sequence[AddressInfo]:
    try:
        return lookup.of(host, port)
    except socket.gaierror:
        return ()


def _number(port: bytes | str | int | None) -> int | None:
    if isinstance(port, (str, bytes)):
        return int(port) if port.isascii() and port.isdigit() else None
    return port


def _put(function: _GetAddrInfo) -> None:
    socket.getaddrinfo = function  # type: ignore[assignment]


_lock = threading.RLock()
"""Of all switchboards, held for moments, and while a process forks: no child finds a change half made. Reentrant,
because a signal handler may look up or fork wherever it interrupts."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
