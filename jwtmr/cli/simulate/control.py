"""The control server of a simulator: its page, its state, and its orders over HTTP on loopback.

A web page of a stranger, open in the browser of whoever develops, must not be able to give orders or to read tokens:

1. ``Host`` must be this server on loopback. A name that was pointed here (DNS rebinding) is refused.
2. ``Origin``, where there is one, must be this server, and ``Sec-Fetch-Site`` must not say otherwise. A link may lead
   to the page itself, which tells nothing before its script asks.
3. An order is a POST with ``Content-Type: application/json``, which a form cannot send, and which another origin
   may send only after a preflight that nobody here answers. GET changes nothing.
4. No answer has a header of CORS. The page runs the one script and the one style whose hashes its
   ``Content-Security-Policy`` names, loads nothing else, and may stand in no frame.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Self

from jwtmr._strictjson import object_of
from jwtmr.cli.simulate.orders import obey
from jwtmr.cli.simulate.page import PAGE
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.state import state_of
from jwtmr.cli.simulate.words import STATE_SCHEMA
from jwtmr.errors import ConfigurationError
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.wire import Answer, RecordedRequest

MAX_ORDER: Final = 16 * 1024
"""Bytes of an order. The longest, a token with many groups, has some hundreds."""

USUAL_PORT: Final = 80
"""Of http (RFC 9110 section 4.2.1)."""

STATE: Final = "/state"
ORDERS: Final = "/orders/"

_ALWAYS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class _Refused(Exception):
    def __init__(self, status: int, problem: str, **headers: str) -> None:
        super().__init__(problem)
        self.status: Final = status
        self.headers: Final = headers


class Control:
    """Serves the page of a simulator at :attr:`url`, and takes orders. A context manager."""

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        """``port`` 0 takes any free one; for another one ``OSError`` where it is somebody else's."""
        self._simulator: Final = simulator
        self._server: Final = LoopbackServer(self._answer, port=port)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:{port}``."""
        return self._server.url

    def _answer(self, request: RecordedRequest) -> Answer:
        self._server.forget_requests()  # the page asks every second, and nobody looks at the record
        try:
            self._check(request)
            return self._checked(request)
        except _Refused as refused:
            return _in_json({"error": str(refused)}, refused.status, refused.headers)
        except (ConfigurationError, OSError) as error:
            return _in_json({"error": str(error)}, 400)

    def _check(self, request: RecordedRequest) -> None:
        """Refuse what a page of somebody else may have sent."""
        if request.headers.get("host") not in names_of(self._server.port):
            raise _Refused(403, "Host must be this server on loopback")
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{request.headers['host']}":
            raise _Refused(403, "Origin must be this server")
        followed = request.path == "/" and request.headers.get("sec-fetch-mode") == "navigate"
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not followed:
            raise _Refused(403, "pages of other servers may not ask here")

    def _checked(self, request: RecordedRequest) -> Answer:
        if request.path.startswith(ORDERS):
            _only(request, "POST")
            return _in_json(obey(self._simulator, request.path.removeprefix(ORDERS), _members(request)))
        _only(request, "GET", "HEAD")
        if request.path == STATE:
            return _in_json({"schema": STATE_SCHEMA, "control": self.url, **state_of(self._simulator)})
        if request.path == "/":
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": PAGE.policy}
            return 200, {**_ALWAYS, **headers}, PAGE.html
        raise _Refused(404, "there is nothing here")


def names_of(port: int) -> frozenset[str]:
    """What ``Host`` may say. The usual port of http is left out of it (RFC 9110 section 7.2)."""
    names = ("127.0.0.1", "localhost")
    return frozenset([*(f"{name}:{port}" for name in names), *(names if port == USUAL_PORT else ())])


def _only(request: RecordedRequest, *methods: str) -> None:
    if request.method not in methods:
        raise _Refused(405, f"only {' and '.join(methods)} here", Allow=", ".join(methods))


def _members(request: RecordedRequest) -> Mapping[str, object]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415, "Content-Type must be application/json")
    if len(request.body) > MAX_ORDER:
        raise _Refused(413, f"an order has at most {MAX_ORDER} bytes")
    members = object_of(request.body)
    if members is None:
        raise _Refused(400, "an order is a JSON object without repeated names")
    return members


def _in_json(members: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    told = {**_ALWAYS, "Content-Type": "application/json", **(headers or {})}
    return status, told, json.dumps(members).encode()
