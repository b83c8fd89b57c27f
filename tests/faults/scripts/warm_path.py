"""What a validation with known keys does besides computing, a hundred thousand times: ``count``.

In a process of its own: an audit hook stays for good, and the locks have to be there before anything makes one.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import Counter
from contextlib import closing
from typing import Any, Final

from child import say

TAKEN: Final = Counter[str]()
"""How often the watched thread took a lock, by the way it did."""
AUDITED: Final = Counter[str]()
"""What the interpreter did for it that an audit is told of (PEP 578): files, sockets, look-ups, threads, imports."""
LOGGED: Final[list[str]] = []
WATCHED: Final[set[int]] = set()
"""The threads that are watched now."""


def watched(kind: Any) -> Any:  # noqa: ANN401 - the types of locks have no public names
    """A kind of lock that counts who takes it."""

    class Watched:
        def __init__(self) -> None:
            self._lock = kind()

        def __enter__(self) -> object:
            self.acquire()
            return self

        def __exit__(self, *_: object) -> None:
            self._lock.release()

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            """Take it."""
            if threading.get_ident() in WATCHED:
                TAKEN[kind.__name__] += 1
            taken: bool = self._lock.acquire(blocking, timeout)
            return taken

        def __getattr__(self, name: str) -> object:
            return getattr(self._lock, name)

    return Watched


class Listener(logging.Handler):
    """Notes every line of any logger."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note it."""
        LOGGED.append(record.getMessage())


def audit(event: str, _: object) -> None:
    """Note what happens."""
    if threading.get_ident() in WATCHED:
        AUDITED[event] += 1


def main(count: int) -> None:
    """Validate, and say what happened beside."""
    threading.Lock, threading.RLock = watched(threading.Lock), watched(threading.RLock)
    from jwtmr.testing import RegionalIssuer, validator_for  # noqa: PLC0415 - after the locks

    sys.addaudithook(audit)
    logging.basicConfig(level=logging.NOTSET, handlers=[Listener()])
    with RegionalIssuer() as pool, closing(validator_for(pool, issuer_type="original")) as known:
        tokens = [pool.access_token(), pool.id_token()]
        WATCHED.add(threading.get_ident())
        known.validate(tokens[0])
        WATCHED.clear()
        say("cold", "locks" if TAKEN else "no locks", "sockets" if AUDITED else "no sockets", pool.count())
        for counted in (TAKEN, AUDITED, LOGGED):
            counted.clear()

        async def in_a_task() -> None:
            WATCHED.add(threading.get_ident())
            for n in range(count // 10):
                await known.validate_async(tokens[n % 2])
            WATCHED.clear()

        asyncio.run(in_a_task())
        LOGGED.clear()  # of asyncio
        WATCHED.add(threading.get_ident())
        for n in range(count - count // 10):
            known.validate(tokens[n % 2])
        WATCHED.clear()
        say("warm", dict(TAKEN), dict(AUDITED), LOGGED, pool.count())


if __name__ == "__main__":
    main(int(sys.argv[1]))
