"""The start: when keys are fetched, when a validator is made, and what happens in an outage."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_kit import Place, a_dark_place, a_place, a_view, ask, code_of, never, served_by

from jwtmr import ConfigurationError, KeysUnavailable, TokenValidator
from jwtmr.testing import SUBJECT, SettableClock, make_principal
from jwtmr_flask import BearerAuth, ResourceMetadata

METADATA = ResourceMetadata(resource="https://api.example.com")
AT_ONCE = 20


@pytest.mark.parametrize(("startup", "fetched"), [("warn", True), ("require", True), ("lazy", False)])
def test_keys_are_fetched_by_init_app(startup: str, fetched: bool) -> None:
    """They are there before workers are forked, unless it is to be lazy; a request finds them."""
    with a_place() as place:
        app = served_by(place.auth(startup=startup))
        before = place.issuer.count()
        assert (before > 0) == fetched == place.validator.status().ready
        assert ask(app, headers=place.bearer()).status_code == 200
        assert (place.issuer.count() == before) == fetched


def test_nothing_is_fetched_without_init_app() -> None:
    """There is no start then: the first token waits for keys, whatever comes before it."""
    with a_place() as place:
        auth, app = place.auth(), Flask(__name__)
        app.get("/")(auth.require(a_view()))
        assert ask(app).status_code == 401
        assert place.issuer.count() == 0
        assert ask(app, headers=place.bearer()).status_code == 200
        assert place.issuer.count() > 0


def test_outage_at_the_start_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Without any keys ``"warn"`` starts, says so, and answers 503."""
    with a_dark_place() as place, caplog.at_level(logging.WARNING, logger="jwtmr"):
        app = served_by(place.auth())
        assert [record for record in caplog.records if record.name.startswith("jwtmr")]
        assert code_of(ask(app, headers=place.bearer())) == (503, "keys_unavailable")


def test_required_keys_that_are_missing_stop_the_start() -> None:
    """``init_app`` raises; when the outage is over the same object and application can try again."""
    clock = SettableClock()
    with a_dark_place(clock) as place:
        auth, app = place.auth(startup="require"), Flask(__name__)
        app.get("/")(auth.require(a_view()))
        with pytest.raises(KeysUnavailable):
            auth.init_app(app)
        for region in place.issuer.regions:
            place.issuer.bring_up(region)
        clock.advance(600)
        auth.init_app(app)
        assert ask(app, headers=place.bearer()).json == [SUBJECT]


@pytest.mark.parametrize("settings", [{"startup": "require"}, {"resource_metadata": METADATA}])
@pytest.mark.parametrize("configured", [True, False])
def test_what_needs_init_app(place: Place, settings: dict[str, object], configured: bool) -> None:
    """Who asks for a start, or for a document, and has no ``init_app`` is told at the first request."""
    auth, app = place.auth(**({} if configured else settings)), Flask(__name__)
    app.config.update({f"JWTMR_{name.upper()}": value for name, value in settings.items() if configured})
    app.get("/")(auth.require(a_view()))
    for headers in ({}, place.bearer()):
        with pytest.raises(ConfigurationError, match="init_app") as caught:
            ask(app, headers=headers)
        assert caught.value.parameter == "app"
    with auth.override(app, make_principal(subject="fake")):
        assert ask(app).json == ["fake"]


# -- a validator that is made -----------------------------------------------------------------------------------------


def test_maker_is_called_once_by_many_threads(place: Place) -> None:
    """For the first token, not before, and once though twenty need it at the same time."""
    calls: list[int] = []
    ready = threading.Barrier(AT_ONCE)

    def make() -> TokenValidator:
        calls.append(threading.get_ident())
        return place.validator

    app = served_by(BearerAuth(make), JWTMR_STARTUP="lazy")
    assert code_of(ask(app)) == (401, "missing_token")
    assert calls == []
    headers = place.bearer()

    def call(_: int) -> object:
        ready.wait(10)
        return ask(app, headers=headers).json

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(call, range(AT_ONCE))) == [[SUBJECT]] * AT_ONCE
    assert len(calls) == 1


@pytest.mark.parametrize(("startup", "early"), [("warn", 1), ("require", 1), ("lazy", 0)])
def test_maker_is_called_at_the_start(place: Place, startup: str, early: int) -> None:
    """``init_app`` makes the validator, unless it is to be lazy; the requests take that one."""
    calls: list[str] = []

    def make() -> TokenValidator:
        calls.append("made")
        return place.validator

    auth = BearerAuth(startup=startup)  # type: ignore[arg-type]
    app = served_by(auth, make)
    assert len(calls) == early
    for _ in range(2):
        assert ask(app, headers=place.bearer()).status_code == 200
    assert len(calls) == 1


@pytest.mark.parametrize("startup", ["warn", "lazy"])
def test_maker_of_the_object_serves_all_applications(place: Place, startup: str) -> None:
    """It is called once, however many applications the object serves: they share its validator and its keys."""
    calls: list[str] = []

    def make() -> TokenValidator:
        calls.append("made")
        return place.validator

    auth = BearerAuth(make, startup=startup)  # type: ignore[arg-type]
    for _ in range(3):
        assert ask(served_by(auth), headers=place.bearer()).status_code == 200
    assert calls == ["made"]


def test_maker_that_makes_something_else(place: Place) -> None:
    """A mistake of the programmer's is his error, at the start or at the first token."""
    with pytest.raises(ConfigurationError, match="validator"):
        served_by(BearerAuth(lambda: None))  # type: ignore[arg-type,return-value]
    app = served_by(BearerAuth(lambda: None, startup="lazy"))  # type: ignore[arg-type,return-value]
    with pytest.raises(ConfigurationError, match="validator"):
        ask(app, headers=place.bearer())


async def make_slowly() -> TokenValidator:
    """No maker: nobody would await it."""
    return never()


@pytest.mark.parametrize("validator", ["validator", 7, make_slowly])
def test_no_validator_at_all(validator: object) -> None:
    """What is neither a validator nor makes one is refused where it is given."""
    with pytest.raises(ConfigurationError, match="validator"):
        BearerAuth(validator)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="validator"):
        BearerAuth().init_app(Flask(__name__), validator)  # type: ignore[arg-type]
