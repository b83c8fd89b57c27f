"""A user of the ASGI adapter, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, assert_type

from starlette.applications import Starlette

from jwtmr import AuthError, Principal, TokenValidator
from jwtmr.bearer import Document, Edge, HealthView, Refusal, RequestHead, Requirements, answer_for, token_from
from jwtmr_asgi import (
    BearerAuthMiddleware,
    FromCookie,
    FromHeader,
    FromSubprotocol,
    ResourceMetadata,
    health_app,
    on_auth_error,
    principal_of,
    requires,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application with types of its own."""
    principal = principal_of(scope)
    assert_type(principal, Principal | None)


@requires(scopes=["orders/read"], any_group={"admins"}, token_use="access")
async def orders(scope: Scope, receive: Receive, send: Send) -> None:
    """Keeps its type under the decorator."""


async def use_orders(scope: Scope, receive: Receive, send: Send) -> None:
    await orders(scope, receive, send)


def protect(validator: TokenValidator, make: Callable[[], TokenValidator]) -> list[BearerAuthMiddleware]:
    """Every form that a setting may have."""
    plain = BearerAuthMiddleware(app, validator)
    every = BearerAuthMiddleware(
        plain,
        make,
        realm="shop",
        token_sources=[FromHeader("x-amzn-oidc-accesstoken")],
        resource_metadata=ResourceMetadata(
            resource="https://api.example.com", authorization_servers=["https://a.example"], scopes_supported=("a",)
        ),
        startup="require",
        exclude=["/healthz", "/static/*"],
        optional=True,
        close_at_expiry=True,
        health="/readyz",
    )
    cookie = BearerAuthMiddleware(app, validator, token_sources=(FromCookie("session", ["https://app.example.com"]),))
    socket = BearerAuthMiddleware(orders, validator, token_sources=(FromSubprotocol(),), startup="lazy")
    probes = health_app(make, required={"us-east-1_Ab12Cd34"}, show_urls=True)
    beside = BearerAuthMiddleware(probes, validator, exclude=["/readyz"], health=None)
    return [plain, every, cookie, socket, beside]


def answer_inside(inner: Starlette, validator: TokenValidator) -> BearerAuthMiddleware:
    """Starlette's own handlers are told of ours."""
    inner.add_exception_handler(AuthError, on_auth_error)
    return BearerAuthMiddleware(inner, validator)


def probe_by_hand(validator: TokenValidator) -> tuple[int, bytes]:
    """A readiness view of one's own."""
    document = HealthView(required=["us-east-1_Ab12Cd34"]).answer(validator.status())
    assert_type(document, Document)
    assert_type(document.body, bytes)
    return document.status, document.body


def mistakes(validator: TokenValidator) -> None:
    health_app("https://issuer.example")  # type: ignore[arg-type]
    health_app(validator, required="us-east-1_Ab12Cd34")  # type: ignore[arg-type]
    health_app(validator, show_urls="no")  # type: ignore[arg-type]
    BearerAuthMiddleware(app, validator, health=True)  # type: ignore[arg-type]
    HealthView(["us-east-1_Ab12Cd34"])  # type: ignore[call-arg]


def by_hand(edge: Edge, values: list[str], error: AuthError) -> Refusal:
    """What an adapter of one's own is made of."""
    assert_type(token_from(values), str)

    def found(name: str) -> list[str]:
        return values if name == "authorization" else []

    assert_type(edge.token(RequestHead("GET", found)), str)
    assert_type(edge.validator, TokenValidator)
    assert_type(Requirements(scopes=["a"]).enforce(None), Principal)
    refusal = answer_for(error, realm="shop")
    assert_type(refusal.status, int)
    assert_type(refusal.body, bytes)
    return edge.refusal(error)
