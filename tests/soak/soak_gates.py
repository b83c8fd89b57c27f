"""The gates: the ways into the same validator, each behind a real server where there is one.

Without ``from __future__ import annotations``: FastAPI must see what the annotations name.
"""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import flask
from fastapi import Depends, FastAPI
from serving import served
from serving_wsgi import waitress_serving

import jwtmr_fastapi
import jwtmr_flask
from jwtmr import AuthError, Principal, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware, principal_of
from jwtmr_asgi.types import Receive, Scope, Send

GATES: Final = ("fastapi", "asgi", "flask", "validate", "validate_async")
PATIENCE: Final = 20.0
"""Seconds after which a client gives up."""


class Answer(NamedTuple):
    """What a client was told."""

    outcome: str
    """``ok`` or the code of a refusal."""
    status: int
    retry_after: bool
    who: tuple[str, str]
    """Issuer and subject."""


Gate: TypeAlias = Callable[[str], Answer]
NOBODY: Final = ("", "")


@contextmanager
def gates(validator: TokenValidator) -> Iterator[dict[str, Gate]]:
    """All of them, open."""
    with ExitStack() as stack:
        fastapi = stack.enter_context(served(_fastapi_app(validator)))
        asgi = stack.enter_context(served(BearerAuthMiddleware(_asgi_app, validator, startup="lazy")))
        wsgi = stack.enter_context(waitress_serving(_flask_app(validator)))
        yield {
            "fastapi": _over_http(fastapi),
            "asgi": _over_http(asgi),
            "flask": _over_http(f"127.0.0.1:{wsgi}"),
            "validate": lambda token: _direct(lambda: validator.validate(token)),
            "validate_async": lambda token: _direct(lambda: _run(validator, token)),
        }


def _who(principal: Principal) -> dict[str, str]:
    return {"issuer": principal.issuer, "subject": principal.subject}


def _fastapi_app(validator: TokenValidator) -> FastAPI:
    auth = jwtmr_fastapi.BearerAuth(validator, startup="lazy")
    app = FastAPI(lifespan=auth.lifespan)

    @app.get("/")
    async def view(principal: Annotated[Principal, Depends(auth)]) -> dict[str, str]:
        return _who(principal)

    return app


async def _asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    principal = principal_of(scope)
    assert principal is not None
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(_who(principal)).encode()})


def _flask_app(validator: TokenValidator) -> flask.Flask:
    auth, app = jwtmr_flask.BearerAuth(startup="lazy"), flask.Flask(__name__)
    auth.init_app(app, validator)

    @app.get("/")
    @auth.require
    def view() -> dict[str, str]:
        return _who(jwtmr_flask.current_principal)

    return app


def _over_http(netloc: str) -> Gate:
    def ask(token: str) -> Answer:
        connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)
        try:
            connection.request("GET", "/", headers={"Authorization": f"Bearer {token}", "Connection": "close"})
            answer = connection.getresponse()
            return _told(answer.status, answer.getheader("retry-after") is not None, answer.read())
        except OSError as error:
            return Answer(f"no answer: {type(error).__name__}", 0, False, NOBODY)
        finally:
            connection.close()

    return ask


def _told(status: int, retry_after: bool, body: bytes) -> Answer:
    try:
        said: Any = json.loads(body)
        said = said.get("detail", said)
        outcome = "ok" if status == 200 else said["code"]
        return Answer(outcome, status, retry_after, (said.get("issuer", ""), said.get("subject", "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Answer(f"status {status}", status, retry_after, NOBODY)


def _direct(call: Callable[[], Principal]) -> Answer:
    try:
        principal = call()
    except AuthError as error:
        return Answer(error.code, error.status, error.retry_after is not None, NOBODY)
    return Answer("ok", 200, False, (principal.issuer, principal.subject))


_loops = threading.local()


def _run(validator: TokenValidator, token: str) -> Principal:
    """Validate in a loop of this thread, the same each time."""
    if not hasattr(_loops, "runner"):
        _loops.runner = asyncio.Runner()
    result: Principal = _loops.runner.run(validator.validate_async(token))
    return result


def leave() -> None:
    """A client's thread is done: close its loop, if it had one."""
    if hasattr(_loops, "runner"):
        _loops.runner.close()
