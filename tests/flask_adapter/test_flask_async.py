"""Async views: they stay async, are entered with leave only, and know who calls after every ``await``."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from flask_kit import Place, ask, code_of, served_by, whoami

from jwtmr.testing import SUBJECT, make_principal
from jwtmr_flask import current_principal, get_principal


async def slowly() -> ResponseReturnValue:
    """Say who calls, before and after the loop has had a turn, and in a task."""
    first = whoami()
    await asyncio.sleep(0)
    tasks = await asyncio.gather(*(after_a_turn() for _ in range(2)))
    assert [first, first] == tasks
    assert asyncio.get_running_loop().is_running()
    return whoami()


async def after_a_turn() -> ResponseReturnValue:
    """The same in a task."""
    await asyncio.sleep(0)
    return whoami()


def test_async_views_stay_async(place: Place) -> None:
    """Flask and other decorators want to know; a function that is none does not become one."""
    auth = place.auth()
    for decorate in (auth.require, auth.require(scopes=["a"]), auth.optional):
        decorated: Callable[..., Any] = decorate(slowly)
        assert inspect.iscoroutinefunction(decorated)
        assert (decorated.__name__, decorated.__doc__) == ("slowly", slowly.__doc__)
        assert not inspect.iscoroutinefunction(decorate(whoami))


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/required", "good", [SUBJECT]),
        ("/required", "none", (401, "missing_token")),
        ("/required", "bad", (401, "malformed_token")),
        ("/scoped", "good", (403, "insufficient_scope")),
        ("/scoped", "none", (401, "missing_token")),
        ("/optional", "good", [SUBJECT]),
        ("/optional", "none", [None]),
        ("/optional", "bad", (401, "malformed_token")),
    ],
)
def test_async_views(place: Place, path: str, headers: str, expected: object) -> None:
    """What is asked of a caller is asked; no coroutine is left over that nobody awaits."""
    auth = place.auth()
    app = served_by(auth)
    app.add_url_rule("/required", "required", auth.require(slowly))
    app.add_url_rule("/scoped", "scoped", auth.require(auth.require(scopes=["a"])(slowly)))
    app.add_url_rule("/optional", "optional", auth.optional(slowly))
    sent = {"good": place.bearer(), "none": {}, "bad": {"authorization": "Bearer x"}}[headers]
    answer = ask(app, path, sent)
    assert (answer.json if answer.status_code == 200 else code_of(answer)) == expected


def test_protected_blueprint_with_async_views(place: Place, outcomes: list[str]) -> None:
    """What was verified before the view is known in it, and not verified anew."""
    auth, app = place.auth(), Flask(__name__)
    auth.protect(app)
    app.get("/")(auth.require(slowly))
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    assert outcomes == ["accepted"]


def test_async_class_based_views(place: Place) -> None:
    """As a whole, or method by method; all of them run in a loop."""
    auth = place.auth()

    class Whole(View):
        decorators = (auth.require(scopes=["a"]),)

        async def dispatch_request(self) -> ResponseReturnValue:
            return await slowly()

    class Parts(MethodView):
        async def get(self) -> ResponseReturnValue:
            return await slowly()

        @auth.require
        async def post(self) -> ResponseReturnValue:
            return await slowly()

    app = served_by(auth)
    app.add_url_rule("/whole", view_func=Whole.as_view("whole"))
    app.add_url_rule("/parts", view_func=Parts.as_view("parts"))
    assert inspect.iscoroutinefunction(Parts.post)
    assert ask(app, "/whole", place.bearer("a")).json == [SUBJECT]
    assert code_of(ask(app, "/whole", place.bearer("b"))) == (403, "insufficient_scope")
    assert ask(app, "/parts").json == [None]
    assert code_of(ask(app, "/parts", method="POST")) == (401, "missing_token")
    assert ask(app, "/parts", place.bearer(), method="POST").json == [SUBJECT]


def test_refused_async_view_does_not_begin(place: Place) -> None:
    """Not a line of it runs."""
    auth, begun = place.auth(), list[str]()
    app = served_by(auth)

    @app.get("/begins")
    @auth.require
    async def begins() -> str:
        begun.append(current_principal.subject)
        return "x"

    assert ask(app, "/begins").status_code == 401
    assert begun == []
    assert ask(app, "/begins", place.bearer(subject="ada")).text == "x"
    assert begun == ["ada"]


def test_exceptions_of_an_async_view_pass(place: Place) -> None:
    """What it raises stays what it is."""
    auth = place.auth()
    app = served_by(auth)

    @app.get("/failing")
    @auth.require
    async def failing() -> str:
        await asyncio.sleep(0)
        raise KeyError(current_principal.subject)

    with pytest.raises(KeyError, match=SUBJECT) as caught:
        ask(app, "/failing", place.bearer())
    assert caught.traceback[-1].name == "failing"
    assert ask(app, "/failing", place.bearer(), raises=False).status_code == 500


def test_override_of_an_async_view(place: Place) -> None:
    """A stand-in is seen there too."""
    auth = place.auth()
    app = served_by(auth)
    app.get("/slowly")(auth.require(slowly))
    with auth.override(app, make_principal(subject="fake")):
        assert ask(app, "/slowly").json == ["fake"]
    assert get_principal() is None
