"""Decorated views: what they ask is all asked, they stay the functions that they were, and mistakes are loud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, stream_with_context
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from flask_kit import Place, a_view, ask, code_of, passing_on, served_by, whoami

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT
from jwtmr_flask import BearerAuth, current_principal, get_principal

Decorating = Callable[[BearerAuth], Callable[[Callable[..., Any]], Callable[..., Any]]]


@pytest.mark.parametrize(
    "decorating",
    [
        lambda auth: auth.require,
        lambda auth: auth.require(),
        lambda auth: auth.require(None),
        lambda auth: auth.require(scopes=[]),
        lambda auth: auth.require(scopes=["openid"]),
    ],
    ids=["bare", "empty parentheses", "None", "no scopes", "a scope"],
)
def test_every_way_to_write_it(place: Place, decorating: Decorating) -> None:
    """With and without parentheses: a good token gets in, and nobody else."""
    auth, app = place.auth(), Flask(__name__)
    app.get("/")(decorating(auth)(a_view()))
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    assert code_of(ask(app)) == (401, "missing_token")
    assert code_of(ask(app, headers={"authorization": "Bearer x"})) == (401, "malformed_token")


@pytest.mark.parametrize(
    ("asked", "token", "expected"),
    [
        ({"scopes": ["a", "b"]}, {"scopes": ["a", "b", "c"]}, (200, "")),
        ({"scopes": ["a", "b"]}, {"scopes": ["a"]}, (403, "insufficient_scope")),
        ({"scopes": ("a", "b")}, {"scopes": ["b"]}, (403, "insufficient_scope")),
        ({"any_group": ["x", "y"]}, {"groups": ["y"]}, (200, "")),
        ({"any_group": {"x", "y"}}, {"groups": ["z"]}, (403, "insufficient_groups")),
        ({"any_group": ["x"]}, {}, (403, "insufficient_groups")),
        ({"token_use": "access"}, {}, (200, "")),
        ({"token_use": "id"}, {}, (401, "wrong_token_use")),
        ({"scopes": ["a"], "any_group": ["x"]}, {"scopes": ["a"], "groups": ["x"]}, (200, "")),
        ({"scopes": ["a"], "any_group": ["x"]}, {"scopes": ["a"]}, (403, "insufficient_groups")),
        ({"scopes": ["a"], "any_group": ["x"]}, {"groups": ["x"]}, (403, "insufficient_scope")),
    ],
)
def test_all_that_is_asked_is_asked(
    place: Place, asked: dict[str, Any], token: dict[str, Any], expected: tuple[int, str]
) -> None:
    """All scopes, one of the groups, and the token use."""
    auth, app = place.auth(), Flask(__name__)
    app.get("/")(auth.require(**asked)(lambda: {"code": ""}))
    headers = {"authorization": f"Bearer {place.issuer.access_token(**token)}"}
    assert code_of(ask(app, headers=headers)) == expected


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (None, (200, [None])),
        ("Bearer {good}", (200, [SUBJECT])),
        ("Bearer nonsense", (401, "malformed_token")),
        ("Bearer", (400, "invalid_request")),
        ("Bearer {good}, Bearer {good}", (400, "invalid_request")),
    ],
)
def test_optional(place: Place, credentials: str | None, expected: tuple[int, object]) -> None:
    """Who brings nothing is served as nobody; who brings something bad is refused all the same."""
    auth, app = place.auth(), Flask(__name__)
    app.get("/")(auth.optional(a_view()))
    headers = {} if credentials is None else {"authorization": credentials.format(good=place.token())}
    answer = ask(app, headers=headers)
    assert (answer.status_code, answer.json if answer.status_code == 200 else code_of(answer)[1]) == expected


# -- one verification -------------------------------------------------------------------------------------------------


def layered(auth: BearerAuth) -> Flask:
    """One view below requirements of the application, two blueprints and four decorators."""
    app, outer, inner = Flask(__name__), Blueprint("outer", __name__), Blueprint("inner", __name__)
    auth.init_app(app)
    for owner in (app, outer, inner):
        auth.protect(owner)

    @inner.get("/")
    @auth.require
    @auth.require(scopes=["first"])
    @passing_on
    @auth.optional
    @auth.require(scopes=["second"], any_group=["staff"])
    def view() -> list[str]:
        return [current_principal.subject]

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def test_layers_share_one_verification(place: Place, outcomes: list[str]) -> None:
    """However many decorators stand on a request, its token is verified once."""
    headers = place.bearer("first", "second", groups=["staff"])
    app = layered(place.auth())
    assert ask(app, headers=headers).json == [SUBJECT]
    assert outcomes == ["accepted"]
    assert ask(app, headers=headers).status_code == 200
    assert outcomes == ["accepted"] * 2  # and each request anew


@pytest.mark.parametrize("lacking", ["first", "second"])
def test_each_layer_is_enforced_on_its_own(place: Place, outcomes: list[str], lacking: str) -> None:
    """Every decorator asks for its own scopes; the challenge names them, and the token is still verified once."""
    granted = {"first", "second"} - {lacking}
    answer = ask(layered(place.auth()), headers=place.bearer(*granted, groups=["staff"]))
    assert code_of(answer) == (403, "insufficient_scope")
    assert answer.headers["www-authenticate"] == f'Bearer realm="api", error="insufficient_scope", scope="{lacking}"'
    assert outcomes == ["accepted", "insufficient_scope"]


# -- views stay what they were ----------------------------------------------------------------------------------------


def test_functions_keep_their_names_and_docs(place: Place) -> None:
    """Flask makes endpoints of names, and libraries read the rest."""

    def order(number: int, *, note: str = "-") -> list[object]:
        """An order."""
        return [number, note]

    order.methods = ["GET", "PUT"]  # type: ignore[attr-defined]
    auth, app = place.auth(), Flask(__name__)
    for decorated in (auth.require(order), auth.require(scopes=["openid"])(order), auth.optional(order)):
        told = (decorated.__name__, decorated.__qualname__, decorated.__doc__, decorated.__module__)
        assert told == (order.__name__, order.__qualname__, "An order.", __name__)
        assert decorated.__wrapped__ is order  # type: ignore[attr-defined]
    app.add_url_rule("/<int:number>", view_func=auth.require(order), defaults={"note": "n"})
    assert "order" in app.view_functions
    assert ask(app, "/7", place.bearer(), method="PUT").json == [7, "n"]
    assert ask(app, "/7", method="PUT").status_code == 401


class Orders(View):
    """A class-based view that is protected as a whole."""

    methods = ("GET", "POST")

    def dispatch_request(self) -> ResponseReturnValue:
        """Say who calls."""
        return whoami()


class Baskets(MethodView):
    """One whose methods are protected in different ways; ``auth`` is put there by the test."""

    def get(self) -> ResponseReturnValue:
        """For everybody."""
        return whoami()


@pytest.mark.parametrize("fresh", [True, False])
def test_class_based_view(place: Place, fresh: bool) -> None:
    """``decorators`` hold for all of its methods, whether there is an object per request or one."""
    auth = place.auth()
    app = served_by(auth)
    kind = type("Ours", (Orders,), {"decorators": [auth.require(scopes=["a"])], "init_every_request": fresh})
    app.add_url_rule("/orders", view_func=kind.as_view("orders"))
    for method in ("GET", "POST"):
        assert ask(app, "/orders", place.bearer("a"), method=method).json == [SUBJECT]
        assert code_of(ask(app, "/orders", place.bearer("b"), method=method)) == (403, "insufficient_scope")
        assert code_of(ask(app, "/orders", method=method)) == (401, "missing_token")
    assert app.view_functions["orders"].view_class is kind  # type: ignore[attr-defined]


def test_methods_of_a_class(place: Place) -> None:
    """Each method of a ``MethodView`` asks for its own."""
    auth = place.auth()

    class Ours(Baskets):
        @auth.require
        def post(self) -> ResponseReturnValue:
            return [type(self).__name__, *whoami()]

        @auth.require(scopes=["delete"])
        def delete(self, **_: object) -> ResponseReturnValue:
            return whoami()

    app = served_by(auth)
    app.add_url_rule("/baskets", view_func=Ours.as_view("baskets"))
    assert ask(app, "/baskets").json == [None]
    assert code_of(ask(app, "/baskets", method="POST")) == (401, "missing_token")
    assert ask(app, "/baskets", place.bearer(), method="POST").json == ["Ours", SUBJECT]
    assert code_of(ask(app, "/baskets", place.bearer(), method="DELETE")) == (403, "insufficient_scope")
    assert ask(app, "/baskets", place.bearer("delete"), method="DELETE").json == [SUBJECT]


def test_generators_begin_with_leave_only(place: Place) -> None:
    """A view that is a generator runs not a line of it for who is refused; for others all of it."""
    auth, begun = place.auth(), list[str]()
    app = served_by(auth)

    @app.get("/lines")
    @auth.require
    def lines() -> Iterator[str]:
        begun.append("begun")
        yield "one "
        yield "two"

    assert ask(app, "/lines").status_code == 401
    assert begun == []
    assert ask(app, "/lines", place.bearer()).text == "one two"


def test_stream_with_context_sees_the_principal(place: Place) -> None:
    """To the last chunk; a stream without Flask's context has no request, and so no principal."""
    auth = place.auth()
    app = served_by(auth)

    def chunks() -> Iterator[str]:
        for _ in range(3):
            principal = get_principal()
            yield f"{principal and principal.subject} "

    app.get("/with")(auth.require(lambda: Response(stream_with_context(chunks()))))
    app.add_url_rule("/without", "without", auth.require(lambda: Response(chunks())))
    assert ask(app, "/with", place.bearer(subject="ada")).text == "ada ada ada "
    assert ask(app, "/without", place.bearer(subject="ada")).text == "None None None "


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misuse", "parameter"),
    [
        (lambda auth: auth.require(Orders), "view"),
        (lambda auth: auth.require()(Orders), "view"),
        (lambda auth: auth.require("orders/read"), "view"),
        (lambda auth: auth.require(["orders/read"]), "view"),
        (lambda auth: auth.require(7), "view"),
        (lambda auth: auth.require()("orders"), "view"),
        (lambda auth: auth.require()(None), "view"),
        (lambda auth: auth.optional(Orders), "view"),
        (lambda auth: auth.optional("orders"), "view"),
        (lambda auth: auth.optional(None), "view"),
        (lambda auth: auth.require(scopes="orders/read"), "scopes"),
        (lambda auth: auth.require(scopes=None), "scopes"),
        (lambda auth: auth.require(scopes=["orders/read orders/write"]), "scopes"),
        (lambda auth: auth.require(scopes=[""]), "scopes"),
        (lambda auth: auth.require(any_group="staff"), "any_group"),
        (lambda auth: auth.require(any_group=[]), "any_group"),
        (lambda auth: auth.require(token_use="refresh"), "token_use"),
        (lambda auth: auth.require(a_view(), scopes="orders/read"), "scopes"),
    ],
)
def test_misuse_is_an_error_where_it_stands(misuse: Callable[[Any], object], parameter: str) -> None:
    """What cannot be meant is refused when the module is imported, and names what is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        misuse(BearerAuth())
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("path", ["/plain", "/named/orders"])
@pytest.mark.parametrize("given", ["require", "require()", "require(None)", "optional"])
def test_decorator_in_place_of_a_view_serves_nobody(place: Place, given: str, path: str) -> None:
    """Who forgets the view itself has a 500 with every request, with a good token too."""
    auth, app = place.auth(), Flask(__name__)
    view: Any = {
        "require": auth.require,
        "require()": auth.require(),
        "require(None)": auth.require(None),
        "optional": auth.optional,
    }[given]
    app.add_url_rule("/plain", "plain", view)
    app.add_url_rule("/named/<view>", "named", view)
    for headers in ({}, place.bearer()):
        assert ask(app, path, headers, raises=False).status_code == 500
