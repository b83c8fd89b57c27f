"""Two stories of the switch: the updated host that comes alive, and the legacy issuer that ends."""

from __future__ import annotations

from datetime import timedelta

from fire_kit import outcome
from key_rows_kit import AFTER_REFRESH, MARGIN, Making, asked, later, pass_time, with_header

from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import at, lag, reset

DAY = 86400


def test_the_updated_host_comes_alive_when_the_pool_is_switched(
    pool: RegionalIssuer, make: Making, clock: SettableClock
) -> None:
    """It answers 403 at the start, which is none of a failure; and after the switch with a key that it alone has."""
    pool.switch_back()
    validator = make(accept_legacy_until=clock.now() + timedelta(days=30))
    (authority,) = validator.warm_up(require="all").authorities
    assert (authority.state, authority.endpoints[0].state, authority.refuses_everything) == ("ok", "not_enabled", False)
    assert authority.problems == ("the current issuer is not enabled yet: tokens still name the legacy issuer",)
    assert outcome(validator, with_header(pool.access_token(), kid="nobody")) == "unknown_key"  # 403 is an answer
    for _ in range(24):
        assert outcome(validator, pool.access_token()) == "ok"
        later(clock, 3600)
    before = pool.access_token()
    pool.forget_requests()
    with at(pool, form="original").let(lag()) as lagging:
        pool.rotate()
        pool.switch_to_updated()
        assert outcome(validator, pool.access_token()) == outcome(validator, before) == "ok"
        assert asked(pool) == [1, 0, 0]
        (authority,) = validator.status().authorities
        assert (authority.endpoints[0].state, authority.problems) == ("ok", ())
        pass_time(clock, validator, AFTER_REFRESH)
        assert outcome(validator, pool.access_token()) == outcome(validator, before) == "ok"
        assert lagging.times
    with at(pool, form="original").let(reset()):
        for _ in range(24):
            pass_time(clock, validator, 600)
            assert outcome(validator, pool.access_token()) == "ok"


def test_a_switch_without_a_rotation_is_noticed_within_five_minutes(
    pool: RegionalIssuer, make: Making, clock: SettableClock
) -> None:
    """The keys are the same, so nothing is looked for: the host that was not there is tried every 5 min of traffic."""
    pool.switch_back()
    validator = make(accept_legacy_until=clock.now() + timedelta(days=30))
    validator.warm_up(require="all")
    pool.switch_to_updated()
    assert outcome(validator, pool.access_token()) == "ok"
    pass_time(clock, validator, 300 - MARGIN)
    assert validator.status().authorities[0].endpoints[0].state == "not_enabled"
    pass_time(clock, validator, MARGIN)
    assert validator.status().authorities[0].endpoints[0].state == "ok"
    assert asked(pool)[0] == 2


def test_the_legacy_issuer_ends_twice(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """What it minted after the cut-over is refused at once, and what it minted before when its window closes."""
    cut_over = clock.now() + timedelta(hours=1)
    validator = make(legacy_issued_before=cut_over, accept_legacy_until=cut_over + timedelta(days=1))
    legacy = {"issuer": pool.original_issuer, "expires_in": 3 * DAY}

    def legacy_token() -> str:
        return pool.access_token(**legacy)

    first = legacy_token()
    assert outcome(validator, first) == "ok"
    pass_time(clock, validator, 3599)
    last = legacy_token()
    assert [outcome(validator, token) for token in (first, last)] == ["ok", "ok"]
    later(clock, 1)
    late = legacy_token()
    assert [outcome(validator, token) for token in (first, last, late)] == ["ok", "ok", "issued_after_cutover"]
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool, "us-east-1").let(reset()):
        pass_time(clock, validator, DAY - 1)
        assert [outcome(validator, token) for token in (first, last, late)] == ["ok", "ok", "issued_after_cutover"]
        later(clock, 1)
        refused = {outcome(validator, token) for token in (first, last, late, legacy_token())}
        assert refused == {"legacy_issuer_retired"}
        assert outcome(validator, pool.access_token()) == "ok"
