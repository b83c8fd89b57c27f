"""Signal handlers that call the validator while their thread is inside it, and logging filters that raise."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from source_kit import HeldEndpoint, eventually, run_script

from jwtmr.testing import SUBJECT, RegionalIssuer, SettableClock, validator_for

pytestmark = pytest.mark.slow  # seconds of real silence


class Raising(logging.Filter):
    """Somebody's filter with a bug."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[str] = []

    def filter(self, _: logging.LogRecord) -> bool:
        """Fail, and remember in which thread."""
        self.threads.append(threading.current_thread().name)
        raise RuntimeError("a filter that raises")


@pytest.fixture
def raising() -> Iterator[Raising]:
    """Every line of the logger ``jwtmr`` meets a filter that raises."""
    logger, bad = logging.getLogger("jwtmr"), Raising()
    before = logger.level
    logger.addFilter(bad)
    logger.setLevel(logging.DEBUG)
    yield bad
    logger.setLevel(before)
    logger.removeFilter(bad)


def interrupted(issuer: RegionalIssuer, outer: str, inner: str) -> list[str]:
    """What ``reentry.py`` says."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        known = (endpoint.url, issuer.user_pool_id, issuer.client_id, issuer.access_token())
        return run_script("reentry.py", outer, inner, *known).stdout.splitlines()


@pytest.mark.parametrize(("inner", "told"), [("validate", "keys_unavailable"), ("status", "report-1")])
@pytest.mark.parametrize(("outer", "result"), [("validate", SUBJECT), ("status", "report-1"), ("warm_up", "report-1")])
def test_a_handler_that_comes_in_between_gets_an_answer(
    issuer: RegionalIssuer, outer: str, result: str, inner: str, told: str
) -> None:
    """It does not hang: no keys for now, or the last report; who was interrupted goes on, and all is well."""
    said = interrupted(issuer, outer, inner)
    assert said == [f"handler {told}", f"interrupted {result}", f"afterwards {SUBJECT}", "quick True"]


@pytest.mark.parametrize("outer", ["validate", "warm_up"])
def test_a_handler_may_close_while_its_thread_waits_for_keys(issuer: RegionalIssuer, outer: str) -> None:
    """Who was interrupted finds it closed, at once and not when its wait ends; so does everybody later."""
    said = interrupted(issuer, outer, "close")
    assert said == ["handler done", "interrupted closed", "afterwards closed", "quick True"]


def test_a_handler_may_close_while_its_thread_reports(issuer: RegionalIssuer) -> None:
    """The report that was being made is made; then it is closed."""
    said = interrupted(issuer, "status", "close")
    assert said == ["handler done", "interrupted report-1", "afterwards closed", "quick True"]


@pytest.mark.parametrize("outer", ["validate", "status", "warm_up"])
def test_a_handler_that_warms_up_gets_an_answer(issuer: RegionalIssuer, outer: str) -> None:
    """Without ``require`` it raises nothing: a report of what is known."""
    said = interrupted(issuer, outer, "warm_up")
    assert (said[0], said[2:]) == ("handler report-1", [f"afterwards {SUBJECT}", "quick True"])


def test_a_filter_that_raises_never_comes_out_of_validate(raising: Raising) -> None:
    """Neither in the flight's threads nor in the request's own, which finds keys past their lifetime and logs that."""
    clock = SettableClock()
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        validator = validator_for(issuer, issuer_type="original", accept_legacy_until=None)
        assert validator.validate(issuer.access_token()).subject == SUBJECT
        eventually(lambda: "jwtmr-attempt" in raising.threads, "log line")  # it wakes who waits before it logs
        issuer.take_down("us-east-1", "refuse")
        clock.advance(1000)
        assert validator.validate(issuer.access_token()).subject == SUBJECT
        assert threading.current_thread().name in raising.threads
        validator.close()


def test_a_filter_that_raises_never_comes_out_of_warm_up(raising: Raising) -> None:
    """Nor what it has to say of an issuer that every token would be refused for."""
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(issuer, issuer_type="updated", accept_legacy_until=None)
        status = validator.warm_up()
        assert any(authority.problems for authority in status.authorities)
        assert raising.threads
        validator.close()
