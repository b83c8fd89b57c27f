"""The FastAPI example as uvicorn serves it here: with a validator that is told of, and answers that name the worker."""

from __future__ import annotations

import os
from typing import Any

from fastapi_app import orders_app
from workers_place import NAME, settle, told_validator

from jwtmr_asgi.types import App, Message, Receive, Scope, Send
from jwtmr_fastapi import BearerAuth


def application() -> App:
    """Called by every worker of uvicorn."""
    app: Any = orders_app(BearerAuth(told_validator()))

    async def naming(scope: Scope, receive: Receive, send: Send) -> None:
        async def say_who(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (NAME.encode(), str(os.getpid()).encode())]
            await send(message)

        await app(scope, receive, say_who)

    settle()
    return naming
