"""``auth.health_router``: beside schemas and dependencies, under an override, and without a thread to spare."""

import asyncio
import threading

import anyio.to_thread
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi_kit import Place, a_place, ask, client_of

from jwtmr import ConfigurationError, TokenValidator
from jwtmr.testing import make_principal
from jwtmr_fastapi import BearerAuth


def never() -> TokenValidator:
    """In place of a validator, where none may be needed."""
    raise AssertionError("a validator was made")


def closed() -> None:
    """A dependency that lets nobody in."""
    raise HTTPException(418)


def test_it_is_in_no_schema_and_behind_no_dependency(place: Place) -> None:
    """Those of the application, of an including router and of the inclusion do not reach it; prefixes do."""
    auth, outer = place.auth(), APIRouter(dependencies=[Depends(closed)])
    outer.include_router(
        auth.health_router("/keys.json", show_urls=True), prefix="/ops", dependencies=[Depends(closed)]
    )
    app = FastAPI(dependencies=[Depends(closed)])
    app.include_router(outer, prefix="/outer")
    app.include_router(auth.health_router())
    place.validator.warm_up()
    assert [ask(app, path).json()["status"] for path in ("/readyz", "/outer/ops/keys.json")] == ["ok", "ok"]
    assert "id" in ask(app, "/outer/ops/keys.json").json()["authorities"][0]
    assert app.openapi()["paths"] == {}
    assert app.url_path_for("readiness") in ("/readyz", "/outer/ops/keys.json")


def test_under_an_override_it_is_ok() -> None:
    """Nobody's token is looked at, so no keys are needed, and none fetched; afterwards it says how it is."""
    with a_place() as place:
        place.issuer.take_down(place.issuer.regions[0])
        auth, app = place.auth(), FastAPI()
        app.include_router(auth.health_router(required=[place.issuer.user_pool_id]))
        with auth.override(app, make_principal()):
            assert ask(app, "/readyz").json() == {"status": "ok", "authorities": []}
            assert place.issuer.count() == 0
        assert ask(app, "/readyz").json()["status"] == "unavailable"
    unmade, without = FastAPI(), BearerAuth(never)
    unmade.include_router(without.health_router())
    with without.override(unmade, None):
        assert ask(unmade, "/readyz").status_code == 200


def test_it_waits_for_no_thread(place: Place) -> None:
    """Slow views have all threads of the pool, and a probe is answered all the same."""
    auth, app, entered, leave = place.auth(), FastAPI(), threading.Event(), threading.Event()
    app.include_router(auth.health_router())
    place.validator.warm_up()

    @app.get("/slow")
    def slow() -> str:
        entered.set()
        leave.wait(10)
        return "done"

    async def scene() -> tuple[int, bool, int]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        async with client_of(app) as client:
            waiting = asyncio.ensure_future(client.get("/slow"))
            assert await asyncio.to_thread(entered.wait, 10)
            answer = await client.get("/readyz")
            still = waiting.done()
            leave.set()
            return answer.status_code, still, (await waiting).status_code

    assert asyncio.run(scene()) == (200, False, 200)


@pytest.mark.parametrize("path", ["readyz", "", "/{name}", "/readyz/"])
def test_paths_that_are_none(place: Place, path: str) -> None:
    """They are refused where the router is made."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().health_router(path)
    assert caught.value.parameter == "path"
