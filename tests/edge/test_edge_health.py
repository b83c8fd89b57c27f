"""One table of situations through the readiness views of all adapters; in process, with keys over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
from edge_health import ADAPTERS, Adapter, Houses, at_rest, some_houses

from jwtmr import ConfigurationError, TokenValidator, ValidatorClosed

EVERY: Final = [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS]
WITH_OPTIONS: Final = [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS if adapter.takes_options]
UNAVAILABLE: Final = (503, "unavailable")


@pytest.fixture
def houses() -> Iterator[Houses]:
    """A pool and a provider."""
    with some_houses() as made:
        yield made


def cold(houses: Houses) -> TokenValidator:
    """Nobody has asked for anything."""
    return houses.validator(houses.a_pool)


def warm(houses: Houses) -> TokenValidator:
    """There are keys."""
    validator = houses.validator(houses.a_pool)
    validator.warm_up("all")
    return validator


def stale(houses: Houses) -> TokenValidator:
    """They are past their lifetime, and nobody has others."""
    validator = warm(houses)
    houses.pool.take_down("us-east-1")
    houses.clock.advance(1000)
    return validator


def dead(houses: Houses) -> TokenValidator:
    """They are too old to be used, and nobody has others."""
    validator = stale(houses)
    houses.clock.advance(3600)
    return validator


def down(houses: Houses) -> TokenValidator:
    """There have never been any."""
    houses.pool.take_down("us-east-1")
    validator = houses.validator(houses.a_pool)
    validator.warm_up()
    return validator


def one_of_two(houses: Houses) -> TokenValidator:
    """The pool has keys, the provider has not."""
    houses.provider.take_down()
    validator = houses.validator(houses.a_pool, houses.a_provider)
    validator.warm_up("any")
    return validator


def both(houses: Houses) -> TokenValidator:
    """All is well with two."""
    validator = houses.validator(houses.a_pool, houses.a_provider)
    validator.warm_up("all")
    return validator


def one_retired(houses: Houses) -> TokenValidator:
    """The provider takes no tokens any more, and has no keys."""
    houses.provider.take_down()
    validator = houses.validator(houses.a_pool, houses.a_retired_provider)
    validator.warm_up("all")
    return validator


def all_retired(houses: Houses) -> TokenValidator:
    """Nobody's tokens are accepted."""
    return houses.validator(houses.a_retired_provider)


def nobody(_: Houses) -> list[str]:
    """No authority is required."""
    return []


class Situation(NamedTuple):
    """How the keys are, and what a probe is told."""

    made: Callable[[Houses], TokenValidator]
    status: tuple[int, str]
    states: list[str]
    required: Callable[[Houses], list[str]] = nobody


SITUATIONS: Final = {
    "cold": Situation(cold, UNAVAILABLE, ["cold"]),
    "ok": Situation(warm, (200, "ok"), ["ok"]),
    "ok and required": Situation(warm, (200, "ok"), ["ok"], lambda houses: [houses.pool.user_pool_id]),
    "degraded": Situation(stale, (200, "degraded"), ["degraded"]),
    "degraded and required": Situation(
        stale, (200, "degraded"), ["degraded"], lambda houses: [houses.pool.user_pool_id]
    ),
    "dead": Situation(dead, UNAVAILABLE, ["down"]),
    "down": Situation(down, UNAVAILABLE, ["down"]),
    "both": Situation(both, (200, "ok"), ["ok", "ok"], lambda houses: [houses.pool.user_pool_id, houses.provider.url]),
    "one of two": Situation(one_of_two, (200, "degraded"), ["ok", "down"]),
    "the other is required": Situation(one_of_two, UNAVAILABLE, ["ok", "down"], lambda houses: [houses.provider.url]),
    "one is retired": Situation(one_retired, (200, "ok"), ["ok", "retired"]),
    "all are retired": Situation(all_retired, UNAVAILABLE, ["retired"]),
    "a retired one is required": Situation(
        one_retired, UNAVAILABLE, ["ok", "retired"], lambda houses: [houses.provider.url]
    ),
}


ROWS: Final = [
    pytest.param(adapter, situation, id=f"{name}-{adapter.name}")
    for name, situation in SITUATIONS.items()
    for adapter in ADAPTERS
    if adapter.takes_options or situation.required is nobody
]


@pytest.mark.parametrize(("adapter", "situation"), ROWS)
def test_situations(houses: Houses, adapter: Adapter, situation: Situation) -> None:
    """What is told is the same everywhere, in words that name nobody; HEAD is told as much but for the body."""
    view = {} if situation.required is nobody else {"required": situation.required(houses)}
    app = adapter.build(situation.made(houses), **view)
    told = adapter.ask(app)
    assert told.brief == (*situation.status, situation.states)
    assert (told.headers["content-type"], told.headers["cache-control"]) == ("application/json", "no-store")
    assert [word for word in houses.secrets() if word in told.text] == []
    assert told.content.keys() == {"status", "authorities"}
    assert [{*each} for each in told.content["authorities"]] == [{"state", "ready", "seconds_left"}] * len(
        situation.states
    )
    head = adapter.ask(app, "HEAD")
    if situation.made is not cold:  # which the first question has ended
        assert (head.status, head.headers.keys()) == (told.status, told.headers.keys())
    assert head.text == ""


@pytest.mark.parametrize("adapter", EVERY)
def test_seconds_that_are_left(houses: Houses, adapter: Adapter) -> None:
    """An hour from the last answer of the hosts, however often it is asked; none is no number."""
    app = adapter.build(stale(houses))
    for passed in (1000, 2000, 3000):
        (told,) = adapter.ask(app).content["authorities"]
        assert 3600 - passed - 60 < told["seconds_left"] <= 3600 - passed
        houses.clock.advance(1000)
    (told,) = adapter.ask(app).content["authorities"]
    assert (told["ready"], told["seconds_left"]) == (False, None)


@pytest.mark.parametrize("adapter", WITH_OPTIONS)
def test_urls_are_shown_where_that_was_asked_for(houses: Houses, adapter: Adapter) -> None:
    """Which authority and which host it is, since when, and what is wrong."""
    told = adapter.ask(adapter.build(one_of_two(houses), show_urls=True))
    assert told.brief == (200, "degraded", ["ok", "down"])
    pool, provider = told.content["authorities"]
    assert (pool["id"], provider["id"]) == (houses.pool.user_pool_id, houses.provider.url)
    (host,) = pool["endpoints"]
    assert [host[name] for name in ("url", "region", "state", "last_outcome", "failures")] == [
        *houses.pool.jwks_uris_for("original"), "us-east-1", "ok", "ok", 0,
    ]  # fmt: skip
    assert 0 <= host["age"] < 60
    (document,) = provider["endpoints"]
    assert (document["url"], document["age"], document["last_outcome"]) == (
        houses.provider.discovery_url,
        None,
        "network",
    )
    assert (pool["problems"], provider["problems"]) == ([], [])


@pytest.mark.parametrize("adapter", EVERY)
def test_credentials_are_not_looked_at(houses: Houses, adapter: Adapter) -> None:
    """Whoever asks is told the same, and nothing of what was sent comes back."""
    app = adapter.build(warm(houses))
    forged = {"authorization": f"Bearer {houses.pool.forged_token()}", "cookie": "session=Zebra7Marker"}
    for headers in (forged, {"authorization": "Bearer Zebra7Marker"}, {"authorization": "Basic YQ=="}):
        told = adapter.ask(app, headers=headers)
        assert told.brief == (200, "ok", ["ok"])
        assert "Zebra7Marker" not in f"{told.headers} {told.text}"


@pytest.mark.parametrize("adapter", EVERY)
@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_other_methods_are_refused(houses: Houses, adapter: Adapter, method: str) -> None:
    """With 405, or 401 where a token is asked for first; and they start nothing."""
    validator = cold(houses)
    told = adapter.ask(adapter.build(validator), method)
    assert told.status in (401, 405)
    if told.status == 405:
        assert {word.strip() for word in told.headers["allow"].split(",")} == {"GET", "HEAD"}
    assert houses.pool.count() == 0


@pytest.mark.parametrize("adapter", WITH_OPTIONS)
def test_an_unknown_id_is_an_error_where_it_is_required(houses: Houses, adapter: Adapter) -> None:
    """At once where there is a validator, at the first probe where there is none yet; and nothing is fetched for it."""
    validator = cold(houses)
    with pytest.raises(ConfigurationError) as caught:
        adapter.build(validator, required=["us-east-1_Other"])
    assert caught.value.parameter == "required"
    app = adapter.build(lambda: validator, required=["us-east-1_Other"])
    assert houses.pool.count() == 0
    with pytest.raises(ConfigurationError) as caught:
        adapter.ask(app)
    assert caught.value.parameter == "required"


@pytest.mark.parametrize("adapter", EVERY)
def test_making_a_view_asks_nobody(houses: Houses, adapter: Adapter) -> None:
    """Neither for keys nor for the validator, which the first probe makes, once, and beside an event loop."""
    made: list[TokenValidator] = []

    def make() -> TokenValidator:
        assert adapter.name == "flask" or threading.current_thread() is not threading.main_thread()
        if not made:
            made.append(warm(houses))
        return made[0]

    app = adapter.build(make)
    assert (made, houses.pool.count()) == ([], 0)
    for _ in range(3):
        assert adapter.ask(app).status == 200
    assert (len(made), houses.pool.count()) == (1, 1)


@pytest.mark.parametrize("adapter", EVERY)
def test_a_retired_authority_is_not_asked(houses: Houses, adapter: Adapter) -> None:
    """However often somebody wants to know: it needs no keys."""
    app = adapter.build(all_retired(houses))
    for _ in range(3):
        assert adapter.ask(app).status == 503
    at_rest()
    assert houses.provider.count() == 0


@pytest.mark.parametrize("adapter", EVERY)
def test_a_closed_validator_is_not_ready(houses: Houses, adapter: Adapter) -> None:
    """It is no answer that anybody planned: the exception of every other call."""
    validator = warm(houses)
    app = adapter.build(validator)
    validator.close()
    with pytest.raises(ValidatorClosed):
        adapter.ask(app)


@pytest.mark.parametrize("adapter", WITH_OPTIONS)
@pytest.mark.parametrize("view", [{"required": "us-east-1_Ab12Cd34"}, {"show_urls": "no"}], ids=str)
def test_options_that_are_none(houses: Houses, adapter: Adapter, view: dict[str, Any]) -> None:
    """They are refused where the view is made."""
    with pytest.raises(ConfigurationError) as caught:
        adapter.build(cold(houses), **view)
    assert caught.value.parameter in view
