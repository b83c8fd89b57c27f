"""A pool, who watches its validator, and ways to call an application: in process, and over a real server."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeVar

from flask import Blueprint, Flask
from pool_place import PoolPlace, started_place
from waitress.server import create_server
from werkzeug.test import TestResponse

from jwtmr import Clock, TokenValidator
from jwtmr.bearer import ValidatorOrMaker
from jwtmr_flask import BearerAuth, get_principal

F = TypeVar("F", bound=Callable[..., Any])

STOPS_WITHIN: Final = 10.0
"""Seconds."""


class Place(PoolPlace):
    """A pool, a validator for it, and what is tested."""

    def auth(self, **settings: Any) -> BearerAuth:  # noqa: ANN401 - whatever is to be tried
        """What is tested."""
        return BearerAuth(self.validator, **settings)


def a_place(clock: Clock | None = None, **settings: Any) -> AbstractContextManager[Place]:  # noqa: ANN401 - as below
    """Start one."""
    return started_place(Place, clock, **settings)


@contextmanager
def a_dark_place(clock: Clock | None = None) -> Iterator[Place]:
    """Start one whose keys cannot be had."""
    with a_place(clock) as place:
        for region in place.issuer.regions:
            place.issuer.take_down(region, "refuse")
        yield place


def never() -> TokenValidator:
    """In place of a validator, where none may be needed."""
    raise AssertionError("a validator was made")


def whoami() -> list[str | None]:
    """Who calls, in a list, as JSON: ``[None]`` is nobody."""
    principal = get_principal()
    return [principal and principal.subject]


def a_view() -> Callable[[], list[str | None]]:
    """A view that says who calls, and that nothing else has ever registered or decorated."""

    def view() -> list[str | None]:
        return whoami()

    return view


def served_by(auth: BearerAuth, validator: ValidatorOrMaker | None = None, **config: object) -> Flask:
    """An application with ``/``, protected, and ``/open``; given to ``init_app``."""
    app = Flask(__name__)
    app.config.update(config)
    auth.init_app(app, validator)
    app.add_url_rule("/", "protected", auth.require(a_view()), methods=["GET", "POST"])
    app.add_url_rule("/open", "open", a_view())
    return app


def passing_on(view: F) -> F:
    """Decorate ``view`` as any other library does."""

    @functools.wraps(view)
    def passed_on(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the view takes
        return view(*args, **kwargs)

    return passed_on  # type: ignore[return-value]


def small_blueprint(name: str, **settings: Any) -> Blueprint:  # noqa: ANN401 - as Flask has them
    """One with the endpoints ``a`` at ``/a`` and ``b`` at ``/b``."""
    blueprint = Blueprint(name, __name__, **settings)
    blueprint.add_url_rule("/a", "a", a_view())
    blueprint.add_url_rule("/b", "b", a_view())
    return blueprint


def ask(
    app: Flask,
    path: str = "/",
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    *,
    method: str = "GET",
    raises: bool = True,
    **more: Any,  # noqa: ANN401 - as Werkzeug has them
) -> TestResponse:
    """One request, in process. What the application does not handle is raised here, or answered with 500."""
    app.testing = raises
    return app.test_client(use_cookies=False).open(path, method=method, headers=headers, buffered=True, **more)


def code_of(answer: TestResponse) -> tuple[int, str]:
    """The status of a refusal and its code."""
    return answer.status_code, answer.json["code"] if answer.json else ""


@contextmanager
def waitress_of(app: Flask, threads: int) -> Iterator[int]:
    """Serve ``app`` on loopback with so many threads; the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        channels: dict[int, Any] = {}
        server: Any = create_server(app, sockets=[listening], threads=threads, map=channels)
        thread = threading.Thread(target=server.run, name="flask-waitress")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            # Its loop ends when its map is empty; to close what is in there is for the loop's own thread.
            server.trigger.pull_trigger(lambda: [channel.close() for channel in [*channels.values()]])
            thread.join(STOPS_WITHIN)
            server.task_dispatcher.shutdown()
    assert not thread.is_alive(), "waitress did not stop"
