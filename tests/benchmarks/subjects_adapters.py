"""What an adapter adds to a request, beyond validating its token.

The same application without the adapter, and then ``validate`` by hand, is the one way; the adapter is the other.

Without ``from __future__ import annotations``: FastAPI reads the signatures, and one of them names a local.
"""

from asyncio import Runner
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Security
from flask import Flask
from hello_app import hello
from in_process import AsgiRequest, WsgiRequest, without_listeners
from subject import Subject, each, each_async

from jwtmr import Principal, TokenValidator
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware
from jwtmr_fastapi import BearerAuth as FastApiAuth
from jwtmr_flask import BearerAuth as FlaskAuth

ASGI_LIMIT: Final = 8.0
FASTAPI_LIMIT: Final = 25.0
FLASK_LIMIT: Final = 10.0
"""Microseconds per request."""


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """One for each adapter."""
    with RegionalIssuer() as pool, closing(validator_for(pool)) as validator, Runner() as runner:
        pool.switch_to_updated()
        token = pool.access_token(groups=["admins"])
        yield [
            _asgi(validator, token, runner),
            _fastapi(FastApiAuth(validator), validator, token, runner),
            _flask(validator, token),
        ]


def _asgi(validator: TokenValidator, token: str, runner: Runner) -> Subject:
    protected = BearerAuthMiddleware(hello, validator)
    bare, full = (AsgiRequest(app, "/", _headers(token)) for app in (hello, protected))
    assert (runner.run(bare.status()), runner.run(full.status())) == (200, 200)
    assert runner.run(AsgiRequest(protected, "/", {}).status()) == 401
    by_hand = each_async(runner, _both(bare, validator.validate_async, token))
    return Subject("adapters", "ASGI", "added", by_hand, each_async(runner, full), ASGI_LIMIT, rounds=60)


def _fastapi(auth: FastApiAuth, validator: TokenValidator, token: str, runner: Runner) -> Subject:
    bare_app, app = FastAPI(), FastAPI()  # two, as a router looks at its routes one by one

    @bare_app.get("/")
    async def open_to_all(_: Annotated[None, Depends(nobody)]) -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/")
    async def protected(_: Annotated[Principal, Security(auth)]) -> dict[str, str]:
        return {"hello": "world"}

    bare, full = (AsgiRequest(either, "/", _headers(token)) for either in (bare_app, app))
    assert (runner.run(bare.status()), runner.run(full.status())) == (200, 200)
    assert runner.run(AsgiRequest(app, "/", {}).status()) == 401
    by_hand = each_async(runner, _both(bare, validator.validate_async, token))
    return Subject("adapters", "FastAPI", "added", by_hand, each_async(runner, full), FASTAPI_LIMIT)


def _flask(validator: TokenValidator, token: str) -> Subject:
    app, auth = Flask("benchmark"), FlaskAuth()
    auth.init_app(app, validator)

    @app.get("/open")
    def open_to_all() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/protected")
    @auth.require
    def protected() -> dict[str, str]:
        return {"hello": "world"}

    bare, full = (WsgiRequest(app, path, _headers(token)) for path in ("/open", "/protected"))
    assert (bare.status(), full.status()) == (200, 200)
    assert WsgiRequest(app, "/protected", {}).status() == 401

    def by_hand() -> None:
        bare()
        validator.validate(token)

    return Subject("adapters", "Flask", "added", without_listeners(each(by_hand)), each(full), FLASK_LIMIT)


async def nobody() -> None:
    """A dependency that looks at nothing."""


def _both(request: AsgiRequest, validate: Callable[[str], Awaitable[object]], token: str) -> Callable[[], Any]:
    async def both() -> None:
        await request()
        await validate(token)

    return both


def _headers(token: str) -> dict[str, str]:
    """As a client sends them that is no browser."""
    return {"user-agent": "benchmark/1.0", "accept": "*/*", "authorization": f"Bearer {token}"}
