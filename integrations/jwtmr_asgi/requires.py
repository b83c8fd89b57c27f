"""Requirements of one application or one endpoint, beyond a valid token."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import update_wrapper, wraps
from typing import Any, Protocol, TypeVar, cast

from jwtmr import AuthError, Names, TokenUse
from jwtmr.bearer import Refusal, Requirements
from jwtmr_asgi.answers import RefusalResponse
from jwtmr_asgi.types import App, Receive, Scope, Send
from jwtmr_asgi.users import entered

F = TypeVar("F", bound=Callable[..., Any])


class Connection(Protocol):
    """A request or a WebSocket, of whichever framework."""

    scope: Scope
    receive: Receive
    send: Send


def requires(
    *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None
) -> Callable[[F], F]:
    """Decorate an ASGI application, or an endpoint of Starlette's, that not every caller may use.

    **All** ``scopes`` must be granted, the caller be in **one** of ``any_group``, the token be for ``token_use``.
    Others are answered with the challenge; on a WebSocket before it is accepted. Raises
    :class:`jwtmr.ConfigurationError` here for a bare string, and ``RuntimeError`` at a request that has not passed
    ``BearerAuthMiddleware``.
    """
    requirements = Requirements(scopes=scopes, any_group=any_group, token_use=token_use)

    def decorate(target: F) -> F:
        if list(inspect.signature(target).parameters) == ["scope", "receive", "send"]:
            return cast("F", _Application(cast("App", target), requirements))
        if inspect.iscoroutinefunction(target):
            return cast("F", _async_endpoint(target, requirements))
        return cast("F", _endpoint(target, requirements))

    return decorate


class _Application:
    """An ASGI application behind requirements. No function: Starlette takes those for endpoints."""

    def __init__(self, app: App, requirements: Requirements) -> None:
        update_wrapper(self, app, updated=())
        self._app = app
        self._requirements = requirements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if scope["type"] == "lifespan" else _refusal(scope, self._requirements)
        await (self._app if refusal is None else RefusalResponse(refusal))(scope, receive, send)


def _async_endpoint(endpoint: Callable[..., Any], requirements: Requirements) -> Callable[..., Any]:
    @wraps(endpoint)
    async def protected(*args: object, **kwargs: object) -> object:
        connection = _connection(args, kwargs)
        refusal = _refusal(connection.scope, requirements)
        if refusal is None:
            return await endpoint(*args, **kwargs)
        if connection.scope["type"] == "http":
            return _response(refusal)
        await RefusalResponse(refusal)(connection.scope, connection.receive, connection.send)
        return None

    return protected


def _endpoint(endpoint: Callable[..., Any], requirements: Requirements) -> Callable[..., Any]:
    @wraps(endpoint)
    def protected(*args: object, **kwargs: object) -> object:
        refusal = _refusal(_connection(args, kwargs).scope, requirements)
        return endpoint(*args, **kwargs) if refusal is None else _response(refusal)

    return protected


def _response(refusal: Refusal) -> object:
    """What an endpoint returns: a response of Starlette's, which FastAPI asks for, where somebody has loaded that."""
    responses = sys.modules.get("starlette.responses")
    if responses is None:
        return RefusalResponse(refusal)
    headers = {**refusal.headers, "content-type": "application/json"}
    return responses.Response(refusal.body, refusal.status, headers)


def _connection(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Connection:
    """The request or WebSocket among the arguments of an endpoint: what has a scope."""
    for argument in (*args, *kwargs.values()):
        if isinstance(getattr(argument, "scope", None), Mapping):
            return cast("Connection", argument)
    raise RuntimeError("requires() is for ASGI applications, and endpoints that are given a request or a WebSocket")


def _refusal(scope: Scope, requirements: Requirements) -> Refusal | None:
    found = entered(scope)
    if found is None:
        raise RuntimeError("requires() needs BearerAuthMiddleware around the application")
    try:
        requirements.enforce(found.principal)
    except AuthError as error:
        return found.edge.refusal(error)
    return None
