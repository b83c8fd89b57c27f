"""What looks like a decorator in the wrong place and is none: views that several objects or applications share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from flask_kit import Place, ask, code_of, whoami
from werkzeug.utils import cached_property, import_string

from jwtmr.testing import SUBJECT
from jwtmr_flask import FromHeader

PATH = "/orders"


def orders() -> ResponseReturnValue:
    """A view of these tests alone."""
    return whoami()


def test_factory_that_makes_an_object_each_time(place: Place) -> None:
    """Applications of one factory share the views of a module, while the objects of the others are still there."""

    def create_app() -> Flask:
        auth, app = place.auth(), Flask(__name__)
        auth.init_app(app)
        app.add_url_rule(PATH, view_func=auth.require(orders))
        return app

    apps = [create_app() for _ in range(3)]
    for app in apps:
        assert ask(app, PATH, place.bearer()).json == [SUBJECT]
        assert code_of(ask(app, PATH)) == (401, "missing_token")


def test_one_view_for_two_kinds_of_callers(place: Place, elsewhere: Place) -> None:
    """Each route asks its own object, and neither counts for the other."""
    app, one, two = Flask(__name__), place.auth(), elsewhere.auth(token_sources=[FromHeader("x-two")])
    for auth in (one, two):
        auth.init_app(app)
    app.add_url_rule("/one", "one", one.require(orders))
    app.add_url_rule("/two", "two", two.require(orders))
    tokens = place.bearer(subject="first") | {"x-two": elsewhere.token(subject="second")}
    assert ask(app, "/one", tokens).json == ["first"]
    assert ask(app, "/two", tokens).json == ["second"]
    assert ask(app, "/one", {"x-two": tokens["x-two"]}).status_code == 401
    assert ask(app, "/two", {"authorization": tokens["authorization"]}).status_code == 401


class LazyView:
    """A view whose module is imported by its first request, as Flask's documentation has it."""

    def __init__(self, import_name: str) -> None:
        self.__module__, self.__name__ = import_name.rsplit(".", 1)
        self.import_name = import_name

    @cached_property
    def view(self) -> Any:  # noqa: ANN401 - whatever is imported
        """What is imported."""
        return import_string(self.import_name)

    def __call__(self, *args: object, **kwargs: object) -> ResponseReturnValue:
        """Import it, and call it."""
        return self.view(*args, **kwargs)  # type: ignore[no-any-return]


LAZY = """
from flask_kit import whoami
from {shared} import auth

@auth.{decorator}
def orders():
    return whoami()
"""


@pytest.mark.parametrize("decorator", ["require", "require()", "require(scopes=['openid'])", "optional"])
def test_view_that_is_imported_by_a_request(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decorator: str
) -> None:
    """Decorating in the middle of a request is in order, where something is decorated."""
    name = f"lazy_orders_{tmp_path.name}"
    shared = type("Shared", (), {"auth": place.auth()})
    monkeypatch.setitem(sys.modules, f"{name}_shared", shared)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"{name}.py").write_text(LAZY.format(shared=f"{name}_shared", decorator=decorator))
    app = Flask(__name__)
    shared.auth.init_app(app)
    app.add_url_rule(PATH, view_func=LazyView(f"{name}.orders"))
    assert ask(app, PATH, place.bearer()).json == [SUBJECT]
    assert ask(app, PATH, {"authorization": "Bearer x"}).status_code == 401


def test_callable_that_cannot_be_referred_to_weakly(place: Place) -> None:
    """A view may be any object that can be called."""

    class Small:
        __slots__ = ()
        __name__ = "small"

        def __call__(self) -> ResponseReturnValue:
            return whoami()

    auth, app = place.auth(), Flask(__name__)
    auth.init_app(app)
    app.add_url_rule(PATH, view_func=auth.require(Small()))
    assert ask(app, PATH, place.bearer()).json == [SUBJECT]
    assert ask(app, PATH).status_code == 401
