"""The readiness views of the adapters, each in an application that asks for a token everywhere else.

Without ``from __future__ import annotations``: FastAPI reads the signatures.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
from edge_servers import uvicorn_serving
from edge_tokens import HTTP_GET
from fastapi import FastAPI, Security
from flask import Flask
from serving_wsgi import waitress_serving
from starlette.applications import Starlette
from starlette.routing import Route

import jwtmr_fastapi
import jwtmr_flask
from jwtmr import Authority, CognitoUserPool, OidcProvider, TokenValidator
from jwtmr.bearer import ValidatorOrMaker
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock
from jwtmr_asgi import BearerAuthMiddleware, health_app

PATH: Final = "/readyz"
WITHIN: Final = 10.0
"""Seconds in which what happens in the background has happened."""
AUDIENCE: Final = "https://api.example.com"


@dataclass(frozen=True, slots=True)
class Told:
    """What a probe is told."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    text: str

    @property
    def content(self) -> Any:  # noqa: ANN401 - as JSON has it
        """The body."""
        return json.loads(self.text)

    @property
    def brief(self) -> tuple[int, str, list[str]]:
        """Status, the word for all, the states."""
        return self.status, self.content["status"], [each["state"] for each in self.content["authorities"]]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One way to have a readiness view."""

    name: str
    build: Callable[..., Any]
    """``build(validator, **view)`` makes the application."""
    ask: Callable[..., Told]
    """``ask(app, method, headers)`` asks it at ``PATH``, in process."""
    serve: Callable[[Any], AbstractContextManager[int]]
    takes_options: bool = True
    """Whether ``required`` and ``show_urls`` can be said."""


def _middleware(validator: ValidatorOrMaker, **settings: Any) -> Any:  # noqa: ANN401 - an ASGI application
    return BearerAuthMiddleware(Starlette(), validator, health=PATH, **{"startup": "lazy", **settings})


def _application(validator: ValidatorOrMaker, *, startup: Any = "lazy", **view: Any) -> Any:  # noqa: ANN401 - as above
    inner = Starlette(routes=[Route(PATH, health_app(validator, **view))])
    return BearerAuthMiddleware(inner, validator, exclude=[PATH], startup=startup)


def _fastapi(validator: ValidatorOrMaker, *, startup: Any = "lazy", **view: Any) -> Any:  # noqa: ANN401 - as above
    auth = jwtmr_fastapi.BearerAuth(validator, startup=startup)
    app = FastAPI(lifespan=auth.lifespan, dependencies=[Security(auth)])
    app.include_router(auth.health_router(PATH, **view))
    return app


def _flask(validator: ValidatorOrMaker, *, startup: Any = "lazy", **view: Any) -> Any:  # noqa: ANN401 - as above
    auth, app = jwtmr_flask.BearerAuth(validator, startup=startup), Flask(__name__)
    auth.init_app(app)
    auth.protect(app)
    auth.add_health(app, PATH, **view)
    return app


def _ask_asgi(app: Any, method: str = "GET", headers: dict[str, str] | None = None) -> Told:  # noqa: ANN401 - as above
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://probe.test") as client:
            return await client.request(method, PATH, headers=headers)

    answer = asyncio.run(ask())
    return Told(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text)


def _ask_flask(app: Flask, method: str = "GET", headers: dict[str, str] | None = None) -> Told:
    app.testing = True
    answer = app.test_client(use_cookies=False).open(PATH, method=method, headers=headers)
    return Told(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text)


ADAPTERS: Final = [
    Adapter("asgi middleware", _middleware, _ask_asgi, uvicorn_serving, takes_options=False),
    Adapter("asgi app", _application, _ask_asgi, uvicorn_serving),
    Adapter("fastapi", _fastapi, _ask_asgi, uvicorn_serving),
    Adapter("flask", _flask, _ask_flask, waitress_serving),
]


class Houses:
    """A pool, a provider that is discovered, their clock, and validators of either or both."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack: Final = stack
        self.clock: Final = SettableClock()
        self.pool: Final = stack.enter_context(RegionalIssuer(["us-east-1"], clock=self.clock))
        self.provider: Final = stack.enter_context(OidcIssuer("/tenant", client_id="app", clock=self.clock))

    @property
    def a_pool(self) -> CognitoUserPool:
        """The pool as an authority."""
        return CognitoUserPool(
            self.pool.user_pool_id, issuer_type="original", client_ids=[self.pool.client_id], token_use="access",
            jwks_uris=self.pool.jwks_uris_for("original"),
        )  # fmt: skip

    @property
    def a_provider(self) -> OidcProvider:
        """The provider as one, whose id is a URL."""
        return OidcProvider(self.provider.url, audience=AUDIENCE, client_ids=["app"], token_type="at+jwt")

    @property
    def a_retired_provider(self) -> OidcProvider:
        """The provider when it takes no tokens any more."""
        until = self.clock.now() - timedelta(days=1)
        return OidcProvider(
            self.provider.url, audience=AUDIENCE, client_ids=["app"], token_type="at+jwt", accept_until=until
        )

    def validator(self, *authorities: Authority) -> TokenValidator:
        """A validator of these, closed with the houses."""
        made = TokenValidator(*authorities, clock=self.clock, http_get=HTTP_GET)
        return self._stack.enter_context(closing(made))

    def secrets(self) -> list[str]:
        """What no stranger reads: hosts and their ports, ids and regions, paths of keys."""
        hosts = [url.split("/")[2].rpartition(":")[2] for url in (*self.pool.jwks_uris, self.provider.url)]
        return [*hosts, "127.0.0.1", "http", self.pool.user_pool_id, "us-east", "tenant", "jwks", "well-known", "/"]


@contextmanager
def some_houses() -> Iterator[Houses]:
    """Start them."""
    with ExitStack() as stack:
        yield Houses(stack)


def until(condition: Callable[[], bool]) -> None:
    """Look until it holds."""
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def at_rest() -> None:
    """Wait until nobody is being asked for keys."""
    until(lambda: not any(thread.name in ("jwtmr-fly", "jwtmr-attempt") for thread in threading.enumerate()))
