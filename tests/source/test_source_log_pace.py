"""The log does not storm: news at once, a few lines a minute, and in the end what is true."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import closing

import pytest
from source_kit import HeldEndpoint, Making, no_threads_left

from jwtmr._calm import MAX_NEWS, MAX_SUBJECTS, MINUTE, Calm
from jwtmr._lines import line_of_fetching, line_of_problem, lines_of
from jwtmr._log import Log
from jwtmr.events import EndpointChanged, EndpointState, FetchFinished, KeysChanged, RefreshSuppressed
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

URL = "https://keys.example/jwks.json"
NOTHING = RefreshSuppressed("pool", "bucket")
"""An event that is no line."""


@pytest.fixture(autouse=True)
def _at_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Everything is heard."""
    caplog.set_level(logging.DEBUG, "jwtmr")


@pytest.fixture
def log(clock: SettableClock) -> Log:
    """The log of one part of a validator."""
    return Log(clock)


def changed(after: EndpointState, url: str = URL, authority: str = "pool") -> EndpointChanged:
    """An endpoint that is now in that state."""
    return EndpointChanged(authority, url, None, "cold", after)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """What was said about the pool, with how much was left out before; and forget it."""
    said = [(record.getMessage().partition(": ")[2], record.jwtmr_left_out) for record in caplog.records]
    caplog.clear()
    return [(text.replace(f"endpoint {URL} is ", ""), left_out) for text, left_out in said]


def test_what_is_no_news_is_said_once_a_minute(
    log: Log, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A report that is asked for every second repeats its problems every minute, with how often it was silent."""
    for _ in range(60):
        log.problem("pool", "it rains")
        clock.advance(1)
    assert lines(caplog) == [("it rains", 0)]
    log.problem("pool", "it rains")
    assert lines(caplog) == [("it rains; 59 more left out", 59)]
    log.problem("pool", "it rains")
    log.problem("pool", "it snows")
    log.problem("other", "it rains")
    assert [text for text, _ in lines(caplog)] == ["it snows", "it rains"]


def test_a_change_is_said_at_once(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """Each change of a state is news; the same state again is none."""
    for state in ("ok", "ok", "down", "down", "ok"):
        log.event(changed(state))
    assert lines(caplog) == [("ok", 0), ("down; 1 more left out", 1), ("ok; 1 more left out", 1)]


def test_a_storm(log: Log, clock: SettableClock, caplog: pytest.LogCaptureFixture) -> None:
    """Ten minutes of a change each second are five lines a minute, and all that were left out are counted."""
    seconds = 600
    for number in range(seconds):
        log.event(changed("ok" if number % 2 else "down"))
        clock.advance(1)
    clock.advance(MINUTE)
    log.event(changed("degraded"))
    said = lines(caplog)
    assert len(said) <= MAX_NEWS * seconds / 60 + 2
    assert len(said) + sum(left_out for _, left_out in said) == seconds + 1


@pytest.mark.parametrize("end", ["ok", "down"])
@pytest.mark.parametrize("last", [MAX_NEWS, MAX_NEWS + 1, MAX_NEWS + 2])
def test_the_last_state_is_said(
    log: Log, clock: SettableClock, caplog: pytest.LogCaptureFixture, last: int, end: EndpointState
) -> None:
    """Whoever reads the log after a storm knows how it is, as soon as anything happens when its minute is over."""
    for number in range(last):
        log.event(changed("ok" if (last - number) % 2 == (end == "ok") else "down"))
    said = lines(caplog)
    assert len(said) == MAX_NEWS
    clock.advance(MINUTE - 1)
    log.event(NOTHING)
    assert lines(caplog) == []
    clock.advance(1)
    log.event(NOTHING)
    said += lines(caplog)
    assert said[-1][0].startswith(end)
    log.event(NOTHING)
    assert lines(caplog) == []


def test_what_is_left_out_keeps_its_fields(log: Log, clock: SettableClock, caplog: pytest.LogCaptureFixture) -> None:
    """A line that is late says how it was when it was left out, at its own level."""
    for number in range(MAX_NEWS + 3):
        log.event(FetchFinished("pool", URL, None, "timeout" if number % 2 else "ok", 1.0, "probe"))
        log.event(changed("down" if number % 2 else "ok"))
    lines(caplog)
    clock.advance(MINUTE)
    log.event(FetchFinished("pool", URL, None, "redirect", 1.0, "probe"))
    (record,) = caplog.records
    assert (record.levelname, record.jwtmr_state, record.jwtmr_outcome) == ("WARNING", "down", "timeout")
    assert record.jwtmr_left_out == 2


def test_subjects_do_not_disturb_each_other(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """A storm about one endpoint, or of one kind, keeps nothing else back."""
    for number in range(2 * MAX_NEWS):
        log.event(changed("ok" if number % 2 else "down"))
    lines(caplog)
    log.event(changed("down", URL + "2"))
    log.event(changed("down", authority="other"))
    log.event(KeysChanged("pool", URL, None, 1, 0, ("a",)))
    log.fetching("pool", stranded=True)
    assert len(lines(caplog)) == 5


def test_lost_fetches_come_and_go(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """They are one subject: that they are over is news after that they began."""
    for stranded in (True, True, False, False):
        log.fetching("pool", stranded=stranded)
    assert [text[:9] for text, _ in lines(caplog)] == ["a fetch o", "keys are "]


def test_each_published_key_is_news(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """Another alarm in the same words is another alarm."""
    for _ in range(3):
        log.event(KeysChanged("pool", URL, None, 0, 1, ("private",)))
    assert sum("unusable keys" in text for text, _ in lines(caplog)) == 3


@pytest.mark.parametrize(("after", "written"), [(MINUTE - 0.5, 0), (MINUTE, 1)])
def test_a_minute_is_a_minute(after: float, written: int) -> None:
    """To the second: for what is no news, and for what was left out; and it begins with the line that was written."""
    calm, rain = Calm(), line_of_problem("pool", "it rains")
    assert [len(calm.take([rain], at)) for at in (0.0, after, after)] == [1, written, 0]
    calm, states = Calm(), [line for state in ("ok", "down") for line in lines_of(changed(state), None)]
    assert len(calm.take(states * MAX_NEWS, 0.0)) == MAX_NEWS
    assert len(calm.take([], after)) == written
    assert len(calm.take(states * MAX_NEWS, after)) == (MAX_NEWS - 1 if written else 0)


def test_a_new_subject_changes_nothing_for_the_others() -> None:
    """A storm stays silent while others speak for the first time."""
    calm, rain, snow = Calm(), line_of_problem("pool", "it rains"), line_of_problem("pool", "it snows")
    assert [len(calm.take([line], 0.0)) for line in (rain, snow, rain, snow)] == [1, 1, 0, 0]


def test_memory_is_bounded() -> None:
    """However many subjects there are, they are forgotten in time."""
    calm = Calm()
    for number in range(3 * MAX_SUBJECTS):
        assert len(calm.take([line_of_problem("pool", f"problem {number}")], 0.0)) == 1
        if number < MAX_SUBJECTS:
            assert calm.take([line_of_problem("pool", "problem 0")], 0.0) == []
    assert len(calm._said) <= MAX_SUBJECTS  # noqa: SLF001 - what nobody can see from outside


def test_a_signal_handler_may_come_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not kept waiting by the thread that it has interrupted, and both have their lines."""
    calm, written, overdue = Calm(), list[int](), Calm._overdue  # noqa: SLF001 - what runs with the lock held
    before = signal.signal(
        signal.SIGUSR1, lambda *_: written.append(len(calm.take([line_of_fetching("pool", stranded=True)], 0.0)))
    )

    def interrupted(self: Calm, now: float) -> object:
        monkeypatch.setattr(Calm, "_overdue", overdue)
        signal.raise_signal(signal.SIGUSR1)
        return overdue(self, now)

    monkeypatch.setattr(Calm, "_overdue", interrupted)
    try:
        written += [len(calm.take(list(lines_of(changed("ok"), None)), 0.0)) for _ in range(2)]
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert written == [1, 1, 0]


def test_threads(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """Many threads with the same news are one line."""
    together = threading.Barrier(8)

    def come() -> None:
        together.wait(30)
        log.event(changed("down"))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines(caplog) == [("down", 0)]


def test_a_warm_up_that_is_asked_for_all_the_time(issuer: RegionalIssuer, caplog: pytest.LogCaptureFixture) -> None:
    """As a health check does it that somebody wrote with ``warm_up`` where ``status`` would do."""
    with closing(validator_for(issuer)) as validator:
        for _ in range(20):
            validator.warm_up()
    problems = [record for record in caplog.records if getattr(record, "jwtmr_event", "") == "problem"]
    assert len(problems) == len({record.getMessage() for record in problems}) > 0


def test_the_fields_of_a_real_outage(issuer: RegionalIssuer, make: Making, caplog: pytest.LogCaptureFixture) -> None:
    """From a real fetch: where, how it ended, and what has become of the endpoint."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        url = endpoint.url
        make(url).warm_up()
        no_threads_left()
    make(url).warm_up()
    no_threads_left()
    told = [
        (record.jwtmr_endpoint, record.jwtmr_state, record.jwtmr_outcome)
        for record in caplog.records
        if getattr(record, "jwtmr_event", "") == "endpoint_changed"
    ]
    assert told == [(url, "ok", "ok"), (url, "down", "network")]
