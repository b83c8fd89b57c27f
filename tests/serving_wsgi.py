"""A WSGI application behind waitress, in a thread of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from serving import READY_WITHIN
from waitress.server import create_server

THREADS: Final = 20


@contextmanager
def waitress_serving(app: Any) -> Iterator[int]:  # noqa: ANN401 - any WSGI application
    """Serve ``app`` on loopback and a free port; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        channels: dict[int, Any] = {}
        server: Any = create_server(app, sockets=[listening], threads=THREADS, map=channels)
        thread = threading.Thread(target=server.run, name="waitress")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            # Its loop ends when its map is empty; to close what is in there is for the loop's own thread.
            server.trigger.pull_trigger(lambda: [channel.close() for channel in [*channels.values()]])
            thread.join(READY_WITHIN)
            server.task_dispatcher.shutdown()
    assert not thread.is_alive(), "waitress did not stop"
