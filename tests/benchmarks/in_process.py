"""A request to an application without a socket: what a server would call, with what it would hand over."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from measure import Timed

Message = MutableMapping[str, Any]


class AsgiRequest:
    """``GET path`` to an ASGI application; each call is a request of its own."""

    def __init__(self, app: Callable[..., Any], path: str, headers: Mapping[str, str]) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1"), *((name.encode(), value.encode()) for name, value in headers.items())],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }

    async def __call__(self) -> None:
        """Send it, and look at nothing of the answer."""
        await self._app({**self._scope, "state": {}}, _receive, _ignore)

    async def status(self) -> int:
        """Send it, and return the status of the answer."""
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._app({**self._scope, "state": {}}, _receive, keep)
        return int(sent[0]["status"])


class WsgiRequest:
    """``GET path`` to a WSGI application; each call is a request of its own."""

    def __init__(self, app: Callable[..., Iterable[bytes]], path: str, headers: Mapping[str, str]) -> None:
        self._app = app
        self._environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
        }

    def __call__(self) -> None:
        """Send it, and look at nothing of the answer."""
        self._answer(_start)

    def status(self) -> int:
        """Send it, and return the status of the answer."""
        begun: list[str] = []
        self._answer(lambda status, headers, exc_info=None: begun.append(status))
        return int(begun[0].split()[0])

    def _answer(self, start: Callable[..., object]) -> None:
        body = self._app(dict(self._environ), start)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(_: Message) -> None:
    pass


def without_listeners(timed: Timed) -> Timed:
    """The same where nobody listens to Flask's signals: an extension listens to those of every application."""
    from flask import request_finished, request_started  # noqa: PLC0415 - what calls this has a WSGI application

    def alone(calls: int) -> float:
        with request_started.muted(), request_finished.muted():
            return timed(calls)

    return alone


def _start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
    pass
