"""``def view(principal: Principal)`` whose dependency was forgotten fails when it is registered.

FastAPI takes a parameter without ``Depends`` from the request. If it could make a ``Principal`` of a body or a query,
the caller would log himself in. So ``Principal`` is a class that FastAPI and pydantic can make nothing of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import FastAPIError

from jwtmr import Principal
from jwtmr.testing import SUBJECT, RegionalIssuer, validator_for


@dataclass
class Lookalike:
    """What ``Principal`` must not be."""

    subject: str


FORGOTTEN: dict[str, Any] = {
    "bare": Principal,
    "optional": Principal | None,
    "list": list[Principal],
    "set": set[Principal],
    "tuple": tuple[Principal, ...],
    "dict": dict[str, Principal],
    "union": Principal | dict[str, Any],
    "remark": Annotated[Principal, "the caller"],
    "nested remark": Annotated[Annotated[Principal, "the caller"], 1],
    "class instead of Depends": Annotated[Principal, Depends],
    "function instead of Depends": Annotated[Principal, lambda: None],
    "Body": Annotated[Principal, Body()],
    "embedded Body": Annotated[Principal, Body(embed=True)],
    "Query": Annotated[Principal, Query()],
    "Header": Annotated[Principal, Header()],
    "Cookie": Annotated[Principal, Cookie()],
}

ROUTES: dict[str, Callable[[FastAPI, Callable[..., Any]], object]] = {
    "get": lambda app, view: app.get("/")(view),
    "post": lambda app, view: app.post("/")(view),
    "router": lambda app, view: APIRouter().get("/")(view),
    "add_api_route": lambda app, view: app.add_api_route("/", view, response_model=None),
    "websocket": lambda app, view: app.websocket("/")(view),
    "dependency of a route": lambda app, view: app.get("/", dependencies=[Depends(view)])(lambda: None),
}


def view_with(annotation: object) -> Callable[..., Any]:
    """A view with one parameter of that annotation, as if written in its signature."""

    def view(principal: object) -> str:
        return f"served {principal}"

    view.__annotations__ = {"principal": annotation, "return": str}
    return view


def ask(app: FastAPI, **request: Any) -> httpx.Response:  # noqa: ANN401 - as httpx has it
    """Send one request to ``app``; what its code raises is raised here."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            return await client.request(url="/", **request)

    return asyncio.run(send())


@pytest.mark.parametrize("annotation", FORGOTTEN.values(), ids=FORGOTTEN)
@pytest.mark.parametrize("register", ROUTES.values(), ids=ROUTES)
def test_principal_without_a_dependency_is_not_registered(
    register: Callable[[FastAPI, Callable[..., Any]], object], annotation: object
) -> None:
    """However the parameter is written and wherever the view is mounted, FastAPI refuses it at once."""
    with pytest.raises(FastAPIError):
        register(FastAPI(), view_with(annotation))


def test_default_value_does_not_make_it_registrable() -> None:
    """``principal: Principal = None`` is as wrong as without the default."""

    def view(principal: Principal = None) -> str:  # type: ignore[assignment]
        return f"served {principal}"

    with pytest.raises(FastAPIError):
        FastAPI().get("/")(view)


def test_principal_as_the_answer_is_not_registered() -> None:
    """A view that would send a whole principal to the client fails too."""

    def view() -> Principal:
        raise NotImplementedError

    with pytest.raises(FastAPIError):
        FastAPI().get("/")(view)


@pytest.mark.parametrize("annotation", [Lookalike, Annotated[Lookalike, "the caller"]])
def test_a_dataclass_would_have_let_the_caller_log_himself_in(annotation: object) -> None:
    """The danger is real: FastAPI registers such a view and makes the parameter of the request's body."""
    app = FastAPI()
    app.post("/")(view_with(annotation))
    answer = ask(app, method="POST", json={"subject": "alice"})
    assert (answer.status_code, answer.json()) == (200, "served Lookalike(subject='alice')")


def test_depends_without_a_function_is_refused_at_registration() -> None:
    """``Depends()`` would call the class itself: what it asks for cannot come from a request either."""
    with pytest.raises(FastAPIError, match="Invalid args"):
        FastAPI().post("/")(view_with(Annotated[Principal, Depends()]))


@pytest.mark.parametrize("style", ["annotated", "default"])
def test_principal_with_a_dependency_is_served(style: str) -> None:
    """With ``Depends`` the view is registered, and a request with a token of the pool gets its principal."""
    app = FastAPI()
    with RegionalIssuer(["us-east-1"]) as issuer, closing(validator_for(issuer, issuer_type="original")) as validator:

        async def caller(request: Request) -> Principal:
            return await validator.validate_async(request.headers["authorization"].removeprefix("Bearer "))

        def annotated(principal: Annotated[Principal, Depends(caller)]) -> str:
            return principal.subject

        def default(principal: Principal = Depends(caller)) -> str:  # noqa: B008 - FastAPI's older way to write it
            return principal.subject

        # Written here because `from __future__ import annotations` hides the local name from FastAPI.
        annotated.__annotations__["principal"] = Annotated[Principal, Depends(caller)]
        app.get("/")(annotated if style == "annotated" else default)
        answer = ask(app, method="GET", headers={"authorization": f"Bearer {issuer.access_token()}"})
    assert (answer.status_code, answer.json()) == (200, SUBJECT)
