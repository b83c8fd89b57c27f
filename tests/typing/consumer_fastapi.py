"""A user of ``jwtmr_fastapi``, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Annotated, Any, assert_type

from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from jwtmr import CognitoUserPool, Principal, TokenValidator
from jwtmr_fastapi import (
    AUTH_RESPONSES,
    BearerAuth,
    FromCookie,
    FromHeader,
    FromSubprotocol,
    HttpBearer,
    OAuth2Code,
    OptionalAuth,
    ResourceMetadata,
)


def make_validator() -> TokenValidator:
    return TokenValidator(
        CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="original", client_ids=["a"], token_use="access")
    )


# -- settings ---------------------------------------------------------------------------------------------------------

auth = BearerAuth(make_validator())
configured = BearerAuth(
    make_validator,
    realm="orders",
    token_sources=(FromHeader("x-amzn-oidc-accesstoken"),),
    resource_metadata=ResourceMetadata(resource="https://api.example.com", scopes_supported=["orders/read"]),
    startup="require",
    scheme_name="Pool",
    openapi=OAuth2Code(domain="https://example.auth.us-east-1.amazoncognito.com", scopes=["orders/read"]),
)
described = OAuth2Code(domain="https://auth.example.com", scopes={"orders/read": "See orders"})
sources = [
    BearerAuth(make_validator, token_sources=[FromCookie("token", allowed_origins=["https://app.example.com"])]),
    BearerAuth(make_validator, token_sources=[FromSubprotocol()], openapi=HttpBearer()),
]


# -- lifespans --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def stateless(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


@asynccontextmanager
async def stateful(_: FastAPI) -> AsyncGenerator[Mapping[str, Any], None]:
    yield {"pool": "open"}


app = FastAPI(lifespan=auth.lifespan, dependencies=[Depends(auth)])
composed = FastAPI(lifespan=auth.lifespan(stateless))
with_state = FastAPI(lifespan=auth.lifespan(stateful))
router = APIRouter(dependencies=[Security(auth, scopes=["orders/read"])], responses=AUTH_RESPONSES)


# -- routes -----------------------------------------------------------------------------------------------------------

Reader = Annotated[Principal, Security(auth, scopes=["orders/read"])]
Admin = Annotated[Principal, Depends(auth.require(scopes={"orders/write"}, any_group=["admins"], token_use="access"))]
Anyone = Annotated[Principal | None, Depends(auth.optional)]


@router.get("/orders", responses={404: {"description": "No such order."}, **AUTH_RESPONSES})
async def orders(principal: Reader) -> str:
    return assert_type(principal.subject, str)


@router.delete("/orders")
def delete(principal: Admin) -> str:
    return principal.subject


@app.get("/")
def home(principal: Anyone) -> str | None:
    return principal.username if principal is not None else None


@router.websocket("/news")
async def news(websocket: WebSocket, principal: Reader) -> None:
    await websocket.accept()
    await websocket.send_text(principal.subject)


app.include_router(router)
app.include_router(configured.metadata_router)
app.include_router(auth.health_router())
app.include_router(auth.health_router("/ops/keys", required=["us-east-1_Ab12Cd34"], show_urls=True))


# -- by hand ----------------------------------------------------------------------------------------------------------


async def by_hand(connection: HTTPConnection, principal: Principal) -> None:
    assert_type(await auth(connection, SecurityScopes(["orders/read"])), Principal)
    assert_type(await auth.optional(connection, SecurityScopes()), Principal | None)
    assert_type(await auth.require()(connection, principal), Principal)
    assert_type(auth.optional, OptionalAuth)
    assert_type(auth.metadata_router, APIRouter)
    assert_type(auth.health_router(), APIRouter)
    assert_type(auth.lifespan(app), AbstractAsyncContextManager[None])
    assert_type(auth.override(app, principal), AbstractContextManager[None])
    with auth.override(app, None):
        pass


# -- mistakes ---------------------------------------------------------------------------------------------------------


def mistakes(principal: Principal) -> None:
    BearerAuth("https://issuer.example")  # type: ignore[arg-type]
    BearerAuth(make_validator, startup="maybe")  # type: ignore[arg-type]
    BearerAuth(make_validator, token_sources=FromHeader())  # type: ignore[arg-type]
    BearerAuth(make_validator, openapi=None)  # type: ignore[arg-type]
    OAuth2Code(domain="https://auth.example.com", scopes="openid")  # type: ignore[arg-type]
    auth.require(scopes="orders/read")  # type: ignore[arg-type]
    auth.require(any_group="admins")  # type: ignore[arg-type]
    auth.require(token_use="refresh")  # type: ignore[arg-type]
    auth.health_router(required="us-east-1_Ab12Cd34")  # type: ignore[arg-type]
    auth.health_router("/readyz", ["us-east-1_Ab12Cd34"])  # type: ignore[call-arg]
    auth.override(app, principal.subject)  # type: ignore[arg-type]
    auth.override(router, principal)  # type: ignore[arg-type]
