"""Mistakes that leave a route open, and a stand-in that stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.exceptions import FastAPIError
from fastapi_kit import Place, ask

from jwtmr import ConfigurationError
from jwtmr.testing import make_principal
from jwtmr_fastapi import ResourceMetadata


@pytest.mark.parametrize(
    "register",
    [
        lambda given: FastAPI(dependencies=[given]).get("/")(lambda: "served"),
        lambda given: APIRouter(dependencies=[given]).get("/")(lambda: "served"),
        lambda given: FastAPI().get("/", dependencies=[given])(lambda: "served"),
        lambda given: FastAPI().websocket("/", dependencies=[given])(lambda: None),
    ],
    ids=["application", "router", "route", "websocket"],
)
@pytest.mark.parametrize("wrap", [Depends, lambda d: Security(d, scopes=["a"])], ids=["Depends", "Security"])
def test_require_that_was_not_called_is_not_registered(
    place: Place, wrap: Callable[[Any], Any], register: Callable[[Any], object]
) -> None:
    """``Depends(auth.require)`` without parentheses makes a dependency per request, and checks nobody."""
    with pytest.raises(FastAPIError):
        register(wrap(place.auth().require))


def test_overlapping_overrides_end(place: Place) -> None:
    """In whichever order they end, nobody stands in afterwards."""
    auth, app = place.auth(), FastAPI()
    app.get("/", dependencies=[Depends(auth)])(lambda: "served")
    first, second = (auth.override(app, make_principal(subject=name)) for name in ("first", "second"))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert ask(app).status_code == 401


@pytest.mark.parametrize("resource", ["https://a.example/{tenant}", "https://a.example/%7Brest:path%7D"])
def test_the_metadata_is_at_one_address(resource: str) -> None:
    """Braces in it would be a parameter of a route."""
    with pytest.raises(ConfigurationError):
        ResourceMetadata(resource=resource)
