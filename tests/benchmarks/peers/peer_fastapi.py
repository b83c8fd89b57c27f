"""What all that protect a route of FastAPI share: an application with an open route, and one with a protected one.

The open one has a dependency too, one that looks at nothing: what is added is the work, not being a dependency.
"""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Security
from in_process import AsgiRequest
from peer_kit import Case
from subject import Subject, each_async


async def nobody() -> None:
    """Look at nothing."""


def route(dependency: Callable[..., Any]) -> FastAPI:
    """An application with one route, and that dependency."""
    app = FastAPI()

    @app.get("/")
    async def hello(_: Any = Security(dependency)) -> dict[str, str]:  # noqa: ANN401, B008 - any kind of user
        return {"hello": "world"}

    return app


def per_request(
    case: Case, name: str, distribution: str, dependency: Callable[..., Any], runner: Runner
) -> tuple[list[Subject], dict[str, Any]]:
    """The subject, and what is to be said of it."""
    app = route(dependency)

    def request(to: FastAPI, token: str) -> AsgiRequest:
        return AsgiRequest(to, "/", {"authorization": f"Bearer {token}"})

    let_in = case.judge(lambda token: runner.run(request(app, token).status()) == 200)
    bare, full = request(route(nobody), case.token), request(app, case.token)
    facts = {"version": version(distribution), "accepts": let_in}
    timed = each_async(runner, bare), each_async(runner, full)
    return [Subject("FastAPI, per request", name, "added", *timed)], facts
