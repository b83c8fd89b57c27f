"""A user of ``jwtmr_flask``, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import ClassVar, assert_type

from flask import Blueprint, Flask
from flask.views import MethodView
from werkzeug.exceptions import HTTPException

from jwtmr import AuthError, CognitoUserPool, Principal, TokenValidator
from jwtmr.bearer import Refusal
from jwtmr_flask import (
    BearerAuth,
    BearerRefusal,
    FromCookie,
    FromHeader,
    ResourceMetadata,
    current_principal,
    get_principal,
)


def make_validator() -> TokenValidator:
    return TokenValidator(
        CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="original", client_ids=["a"], token_use="access")
    )


# -- settings ---------------------------------------------------------------------------------------------------------

app = Flask(__name__)
orders = Blueprint("orders", __name__)
small = BearerAuth(make_validator())
auth = BearerAuth()
configured = BearerAuth(
    make_validator,
    realm="orders",
    token_sources=(FromHeader("x-amzn-oidc-accesstoken"),),
    resource_metadata=ResourceMetadata(resource="https://api.example.com", scopes_supported=["orders/read"]),
    startup="require",
)
cookie = BearerAuth(token_sources=[FromCookie("token", allowed_origins=["https://app.example.com"])], startup="lazy")
auth.init_app(app, make_validator)
auth.init_app(app)
auth.protect(app, exclude_endpoints=["static"])
auth.protect(orders, exclude_endpoints={"health"}, allow_preflights=True)
auth.add_health(app)
auth.add_health(orders, "/ops/keys", required=("us-east-1_Ab12Cd34",), show_urls=True)


# -- views ------------------------------------------------------------------------------------------------------------


@orders.get("/orders")
@auth.require
def list_orders() -> str:
    return assert_type(current_principal.subject, str)


@orders.get("/orders/<int:number>")
@auth.require(scopes=["orders/read"], any_group={"admins"}, token_use="access")
async def order(number: int, *, short: bool = False) -> dict[str, int]:
    return {"number": number}


@app.get("/")
@auth.optional
def home() -> Iterator[bytes]:
    principal = assert_type(get_principal(), Principal | None)
    yield b"" if principal is None else principal.subject.encode()


@auth.require()
def twice(number: int) -> int:
    return number


class Items(MethodView):
    """Decorated as a whole, and one of its methods more."""

    decorators: ClassVar = [auth.require, auth.require(scopes=["items"])]

    @auth.require(any_group=["admins"])
    def delete(self, number: int) -> str:
        """Keeps its type."""
        return str(number)


@orders.before_request
@auth.require(any_group=["admins"])
def only_admins() -> None: ...


async def types_are_kept() -> None:
    assert_type(list_orders(), str)
    assert_type(await order(1, short=True), dict[str, int])
    assert_type(home(), Iterator[bytes])
    assert_type(twice(1), int)
    assert_type(Items().delete(1), str)


# -- refusals and tests -----------------------------------------------------------------------------------------------


@app.errorhandler(BearerRefusal)
def refused(refusal: BearerRefusal) -> tuple[str, int]:
    assert_type(refusal.error, AuthError)
    assert_type(refusal.refusal, Refusal)
    as_werkzeug: HTTPException = refusal
    return refusal.error.code, as_werkzeug.code or 500


def tests(principal: Principal) -> None:
    assert_type(auth.override(app, principal), AbstractContextManager[None])
    with auth.override(app, None):
        app.test_client().get("/")


# -- mistakes ---------------------------------------------------------------------------------------------------------


def mistakes(principal: Principal) -> None:
    BearerAuth("https://issuer.example")  # type: ignore[arg-type]
    BearerAuth(startup="maybe")  # type: ignore[arg-type]
    BearerAuth(token_sources=FromHeader())  # type: ignore[arg-type]
    auth.init_app(orders)  # type: ignore[arg-type]
    auth.require("orders/read")  # type: ignore[call-overload]
    auth.require(scopes="orders/read")  # type: ignore[call-overload]
    auth.require(token_use="refresh")  # type: ignore[call-overload]
    auth.protect(app, exclude_endpoints="static")  # type: ignore[arg-type]
    auth.add_health(app, required="us-east-1_Ab12Cd34")  # type: ignore[arg-type]
    auth.add_health("/readyz")  # type: ignore[arg-type]
    auth.override(app, principal.subject)  # type: ignore[arg-type]
    _ = order("1")  # type: ignore[arg-type]
    twice()  # type: ignore[call-arg]
