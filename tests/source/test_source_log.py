"""The ``jwtmr`` logger and the observers: what is said, and that saying it disturbs nobody."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from source_kit import HeldEndpoint, Making, Recorder, no_threads_left

from jwtmr import AuthError, Event, TokenValidator
from jwtmr._lines import FIELDS
from jwtmr._log import Log
from jwtmr.events import (
    Announcer,
    EndpointChanged,
    EndpointState,
    FetchFinished,
    FetchOutcome,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

URL = "https://keys.example/jwks.json"


def changed(after: EndpointState) -> EndpointChanged:
    """An endpoint that is now in that state."""
    return EndpointChanged("pool", URL, "us-east-1", "cold", after)


PLACE: dict[str, object] = {"authority": "pool", "endpoint": URL, "region": "us-east-1"}
ISSUER = "https://issuer.example"
LINES: list[tuple[Event, list[tuple[str, str]], dict[str, object]]] = [
    (
        changed("down"),
        [("WARNING", f"pool: endpoint {URL} is down")],
        {**PLACE, "event": "endpoint_changed", "state": "down"},
    ),
    (
        changed("degraded"),
        [("WARNING", f"pool: endpoint {URL} is degraded")],
        {**PLACE, "event": "endpoint_changed", "state": "degraded"},
    ),
    (changed("ok"), [("INFO", f"pool: endpoint {URL} is ok")], {**PLACE, "event": "endpoint_changed", "state": "ok"}),
    (
        changed("not_enabled"),
        [("INFO", f"pool: endpoint {URL} is not_enabled")],
        {**PLACE, "event": "endpoint_changed", "state": "not_enabled"},
    ),
    (
        KeysServedStale("pool", 60.0),
        [("WARNING", "pool: serving keys past their lifetime")],
        {"authority": "pool", "event": "keys_served_stale", "seconds_left": 60.0},
    ),
    (
        KeysDiverged("pool", "dropped", ("a\nb",)),
        [("WARNING", "pool: endpoints contradict each other (dropped): ('a\\nb',)")],
        {"authority": "pool", "event": "keys_diverged", "reason": "dropped"},
    ),
    (
        KeysChanged("pool", URL, "us-east-1", 1, 0, ()),
        [("INFO", f"pool: {URL} lists other keys")],
        {**PLACE, "event": "keys_changed"},
    ),
    (
        KeysChanged("pool", URL, "us-east-1", 1, 0, ("b", "a", "b")),
        [("INFO", f"pool: {URL} lists other keys"), ("WARNING", f"pool: unusable keys at {URL}: a, b")],
        {**PLACE, "event": "keys_refused", "reason": "a, b"},
    ),
    (
        LegacyWindowEnding("pool", ISSUER, 7200.0),
        [
            (
                "WARNING",
                f"pool: tokens of {ISSUER} still come, and will be refused in 2 hours, when its window closes",
            )
        ],
        {"authority": "pool", "event": "legacy_window_ending", "issuer": ISSUER, "seconds_left": 7200.0},
    ),
    (TokenAccepted("pool", "current", None, "id", False, 1.0), [], {}),
    (TokenRefused("expired"), [], {}),
    (FetchFinished("pool", URL, None, "timeout", 2.5, "start"), [], {}),
    (RefreshSuppressed("pool", "bucket"), [], {}),
]


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What stands beside the text of a line."""
    return {name.removeprefix("jwtmr_"): value for name, value in vars(record).items() if name.startswith("jwtmr_")}


@pytest.mark.parametrize(("event", "lines", "fields"), LINES)
def test_the_line_of_an_event(
    event: Event, lines: list[tuple[str, str]], fields: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """Each change of state is one line at its level, with fields, and nothing that requests cause is one."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    Log(SettableClock()).event(event)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == lines
    assert {record.name for record in caplog.records} <= {"jwtmr"}
    for record in caplog.records[-1:]:
        assert fields_of(record) == {**dict.fromkeys(FIELDS), "left_out": 0, **fields}


@pytest.mark.parametrize(
    ("outcome", "after", "says"),
    [
        ("timeout", "down", " (timeout)"), ("server_error", "degraded", " (server_error)"), ("ok", "ok", ""),
        ("not_modified", "ok", ""), ("client_error", "not_enabled", " (client_error)"),
    ],
)  # fmt: skip
def test_a_line_says_why(
    outcome: FetchOutcome, after: EndpointState, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """How the last fetch from an endpoint ended stands in the line about it, and not how one from another did."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    log = Log(SettableClock())
    log.event(FetchFinished("pool", URL, None, outcome, 2.5, "refresh"))
    log.event(FetchFinished("pool", URL + "2", None, "redirect", 2.5, "refresh"))
    log.event(FetchFinished("pool2", URL, None, "redirect", 2.5, "refresh"))
    log.event(changed(after))
    (record,) = caplog.records
    assert record.getMessage() == f"pool: endpoint {URL} is {after}{says}"
    assert fields_of(record)["outcome"] == outcome


@pytest.mark.parametrize(
    ("stranded", "level", "state", "says"),
    [(True, "WARNING", "lost", "a fetch of keys was lost"), (False, "INFO", "ok", "keys are fetched again")],
)
def test_lines_about_lost_fetches(
    stranded: bool, level: str, state: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """That they began, and that they are over."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    Log(SettableClock()).fetching("pool", stranded=stranded)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage().startswith(f"pool: {says}")) == (level, True)
    fields = {"event": "fetching_changed", "authority": "pool", "state": state, "left_out": 0}
    assert fields_of(record) == {**dict.fromkeys(FIELDS), **fields}


def test_a_line_about_a_problem(caplog: pytest.LogCaptureFixture) -> None:
    """What a report names."""
    Log(SettableClock()).problem("pool", "it rains 100 %s")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "pool: it rains 100 %s")
    fields = {"event": "problem", "authority": "pool", "reason": "it rains 100 %s", "left_out": 0}
    assert fields_of(record) == {**dict.fromkeys(FIELDS), **fields}


def test_a_format_may_name_every_field(caplog: pytest.LogCaptureFixture) -> None:
    """Each record has all of the fields, so a format with ``%(jwtmr_region)s`` fails for none of them."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    log = Log(SettableClock())
    for event, _, _ in LINES:
        log.event(event)
    log.problem("pool", "p")
    log.fetching("pool", stranded=True)
    form = logging.Formatter(" ".join(f"%(jwtmr_{name})s" for name in FIELDS))
    assert len([form.format(record) for record in caplog.records]) >= 10
    assert "us-east-1" in form.format(caplog.records[0])


def test_a_program_without_logging_sees_nothing() -> None:
    """A warning of this library does not appear on the terminal of a program that has not set up logging."""
    program = "import jwtmr, logging; logging.getLogger('jwtmr').warning('heard')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert (done.stdout, done.stderr) == ("", "")


def test_nothing_of_a_token_is_logged(issuer: RegionalIssuer, make: Making, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever happens to tokens, no line holds a part of one, and requests log nothing at all."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url)
        validator.validate(issuer.access_token(claims={"sub": "CANARY"}))
        no_threads_left()
        before = [record.getMessage() for record in caplog.records if record.name == "jwtmr"]
        bad = [
            issuer.access_token(header={"kid": "CANARY"}), issuer.access_token(issuer="https://CANARY.example"),
            issuer.access_token(client_id="CANARY"), issuer.forged_token(), "CANARY",
        ]  # fmt: skip
        for token in bad:
            with pytest.raises(AuthError):
                validator.validate(token)
        no_threads_left()
    after = [record.getMessage() for record in caplog.records if record.name == "jwtmr"]
    assert before == after
    assert before
    assert "CANARY" not in "".join(before)


class Failing:
    """An observer that always raises."""

    def on_event(self, _: Event, /) -> None:
        """Raise."""
        raise ValueError("observer bug")


def test_an_observer_that_raises(issuer: RegionalIssuer, make: Making) -> None:
    """What an observer raises is swallowed and counted, changes no outcome, and keeps nothing from the next one."""
    recorder = Recorder()
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url, observers=[Failing(), recorder])
        validator.validate(issuer.access_token())
        with pytest.raises(AuthError):
            validator.validate("")
        no_threads_left()
        assert validator.status().observer_failures == len(recorder.of(object)) > 2


def test_an_announcer() -> None:
    """It is falsy without observers, and hands each event to all of them in order."""
    assert not Announcer([])
    first, second = Recorder(), Recorder()
    announce = Announcer(iter([first, second]))
    assert announce
    announce(TokenRefused("expired"))
    assert first.of(TokenRefused) == second.of(TokenRefused) == [TokenRefused("expired")]
    assert announce.failures == 0


class Curious:
    """An observer that uses the validator for each event, as one that exports its status does."""

    def __init__(self) -> None:
        self.validator: TokenValidator | None = None
        self.states: list[str] = []

    def on_event(self, _: Event, /) -> None:
        """Ask for the status."""
        if self.validator is not None:
            self.states += [authority.state for authority in self.validator.status().authorities]


def test_an_observer_may_use_the_validator(issuer: RegionalIssuer) -> None:
    """Observers are called with no lock held, so that one which asks for the status does not stop everything."""
    curious = Curious()
    validator = validator_for(issuer, issuer_type="original", observers=[curious])
    curious.validator = validator
    with closing(validator):
        worker = threading.Thread(target=lambda: validator.validate(issuer.access_token()), daemon=True)
        worker.start()
        worker.join(10)
        assert not worker.is_alive()
        no_threads_left()
    assert curious.states[-1] == "ok"
