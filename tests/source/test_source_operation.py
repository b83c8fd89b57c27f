"""What operators use: ``warm_up``, ``status``, and what both say in words."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from source_kit import HeldEndpoint, Making, Recorder, no_threads_left

from jwtmr import (
    CognitoUserPool,
    ConfigurationError,
    KeysUnavailable,
    TokenValidator,
    ValidatorStatus,
)
from jwtmr.events import FetchFinished
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

Require = Literal["any", "all"] | None


def sync(validator: TokenValidator, require: Require) -> ValidatorStatus:
    """Warm up in this thread."""
    return validator.warm_up(require=require)


def on_a_loop(validator: TokenValidator, require: Require) -> ValidatorStatus:
    """Warm up on a loop."""
    return asyncio.run(validator.warm_up_async(require=require))


Warming = Callable[[TokenValidator, Require], ValidatorStatus]
both_ways = pytest.mark.parametrize("warm", [sync, on_a_loop])


def two_pools(up: int, issuer: RegionalIssuer, endpoint: HeldEndpoint) -> TokenValidator:
    """A validator of two pools, of which ``up`` have an endpoint that answers."""
    dead = endpoint.server.url.replace(endpoint.server.url.rpartition(":")[2], "9")
    pools = [
        CognitoUserPool(
            f"us-east-1_Pool{number}", issuer_type="original", client_ids=["c"], token_use="id",
            jwks_uris=[endpoint.url if number < up else f"{dead}/jwks.json"],
        )
        for number in range(2)
    ]  # fmt: skip
    return TokenValidator(*pools, clock=issuer.clock)


@both_ways
@pytest.mark.parametrize("up", [0, 1, 2])
@pytest.mark.parametrize("require", [None, "any", "all"])
def test_what_is_required(warm: Warming, up: int, require: Require, issuer: RegionalIssuer) -> None:
    """``None`` never raises, ``"any"`` wants one authority with keys and ``"all"`` wants each."""
    enough = {None: True, "any": up >= 1, "all": up == 2}[require]
    with HeldEndpoint(issuer, held=0) as endpoint, closing(two_pools(up, issuer, endpoint)) as validator:
        if enough:
            status = warm(validator, require)
            assert [authority.state for authority in status.authorities] == ["ok"] * up + ["down"] * (2 - up)
            assert status.ready == (up > 0)
        else:
            with pytest.raises(KeysUnavailable) as caught:
                warm(validator, require)
            assert (caught.value.retry_after or 0) >= 1
            for number in range(2):
                assert (f"us-east-1_Pool{number}" in caught.value.detail) == (number >= up)


@both_ways
def test_a_requirement_that_is_none(warm: Warming, issuer: RegionalIssuer, make: Making) -> None:
    """A word that is no requirement is a wrong setting, and nothing is fetched."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        with pytest.raises(ConfigurationError) as caught:
            warm(make(endpoint.url), "some")  # type: ignore[arg-type]
        assert caught.value.parameter == "require"
        assert endpoint.server.count() == 0


def test_a_warm_up_with_keys_asks_nobody(issuer: RegionalIssuer, make: Making) -> None:
    """The second warm-up reports and fetches nothing, and validation needs no fetch."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url)
        for _ in range(2):
            assert validator.warm_up(require="all").ready
        validator.validate(issuer.access_token())
        assert endpoint.server.count() == 1


def test_authorities_are_warmed_together(issuer: RegionalIssuer) -> None:
    """All authorities are asked before the first one has answered."""
    with HeldEndpoint(issuer) as first, HeldEndpoint(issuer) as second:
        pools = [
            CognitoUserPool(
                f"us-east-1_Pool{number}",
                issuer_type="original",
                client_ids=["c"],
                token_use="id",
                jwks_uris=[where.url],
            )
            for number, where in enumerate((first, second))
        ]
        with closing(TokenValidator(*pools, clock=issuer.clock)) as validator:

            async def scene() -> ValidatorStatus:
                warming = asyncio.ensure_future(validator.warm_up_async(require="all"))
                for endpoint in (first, second):
                    assert await asyncio.to_thread(endpoint.asked.wait, 5)
                for endpoint in (first, second):
                    endpoint.let_go()
                return await warming

            assert asyncio.run(scene()).ready


UNSWITCHED: list[tuple[timedelta | None, list[str]]] = [
    (None, ["every token will be refused"]),
    (timedelta(days=-1), ["the window of", "every token will be refused"]),
    (timedelta(0), ["the window of", "every token will be refused"]),
    (timedelta(seconds=1), ["the current issuer is not enabled yet: tokens still name the legacy issuer"]),
]


@pytest.mark.parametrize(("window", "words"), UNSWITCHED)
def test_a_pool_that_has_not_been_switched(
    window: timedelta | None, words: list[str], issuer: RegionalIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """A warm-up says, and logs, when the updated host answers 403 and whether any token can pass at all."""
    refuses = "every token will be refused" in words
    until = None if window is None else datetime.fromtimestamp(issuer.clock.wall(), UTC) + window
    with closing(validator_for(issuer, accept_legacy_until=until)) as validator:
        (authority,) = validator.warm_up(require="all").authorities
        assert (authority.state, authority.refuses_everything) == ("ok", refuses)
        assert [problem[: len(word)] for problem, word in zip(authority.problems, words, strict=True)] == words
        assert authority.endpoints[0].state == "not_enabled"
        logged = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        for problem in authority.problems:
            assert f"{issuer.user_pool_id}: {problem}" in logged
            assert f"  ! {problem}" in str(validator.status())
        accepted = {told.url: told.accepted for told in authority.issuers}
        assert accepted == {issuer.updated_issuer: True, issuer.original_issuer: not refuses}


def test_a_switched_pool_has_no_problems(issuer: RegionalIssuer, clock: SettableClock) -> None:
    """After the switch nothing is wrong; when the window has closed the report says so, with the moment."""
    issuer.switch_to_updated()
    until = clock.now() + timedelta(seconds=100)
    with closing(validator_for(issuer, accept_legacy_until=until)) as validator:
        (authority,) = validator.warm_up(require="all").authorities
        assert (authority.problems, authority.refuses_everything) == ((), False)
        clock.advance(100)
        (authority,) = validator.status().authorities
        (problem,) = authority.problems
        assert problem.startswith(f"the window of {issuer.original_issuer} closed at {until:%Y-%m-%d %H:%M}")
        assert problem.endswith("its tokens are refused")
        assert not authority.refuses_everything


def seen(validator: TokenValidator, issuer: RegionalIssuer) -> tuple[str, str, int | None]:
    """State of the authority and of its endpoint, and the seconds left in hundreds; checks that the text says so."""
    (authority,) = validator.status().authorities
    (endpoint,) = authority.endpoints
    text = str(validator.status())
    assert text.startswith(f"{issuer.user_pool_id}: {authority.state}\n")
    assert f"  us-east-1 {endpoint.url}: {endpoint.state}, " in text
    left = authority.seconds_left
    return authority.state, endpoint.state, None if left is None else int(round(left, -2))


def test_the_states_of_one_endpoint(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """``ok``, then ``degraded`` past the lifetime with the seconds left, ``down`` after an hour, ``ok``."""
    issuer.max_age, recorder = 600, Recorder()
    validator = make(issuer.jwks_uris_for("original")[0], observers=[recorder])
    validator.warm_up(require="all")
    assert seen(validator, issuer) == ("ok", "ok", 3600)
    assert re.search("answered [0-9] s ago", str(validator.status()))
    issuer.take_down("us-east-1", "refuse")
    clock.advance(590)
    assert seen(validator, issuer) == ("ok", "ok", 3000)
    recorder.await_(FetchFinished, 2)
    clock.advance(20)
    assert seen(validator, issuer) == ("degraded", "degraded", 3000)
    clock.advance(3000)
    assert seen(validator, issuer) == ("down", "down", None)
    no_threads_left()  # which asked once more
    (endpoint,) = validator.status().authorities[0].endpoints
    assert (endpoint.keys, endpoint.failures > 0, endpoint.last_outcome in ("network", "timeout")) == (2, True, True)
    no_threads_left()
    issuer.bring_up("us-east-1")
    clock.advance(31)
    assert validator.warm_up(require="all").ready
    assert seen(validator, issuer) == ("ok", "ok", 3600)


def test_the_state_of_one_that_was_not_asked(issuer: RegionalIssuer, make: Making) -> None:
    """``cold``, and it never answered."""
    with HeldEndpoint(issuer) as endpoint:
        status = make(endpoint.url).status()
        (authority,) = status.authorities
        (told,) = authority.endpoints
        assert (authority.state, authority.seconds_left, told.state, told.age) == ("cold", None, "cold", None)
        assert f"{endpoint.url}: cold, never answered" in str(status)


def test_a_host_that_never_was(issuer: RegionalIssuer, make: Making) -> None:
    """An endpoint that only ever said 403 is ``not_enabled``, and an authority without keys is ``down``."""
    (updated,) = (host.url for host in issuer.endpoints if host.form == "updated")
    (authority,) = make(updated).warm_up().authorities
    assert (authority.state, authority.endpoints[0].state) == ("down", "not_enabled")
    assert authority.problems == ()


def test_status_without_a_region(issuer: RegionalIssuer) -> None:
    """An endpoint whose region nobody knows is shown as one."""
    uris = [*issuer.jwks_uris_for("original"), "http://127.0.0.1:9/jwks.json"]
    with closing(validator_for(issuer, issuer_type="original", jwks_uris=uris)) as validator:
        assert "  - http://127.0.0.1:9/jwks.json: cold, never answered" in str(validator.status())


def test_status_starts_a_refresh_that_is_due(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """A health check keeps the keys fresh, and waits for nothing."""
    recorder = Recorder()
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url, observers=[recorder])
        validator.warm_up(require="all")
        clock.advance(820)
        assert validator.status().ready
        assert [event.trigger for event in recorder.await_(FetchFinished, 2)] == ["start", "refresh"]
