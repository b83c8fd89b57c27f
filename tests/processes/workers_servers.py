"""The examples behind the servers that people put in front of them, with four workers each."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from server_processes import gunicorn, uvicorn
from workers_lines import HOST

WORKERS: Final = 4
HERE: Final = Path(__file__).resolve().parent
FOLDERS: Final = [HERE, HERE.parent, HERE.parents[1] / "examples"]
KEPT: Final = "300"
"""Seconds for which an idle connection is kept: no phase takes as long."""

Serving: TypeAlias = Callable[[dict[str, str], Path], AbstractContextManager[tuple[int, int | None]]]
"""Serves an example, which is told things by the environment; the port, and the parent that fetches for all."""


@contextmanager
def flask_on_gunicorn(environment: dict[str, str], output: Path) -> Iterator[tuple[int, int | None]]:
    """``gunicorn --preload`` and its worker with threads, which keeps connections alive."""
    workers = ["--preload", "--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "8"]
    options, app = [*workers, "--keep-alive", KEPT], "workers_flask:application()"
    with (
        socket.create_server((HOST, 0), backlog=128) as listening,
        output.open("wb") as file,
        gunicorn(options, app, [listening], FOLDERS, environment, output=file) as pid,
    ):
        yield int(listening.getsockname()[1]), pid


@contextmanager
def fastapi_on_uvicorn(environment: dict[str, str], output: Path) -> Iterator[tuple[int, int | None]]:
    """``uvicorn --workers``: each is a Python of its own, which imports and fetches everything anew."""
    options = ["--factory", "--workers", str(WORKERS), "--timeout-keep-alive", KEPT, "--log-level", "info"]
    with uvicorn(options, "workers_fastapi:application", FOLDERS, environment, output) as port:
        yield port, None


SERVERS: Final[dict[str, Serving]] = {
    "flask on gunicorn --preload": flask_on_gunicorn,
    "fastapi on uvicorn": fastapi_on_uvicorn,
}
