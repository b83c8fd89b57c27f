"""Many callers at once: each is himself to the end, in threads and in loops, in process and behind a server."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import chain

import pytest
from flask import Config, Flask, Response, g, stream_with_context
from flask.typing import ResponseReturnValue
from flask_kit import Place, a_view, ask, served_by, waitress_of, whoami

from jwtmr import TokenValidator
from jwtmr.errors import AuthError, MissingToken
from jwtmr.testing import make_principal
from jwtmr_flask import BearerAuth, current_principal

THREADS = 50
REQUESTS = 200
WORKERS = 24
AT_ONCE = 16
PATIENCE = 30.0
"""Seconds that anything may take before a test is given up."""


@contextmanager
def many_switches() -> Iterator[None]:
    """Let threads take turns much more often than they do by themselves."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def crowded(auth: BearerAuth) -> Flask:
    """``/<name>`` says who called a view, ``/stream/<name>`` who called a stream, asked anew for each chunk."""
    app, look_again = Flask(__name__), auth.require(lambda: current_principal.subject)
    auth.init_app(app)
    auth.protect(app)

    @app.get("/<name>")
    @auth.require(scopes=["openid"])
    def view(name: str) -> ResponseReturnValue:
        return [name, current_principal.subject, *whoami()]

    @app.get("/stream/<name>")
    @auth.require
    def stream(name: str) -> ResponseReturnValue:
        def lines() -> Iterator[str]:
            yield json.dumps(name)
            for _ in range(2):
                yield "," + json.dumps(look_again())

        return Response(stream_with_context(chain("[", lines(), "]")))

    return app


EVERY = 20
"""Requests of which one brings no token, and one asks for the stream."""


REFUSED = (401, {"code": MissingToken.code, "message": MissingToken.message})


def call_on(port: int, number: int, tokens: list[str]) -> list[str]:
    """One connection, and each request of another caller than the last; the answers that were wrong."""
    wrong: list[str] = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        for turn in range(REQUESTS):
            caller, special = (number + turn) % len(tokens), (number + turn) % EVERY
            name = f"caller-{caller}"
            headers = {"authorization": f"Bearer {tokens[caller]}"} if special else {}
            connection.request("GET", f"/stream/{name}" if special == 1 else f"/{name}", headers=headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            expected = (
                (200, [name] * 3) if special else (401, {"code": MissingToken.code, "message": MissingToken.message})
            )
            if (answer.status, body) != expected:
                wrong.append(f"{name}: {answer.status} {body}")
    return wrong


@pytest.mark.row("context-leak", fault=None)
@pytest.mark.slow
def test_everybody_is_himself_behind_a_server(place: Place) -> None:
    """Fifty connections, 200 requests on each, every one with another token than the last, some with none."""
    tokens = [place.token(subject=f"caller-{number}") for number in range(THREADS)]
    place.outcomes.seen.clear()
    with (
        waitress_of(crowded(place.auth()), WORKERS) as port,
        many_switches(),
        ThreadPoolExecutor(THREADS) as pool,
    ):
        wrong = list(pool.map(lambda number: call_on(port, number, tokens), range(THREADS), timeout=240))
    assert wrong == [[]] * THREADS
    assert place.outcomes.seen == ["accepted"] * (THREADS * REQUESTS // EVERY * (EVERY - 1))


def in_threads(app: Flask, place: Place) -> list[object]:
    """As many requests at once as there are threads, each from another caller; what they were told."""
    tokens = {name: place.bearer(subject=name) for name in (f"caller-{number}" for number in range(AT_ONCE))}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [*pool.map(lambda name: ask(app, f"/meet/{name}", tokens[name]).json, tokens, timeout=PATIENCE)]


EVERYBODY = [[f"caller-{number}"] * 3 for number in range(AT_ONCE)]


@pytest.mark.row("context-leak", fault=None)
def test_everybody_is_himself_while_others_are_inside(place: Place) -> None:
    """All views have begun before the first goes on."""
    auth, all_inside = place.auth(), threading.Barrier(AT_ONCE)
    app = served_by(auth)

    @app.get("/meet/<name>")
    @auth.require
    def meet(name: str) -> ResponseReturnValue:
        before = whoami()
        all_inside.wait(PATIENCE)
        return [name, *before, *whoami()]

    assert in_threads(app, place) == EVERYBODY


@pytest.mark.row("context-leak", fault=None)
def test_everybody_is_himself_in_async_views(place: Place) -> None:
    """The same where each request has a loop, and waits in it."""
    auth, all_inside = place.auth(), threading.Barrier(AT_ONCE)
    app = served_by(auth)

    @app.get("/meet/<name>")
    @auth.require
    async def meet(name: str) -> ResponseReturnValue:
        before = whoami()
        await asyncio.to_thread(all_inside.wait, PATIENCE)
        return [name, *before, *whoami()]

    assert in_threads(app, place) == EVERYBODY


def test_stand_in_beside_real_callers(place: Place) -> None:
    """One application's stand-in is never another's caller, while both serve."""
    auth = place.auth()
    faked, real = served_by(auth), served_by(auth)
    headers = place.bearer(subject="real")

    def call(number: int) -> object:
        return ask(faked).json if number % 2 else ask(real, headers=headers).json

    with many_switches(), auth.override(faked, make_principal(subject="fake")), ThreadPoolExecutor(AT_ONCE) as pool:
        assert [*pool.map(call, range(200), timeout=PATIENCE)] == [["real"], ["fake"]] * 100


def test_first_requests_come_at_once(place: Place) -> None:
    """An application without ``init_app`` is made ready by all of them together, and its validator by one."""
    all_there, made = threading.Barrier(AT_ONCE), list[str]()

    class Slowly(Config):
        def get(self, key: str, default: object = None, /) -> object:
            if key == "JWTMR_REALM":
                all_there.wait(PATIENCE)  # whoever asks has found nothing ready
            return super().get(key, default)

    class Application(Flask):
        config_class = Slowly

    def make() -> TokenValidator:
        made.append("made")
        return place.validator

    auth, app, headers = BearerAuth(make), Application(__name__), place.bearer(subject="ada")
    app.add_url_rule("/", "index", auth.require(a_view()))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert [*pool.map(lambda _: ask(app, headers=headers).json, range(AT_ONCE))] == [["ada"]] * AT_ONCE
    assert made == ["made"]
    assert [*app.extensions["jwtmr"]] == [auth]


def test_a_request_is_under_way_when_the_first_token_comes(place: Place) -> None:
    """What the application does with each request is done once with it: a language taken out of the URL, say."""
    auth, app, under_way, go_on = place.auth(), Flask(__name__), threading.Event(), threading.Event()

    @app.url_value_preprocessor
    def take_language(_: str | None, values: dict[str, str] | None) -> None:
        assert values is not None
        g.language = values.pop("language")
        if g.language == "slow":
            under_way.set()
            assert go_on.wait(PATIENCE)

    @app.get("/<language>/")
    @auth.require
    def index() -> str:
        return str(g.language)

    headers = place.bearer()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, app, "/slow/", headers)
        assert under_way.wait(PATIENCE)
        assert ask(app, "/fast/", headers).text == "fast"
        go_on.set()
        assert slow.result(PATIENCE).text == "slow"


def test_another_object_comes_while_a_view_is_refused(place: Place) -> None:
    """Each is looked at, and none of them is in the way of another."""
    auths, app = [place.auth(realm=f"{number}") for number in range(3)], Flask(__name__)

    class Slow(AuthError):
        def __getattribute__(self, name: str) -> object:
            if name == "asked_of":
                auths[2].override(app, None)  # which makes it known there, as a first request would
            return super().__getattribute__(name)

    @app.get("/")
    @auths[0].require
    @auths[1].require
    def index() -> None:
        raise Slow

    with pytest.raises(Slow):
        ask(app, "/", place.bearer())
