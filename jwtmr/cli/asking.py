"""Where commands get what they look at: an address that is asked, a file, or stdin. Nothing here says what it means.

Addresses are asked as the library asks for keys: https, or http on this machine; the certificate is verified, no
redirect is followed, no credentials are sent, and an answer has a size and a time.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Final, Literal, TypeAlias

from jwtmr.cli.command import UsageError, World
from jwtmr.cli.trust import add_trust_option, trusting
from jwtmr.errors import ConfigurationError
from jwtmr.http import HttpAnswer, HttpGet, TooLarge, httpx_get
from jwtmr.issuers import check_url

TIMEOUT: Final = 5.0
MAX_TIMEOUT: Final = 60.0
"""Seconds for one answer. A key host gets 2.5 from a validator; a person can wait a little longer."""
AT_ONCE: Final = 8
"""Addresses that are asked at the same time."""
MAX_PROBLEM: Final = 300
"""Characters of what went wrong; a host may have written them."""

_ERRNO: Final = re.compile(r"\[Errno -?[0-9]+\] ")

Trouble: TypeAlias = Literal["silent", "too_large"]
"""``silent``: nothing came, so nothing is known. ``too_large``: something came that is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Got:
    """What one source said, or that it said nothing."""

    source: str
    body: bytes = b""
    status: int | None = None
    """Of HTTP. None for a file, and where nothing came."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    trouble: Trouble | None = None
    problem: str = ""
    """The trouble in words."""


def add_asking_options(parser: argparse.ArgumentParser, *, plain_http: bool = False) -> None:
    """Add ``--timeout`` and ``--ca-file``; and ``--plain-http`` where what is asked decides about no key."""
    group = parser.add_argument_group("asking")
    group.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=TIMEOUT, help="wait so long for an answer; by default 5"
    )
    if plain_http:
        group.add_argument(
            "--plain-http", action="store_true", help="also ask other machines over http: who is between can lie"
        )
    add_trust_option(parser)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_TIMEOUT:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {MAX_TIMEOUT:.0f}")
    return value


def is_address(source: str) -> bool:
    """Whether ``source`` is to be asked; else it is a file, or ``-`` for stdin."""
    return "://" in source


def check_sources(sources: Sequence[str], *, plain_http: bool | None = None) -> None:
    """Raise :class:`UsageError` for an address that is not asked, and for a source that is given twice.

    ``plain_http`` is what that option says, None where there is none.
    """
    for number, source in enumerate(sources):
        if source in sources[:number]:
            raise UsageError(f"{source}: is given twice")
        if not is_address(source):
            continue
        scheme, rest = source.split("://", 1)
        try:
            check_url("address", f"https://{rest}" if plain_http and scheme == "http" else source)
        except ConfigurationError as error:
            more = "; --plain-http allows it" if plain_http is False and scheme == "http" else ""
            raise UsageError(f"{source}: {error}{more}") from None


def read_all(
    sources: Sequence[str],
    world: World,
    args: argparse.Namespace,
    *,
    accept: str,
    max_bytes: int,
    bodies: Collection[int] = (200,),
) -> list[Got]:
    """What each of ``sources`` says, in their order; addresses are asked side by side.

    ``accept`` is the media type that is asked for. ``bodies`` are the statuses whose body is wanted. Raises
    :class:`UsageError` for a file that cannot be read.
    """
    found = {one: _file(one, world, max_bytes) for one in sources if not is_address(one)}
    addresses = [one for one in sources if is_address(one)]
    if addresses:
        get = httpx_get(trusting(args.ca_file), bodies=bodies)
        several = "1 address" if len(addresses) == 1 else f"{len(addresses)} addresses"
        world.out.progress(f"asking {several}")
        for done, got in enumerate(_asked(addresses, lambda one: _ask(get, one, accept, args.timeout, max_bytes)), 1):
            found[got.source] = got
            world.out.progress(f"asking {several}: {done} done")
        world.out.end_progress()
    return [found[one] for one in sources]


def _asked(addresses: Sequence[str], ask: Callable[[str], Got]) -> Iterator[Got]:
    """What comes of each, as it comes. The threads are daemons: who interrupts it does not wait for a silent host."""
    todo: SimpleQueue[str] = SimpleQueue()
    come: SimpleQueue[Got] = SimpleQueue()
    for one in addresses:
        todo.put(one)

    def work() -> None:
        with suppress(Empty):
            while True:
                come.put(ask(todo.get_nowait()))

    for _ in addresses[:AT_ONCE]:
        Thread(target=work, name="jwtmr-ask", daemon=True).start()
    for _ in addresses:
        yield come.get()


def _ask(get: HttpGet, url: str, accept: str, timeout: float, max_bytes: int) -> Got:
    headers = {"accept": accept, "accept-encoding": "identity", "cache-control": "no-cache", "user-agent": "jwtmr"}
    try:
        answer: HttpAnswer = get(url, headers=headers, timeout=timeout, max_bytes=max_bytes)
    except TooLarge as error:
        return Got(url, trouble="too_large", problem=str(error))
    except TimeoutError:
        return Got(url, trouble="silent", problem=f"no answer within {timeout:g} s")
    except Exception as error:  # noqa: BLE001  # whatever ends it, by name lookup, TLS or HTTP: there is no answer
        return Got(url, trouble="silent", problem=f"no answer: {_reason(error)}"[:MAX_PROBLEM])
    return Got(url, answer.body, answer.status, answer.headers)


def _reason(error: Exception) -> str:
    """What ended it, in words: without the number of the system, and the line of the host that a parser repeats."""
    return _ERRNO.sub("", str(error).partition(": bytearray(")[0]) or type(error).__name__


def _file(source: str, world: World, max_bytes: int) -> Got:
    if source == "-" and world.stdin.isatty():
        raise UsageError("-: nothing is piped in")
    try:
        if source == "-":
            return _read("-", world.stdin, max_bytes)
        with Path(source).open("rb") as file:
            return _read(source, file, max_bytes)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise UsageError(f"{source}: {getattr(error, 'strerror', None) or 'cannot be read'}") from None


def _read(source: str, stream: IO[bytes], max_bytes: int) -> Got:
    body = stream.read(max_bytes + 1)
    if len(body) > max_bytes:
        return Got(source, trouble="too_large", problem=f"more than {max_bytes} bytes")
    return Got(source, body)
