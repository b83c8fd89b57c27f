"""Gunicorn in processes of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from edge_tokens import Town
from edge_wire import HOST, Client
from server_processes import gunicorn

FOLDERS: Final = Path(__file__).resolve().parents[:2]
"""What an application that gunicorn serves imports from."""


@contextmanager
def gunicorn_serving(options: Sequence[str], town: Town, setups: Sequence[str]) -> Iterator[dict[str, int]]:
    """Serve the table's application in every setup; the ports by their names. One server, which tells them by port."""
    with ExitStack() as sockets:
        listening = {setup: sockets.enter_context(socket.create_server((HOST, 0))) for setup in setups}
        ports = {setup: int(each.getsockname()[1]) for setup, each in listening.items()}
        environment = {"EDGE": json.dumps({"town": town.described(), "ports": ports})}
        with gunicorn(options, "edge_app_gunicorn:application()", [*listening.values()], FOLDERS, environment):
            for port in ports.values():  # the sockets listen already: the first request waits for the first worker
                assert Client(port).http("GET", b"/me").status == 401
            yield ports
