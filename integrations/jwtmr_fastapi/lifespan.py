"""The start of an application: keys are fetched before it serves. Nothing is closed at its end."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from starlette.applications import Starlette
from starlette.types import Lifespan

from jwtmr import ConfigurationError
from jwtmr_fastapi.gate import Gate

AppT = TypeVar("AppT", bound=Starlette)


@asynccontextmanager
async def started(gate: Gate, app: Starlette) -> AsyncGenerator[None, None]:
    """The lifespan of an application that has none of its own."""
    await gate.start(app)
    yield


def started_before(gate: Gate, own: Lifespan[AppT]) -> Lifespan[AppT]:
    """A lifespan that starts before ``own`` begins, and passes its state through."""
    if not callable(own) or inspect.isasyncgenfunction(own) or inspect.isgeneratorfunction(own):
        raise ConfigurationError("lifespan", "must be an application, or a function under @asynccontextmanager")

    @asynccontextmanager
    async def both(app: AppT) -> AsyncGenerator[Mapping[str, Any] | None, None]:
        await gate.start(app)
        async with own(app) as state:
            yield state

    return cast("Lifespan[AppT]", both)
