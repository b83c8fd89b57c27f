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
from jwtmr._log import log
from jwtmr.events import (
    Announcer,
    EndpointChanged,
    EndpointState,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.testing import RegionalIssuer, validator_for

URL = "https://keys.example/jwks.json"


def changed(after: EndpointState) -> EndpointChanged:
    """An endpoint that is now in that state."""
    return EndpointChanged("pool", URL, None, "cold", after)


LINES: list[tuple[Event, list[tuple[str, str]]]] = [
    (changed("down"), [("WARNING", f"pool: endpoint {URL} is down")]),
    (changed("degraded"), [("WARNING", f"pool: endpoint {URL} is degraded")]),
    (changed("ok"), [("INFO", f"pool: endpoint {URL} is ok")]),
    (changed("not_enabled"), [("INFO", f"pool: endpoint {URL} is not_enabled")]),
    (KeysServedStale("pool", 60.0), [("WARNING", "pool: serving keys past their lifetime")]),
    (
        KeysDiverged("pool", "dropped", ("a\nb",)),
        [("WARNING", "pool: endpoints contradict each other (dropped): ('a\\nb',)")],
    ),
    (KeysChanged("pool", URL, None, 1, 0, ()), [("INFO", f"pool: {URL} lists other keys")]),
    (
        KeysChanged("pool", URL, None, 1, 0, ("b", "a", "b")),
        [("INFO", f"pool: {URL} lists other keys"), ("WARNING", f"pool: unusable keys at {URL}: a, b")],
    ),
    (TokenAccepted("pool", "current", None, "id", False, 1.0), []),
    (TokenRefused("expired"), []),
    (FetchFinished("pool", URL, None, "timeout", 2.5, "start"), []),
    (RefreshSuppressed("pool", "bucket"), []),
    (LegacyWindowEnding("pool", "https://issuer.example", 60.0), []),
]


@pytest.mark.parametrize(("event", "lines"), LINES)
def test_the_line_of_an_event(event: Event, lines: list[tuple[str, str]], caplog: pytest.LogCaptureFixture) -> None:
    """Each change of state is one line at its level, and nothing that requests cause is one."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    log(event)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == lines
    assert {record.name for record in caplog.records} <= {"jwtmr"}


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
