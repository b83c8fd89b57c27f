"""``auth.lifespan``: keys are there before the first request, and an application's own lifespan is undisturbed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi_kit import Place, a_place, ask
from serving import served

from jwtmr import ConfigurationError, KeysUnavailable
from jwtmr.testing import SUBJECT
from jwtmr_fastapi import BearerAuth


def started(app: FastAPI) -> Any:  # noqa: ANN401 - the state of any application
    """Start ``app`` and end it; its state."""

    async def run() -> Any:  # noqa: ANN401
        async with app.router.lifespan_context(app) as state:
            return state

    return asyncio.run(run())


@pytest.mark.parametrize(("startup", "fetched"), [("warn", True), ("require", True), ("lazy", False)])
def test_keys_are_fetched_at_the_start(startup: str, fetched: bool) -> None:
    """They are there when the application serves, unless it is to be lazy."""
    with a_place() as place:
        auth = place.auth(startup=startup)
        assert started(FastAPI(lifespan=auth.lifespan)) is None
        assert (place.issuer.count() > 0) == fetched
        assert place.validator.status().ready == fetched


def test_validator_is_not_closed(place: Place) -> None:
    """Whoever made it may have other uses for it after the application has ended."""
    auth = place.auth()
    app = FastAPI(lifespan=auth.lifespan)
    app.get("/", dependencies=[Depends(auth)])(lambda: None)
    for _ in range(2):
        started(app)
    assert ask(app, headers=place.bearer()).status_code == 200
    assert place.validator.validate(place.token()).subject == SUBJECT


@pytest.mark.parametrize("startup", ["warn", "require"])
def test_outage_at_the_start(startup: str, caplog: pytest.LogCaptureFixture) -> None:
    """Without any keys ``"warn"`` starts and says so; ``"require"`` fails before the application's own lifespan."""
    events: list[str] = []
    with a_place() as place:
        for region in place.issuer.regions:
            place.issuer.take_down(region, "refuse")
        app = FastAPI(lifespan=place.auth(startup=startup).lifespan(noting(events)))
        if startup == "require":
            with pytest.raises(KeysUnavailable):
                started(app)
            assert events == []
        else:
            started(app)
            assert events == ["in", "out"]
            assert "jwtmr" in {record.name.partition(".")[0] for record in caplog.records}


def noting(events: list[str], state: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - a lifespan
    """A lifespan of an application's own."""

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[dict[str, str] | None]:
        assert isinstance(app, FastAPI)
        events.append("in")
        try:
            yield state
        finally:
            events.append("out")

    return own


def test_own_state_passes_through() -> None:
    """What an application's own lifespan yields is the state; it begins when the keys are there, and ends."""
    events: list[str] = []
    with a_place() as place:

        @asynccontextmanager
        async def own(app: FastAPI) -> AsyncIterator[dict[str, str]]:
            events.append(f"keys {place.validator.status().ready}")
            async with noting(events, {"pool": "open"})(app) as state:
                yield state

        assert started(FastAPI(lifespan=place.auth().lifespan(own))) == {"pool": "open"}
    assert events == ["keys True", "in", "out"]


def test_over_a_real_server(place: Place) -> None:
    """Requests see the state of the composed lifespan."""
    import httpx  # noqa: PLC0415 - only here

    events: list[str] = []
    app = FastAPI(lifespan=place.auth().lifespan(noting(events, {"pool": "open"})))

    @app.get("/")
    def view(request: Request) -> str:
        return str(request.state.pool)

    with served(app, lifespan="on") as url:
        assert httpx.get(f"http://{url}/", trust_env=False).json() == "open"
        assert events == ["in"]
    assert events == ["in", "out"]


def test_errors_of_the_own_lifespan_pass(place: Place) -> None:
    """What fails in an application's own lifespan fails as without us."""

    @asynccontextmanager
    async def own(_: FastAPI) -> AsyncIterator[None]:
        raise KeyError("database")
        yield

    with pytest.raises(KeyError, match="database"):
        started(FastAPI(lifespan=place.auth().lifespan(own)))


def test_router_lifespan() -> None:
    """A router can bring it along too."""
    with a_place() as place:
        app = FastAPI()
        app.include_router(APIRouter(lifespan=place.auth().lifespan))
        started(app)
        assert place.validator.status().ready


def test_undecorated_lifespan(place: Place) -> None:
    """A generator function that nobody made a context manager is refused where it is written."""

    async def own(_: FastAPI) -> AsyncIterator[None]:
        yield

    def plain(_: FastAPI) -> Iterator[None]:
        yield

    for wrong in (own, plain, "lifespan", None):
        with pytest.raises(ConfigurationError, match="asynccontextmanager"):
            place.auth().lifespan(wrong)


def test_validator_that_cannot_be_made() -> None:
    """An application whose validator cannot be made does not start."""

    def make() -> Any:  # noqa: ANN401
        raise ConfigurationError("user_pool_id", "is not set")

    with pytest.raises(ConfigurationError, match="user_pool_id"):
        started(FastAPI(lifespan=BearerAuth(make).lifespan))
