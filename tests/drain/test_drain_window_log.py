"""The log says that a window is about to close while its tokens still come, whether or not anybody observes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from drain_kit import DAY, HOUR, Making
from interrupting import Interrupted, interrupted

from jwtmr import TokenValidator
from jwtmr._tally import SUM_UP_AT
from jwtmr._window import WindowWatch
from jwtmr.cognito import CognitoUserPool
from jwtmr.events import LegacyWindowEnding
from jwtmr.issuers import Issuer
from jwtmr.testing import RegionalIssuer, SettableClock

WORDS = "still come, and will be refused in"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of windows, and forget it."""
    said = [record.getMessage() for record in caplog.records if record.name == "jwtmr"]
    caplog.clear()
    return [line for line in said if WORDS in line]


def come(validator: TokenValidator, token: str, times: int = SUM_UP_AT) -> None:
    """So many tokens."""
    for _ in range(times):
        validator.validate(token)


@pytest.mark.parametrize("observed", [True, False])
def test_once_a_day_in_the_last_week(
    issuer: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture, observed: bool
) -> None:
    """Not before, and not with each token."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=8), observers=[Deaf()] if observed else [])
    old = issuer.access_token(expires_in=30 * DAY)
    told = []
    for hours in (0, 23, 2, 1, 20, 3, 5 * 24, 22):
        clock.advance(hours * HOUR)
        come(validator, old)
        told.append(lines(caplog))
    start = f"{issuer.user_pool_id}: tokens of {issuer.original_issuer} {WORDS}"
    left = [8 * 24 - 25, 8 * 24 - 49, 8 * 24 - 49 - 5 * 24]
    first, second, third = ([f"{start} {hours} hours, when its window closes"] for hours in left)
    assert told == [[], [], first, [], [], second, third, []]


class Deaf:
    """An observer that takes no note."""

    def on_event(self, _: object, /) -> None:
        """Do nothing."""


def test_a_few_tokens_are_told_of_with_the_report(
    issuer: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is logged in the request, but for one in many that sums up."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=1))
    come(validator, issuer.access_token(), SUM_UP_AT - 1)
    assert lines(caplog) == []
    validator.drain_report()
    assert len(lines(caplog)) == 1
    validator.drain_report()
    assert lines(caplog) == []


def test_the_fields(
    issuer: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """They name the issuer and the seconds, and nothing of a token."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=1))
    come(validator, issuer.access_token())
    (record,) = [record for record in caplog.records if WORDS in record.getMessage()]
    said = {name: value for name, value in vars(record).items() if name.startswith("jwtmr_") and value is not None}
    assert record.levelno == logging.WARNING
    assert said == {
        "jwtmr_event": "legacy_window_ending", "jwtmr_authority": issuer.user_pool_id,
        "jwtmr_issuer": issuer.original_issuer, "jwtmr_seconds_left": DAY, "jwtmr_left_out": 0,
    }  # fmt: skip


@pytest.mark.parametrize("drain", [False, True])
def test_nothing_to_tell(
    issuer: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture, drain: bool
) -> None:
    """Where nothing is counted, and where only tokens of the current issuer come."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=1), drain=drain)
    if drain:
        issuer.switch_to_updated()
    come(validator, issuer.access_token(), 2 * SUM_UP_AT)
    assert lines(caplog) == []


def test_a_filter_that_raises(
    issuer: RegionalIssuer, make: Making, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's logging is no reason to refuse a token."""
    struck = []

    def fail(record: logging.LogRecord) -> bool:
        struck.append(record)
        raise RuntimeError("a filter that raises")

    monkeypatch.setattr(logging.getLogger("jwtmr"), "filters", [fail])
    validator = make(accept_legacy_until=clock.now() + timedelta(days=1))
    come(validator, issuer.access_token())
    assert len([record for record in struck if "still come" in record.msg]) == 1


class Racing(dict[str, float]):
    """Another thread comes while one is looking."""

    def __init__(self, given: dict[str, float], meanwhile: Callable[[], object]) -> None:
        super().__init__(given)
        self.meanwhile, self.said = meanwhile, list[object]()

    def get(self, key: str, default: float | None = None) -> float | None:
        """Look, and be overtaken before anything comes of it."""
        found = super().get(key, default)
        if not self.said:
            self.said.append(None)
            self.said[0] = self.meanwhile()
        return found


def watched(clock: SettableClock) -> tuple[WindowWatch, Issuer]:
    """A watch over a legacy issuer whose window closes now."""
    pool = CognitoUserPool(
        "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["app"], token_use="access",
        accept_legacy_until=clock.now(),
    )  # fmt: skip
    return WindowWatch([pool]), pool.issuers[1]


def test_a_signal_handler_that_raises(clock: SettableClock) -> None:
    """One day may pass without a word of it, and the next does not."""
    for at in range(20):
        watch, legacy = watched(clock)
        last = legacy.accept_until_unix
        with interrupted(WindowWatch.ending, at) as raised, suppress(Interrupted):
            watch.ending("pool", legacy, last - 2 * DAY)
        assert watch.ending("pool", legacy, last - DAY) is not None, f"call {at}"
        if not raised:
            break
    assert at > 1, "nothing was interrupted"


@pytest.mark.parametrize("done", [True, False])
def test_two_threads_at_once(clock: SettableClock, done: bool) -> None:
    """One of them tells it: the one that was there first, whether it is done with that or in the middle of it."""
    watch, legacy = watched(clock)
    last = legacy.accept_until_unix - 1

    def meanwhile() -> object:
        return watch.ending("pool", legacy, last) if done else racing.pop(legacy.url)

    racing = Racing({legacy.url: last}, meanwhile)
    watch._due = racing  # noqa: SLF001 - there is no other way to come in between
    assert watch.ending("pool", legacy, last) is None
    assert racing.said[0] == (LegacyWindowEnding("pool", legacy.url, 1.0) if done else last)
