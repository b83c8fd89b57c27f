"""The three adapters around the same small application, called in process, with answers that can be compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import httpx
from fastapi import Depends, FastAPI
from flask import Flask
from starlette.responses import JSONResponse

from jwtmr import Principal, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware, principal_of
from jwtmr_asgi.types import App, Receive, Scope, Send
from jwtmr_fastapi import BearerAuth as FastApiAuth
from jwtmr_flask import BearerAuth as FlaskAuth
from jwtmr_flask import current_principal


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: str

    @property
    def refusal(self) -> dict[str, str]:
        """What the body says, without what FastAPI puts around it."""
        said: dict[str, Any] = json.loads(self.body)
        return said["detail"] if said.keys() == {"detail"} else said


Caller: TypeAlias = Callable[[str | None], Answer]
"""Makes a request with a token, or without one."""


def _by_asgi(app: App) -> Caller:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def ask(token: str | None) -> Answer:
        async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
            answer = await client.get("/", headers=_credentials(token))
        return Answer(answer.status_code, dict(answer.headers), answer.text)

    return lambda token: asyncio.run(ask(token))


def _credentials(token: str | None) -> dict[str, str]:
    return {} if token is None else {"authorization": f"Bearer {token}"}


def asgi(validator: TokenValidator) -> Caller:
    """The middleware."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        principal = principal_of(scope)
        assert principal is not None
        await JSONResponse({"subject": principal.subject})(scope, receive, send)  # type: ignore[arg-type]

    return _by_asgi(BearerAuthMiddleware(app, validator))


def fastapi(validator: TokenValidator) -> Caller:
    """The dependency."""
    auth, app = FastApiAuth(validator), FastAPI()

    def view(principal: Principal) -> dict[str, str]:
        return {"subject": principal.subject}

    view.__annotations__["principal"] = Annotated[Principal, Depends(auth)]
    app.get("/")(view)
    return _by_asgi(app)


def flask(validator: TokenValidator) -> Caller:
    """The decorator."""
    auth, app = FlaskAuth(startup="lazy"), Flask(__name__)
    auth.init_app(app, validator)
    app.add_url_rule("/", "view", auth.require(lambda: {"subject": current_principal.subject}))

    def ask(token: str | None) -> Answer:
        answer = app.test_client(use_cookies=False).get("/", headers=_credentials(token))
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text)

    return ask


ADAPTERS: Final[list[Callable[[TokenValidator], Caller]]] = [asgi, fastapi, flask]
