"""What observers cost and when they are called: nothing where there are none, and never with a lock held."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from time import perf_counter

import pytest
from validation_kit import HTTP_GET, Recorder, ask, clock_of, code_of

from jwtmr import Event, HttpAnswer, KeyPolicy, TokenCache, TokenValidator
from jwtmr import _outcomes as outcomes
from jwtmr import validator as module_of_validator
from jwtmr._tally import SUM_UP_AT
from jwtmr.events import KeysChanged, LegacyWindowEnding, TokenAccepted, TokenRefused
from jwtmr.testing import RegionalIssuer, validator_for

HELD = 0.05
"""Seconds at least for which a key host keeps its answer to itself."""
PATIENT = KeyPolicy(wait=30)


class HeldHost:
    """A client that comes back with the answer, or with none, after a while; and how long that was, at least."""

    def __init__(self, *, answers: bool) -> None:
        self.answers, self.waited = answers, 0.0

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Ask, and keep the answer back."""
        began = perf_counter()
        answer = HTTP_GET(url, headers=headers, timeout=timeout, max_bytes=max_bytes)
        threading.Event().wait(HELD)
        self.waited = self.waited or perf_counter() - began
        if not self.answers:
            raise ConnectionError
        return answer


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(("answers", "outcome"), [(True, None), (False, "keys_unavailable")])
def test_seconds_include_the_wait_for_keys(
    issuer: RegionalIssuer, how: str, answers: bool, outcome: str | None
) -> None:
    """As the caller has it: not less than the key host took, and not more than the whole call."""
    recorder, host = Recorder(), HeldHost(answers=answers)
    with closing(validator_for(issuer, observers=[recorder], http_get=host, key_policy=PATIENT)) as validator:
        began = perf_counter()
        assert code_of(validator, issuer.access_token(), how) == outcome
        whole = perf_counter() - began
        (event,) = recorder.of(TokenAccepted if answers else TokenRefused)
    assert HELD <= host.waited <= event.seconds <= whole


@pytest.mark.parametrize("how", ["sync", "async"])
def test_seconds_of_known_keys(issuer: RegionalIssuer, how: str) -> None:
    """Each outcome has its own, within the time of its call; what a good token lacks has none."""
    recorder = Recorder()
    cache = TokenCache()
    with closing(validator_for(issuer, observers=[recorder], token_cache=cache, http_get=HTTP_GET)) as validator:
        validator.warm_up()
        token = issuer.access_token()
        for one in (token, token, issuer.forged_token(), "x"):
            recorder.events.clear()
            began = perf_counter()
            code_of(validator, one, how)
            whole = perf_counter() - began
            (event,) = (event for event in recorder.events if isinstance(event, (TokenAccepted, TokenRefused)))
            assert event.seconds is not None
            assert 0 < event.seconds <= whole
        recorder.events.clear()
        assert code_of(validator, token, how, scopes=["x"]) == "insufficient_scope"
        (refused,) = recorder.of(TokenRefused)
        assert refused.seconds is None


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an observed validation does for its observers alone, noted when it is done."""
    seen: list[str] = []

    def noted(module: object, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, **more: (seen.append(name), real(*args, **more))[1])

    for module in (module_of_validator, outcomes):
        noted(module, "perf_counter")
    for name in ("TokenAccepted", "TokenRefused"):
        noted(outcomes, name)
    return seen


def tokens(validator: TokenValidator, issuer: RegionalIssuer, how: str) -> None:
    """One of each outcome, a legacy one in its last week among them."""
    assert code_of(validator, issuer.access_token(), how) is None
    assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer), how) is None
    assert code_of(validator, issuer.forged_token(), how) == "invalid_signature"
    assert code_of(validator, issuer.access_token(), how, scopes=["x"]) == "insufficient_scope"


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("dry", [True, False])
def test_without_observers_nothing_is_measured_or_made(
    issuer: RegionalIssuer, costs: list[str], how: str, dry: bool
) -> None:
    """No look at a clock, and no event; with an observer there are both, so they would have been seen."""
    until = clock_of(issuer).now() + timedelta(days=1)
    for observers in ([], [Recorder()]):
        with closing(
            validator_for(
                issuer, accept_legacy_until=until, observers=observers, removal_dry_run=dry, http_get=HTTP_GET
            )
        ) as validator:
            tokens(validator, issuer, how)
        if not observers:
            assert costs == []
    assert {*costs} == {"perf_counter", "TokenAccepted", "TokenRefused"}
    assert costs.count("perf_counter") == 4 + 3


class Curious:
    """An observer that asks the validator for all that it knows, and has another token validated."""

    def __init__(self) -> None:
        self.validator: TokenValidator | None = None
        self.token = ""
        self.kinds: set[type[Event]] = set()
        self.inside = False
        self.changed = threading.Event()

    def on_event(self, event: Event, /) -> None:
        """Ask, in a thread that would wait for ever for a lock that is held here, and here."""
        if self.validator is None:
            return
        self.kinds.add(type(event))  # also of what other threads tell meanwhile
        if isinstance(event, KeysChanged):
            self.changed.set()
        if self.inside:
            return
        self.inside = True
        asking = threading.Thread(target=self.ask, daemon=True)
        asking.start()
        asking.join(30)
        assert not asking.is_alive()
        self.ask()
        self.inside = False

    def ask(self) -> None:
        """Everything."""
        assert self.validator is not None
        self.validator.status()
        self.validator.drain_report()
        self.validator.validate(self.token)


def test_events_are_told_with_no_lock_held(issuer: RegionalIssuer) -> None:
    """An observer may ask for status and report and validate, in its own thread and in others; nothing stands still."""
    curious, until = Curious(), clock_of(issuer).now() + timedelta(days=1)
    with closing(
        validator_for(
            issuer, accept_legacy_until=until, observers=[curious], token_cache=TokenCache(), http_get=HTTP_GET
        )
    ) as validator:
        validator.warm_up()
        curious.token, curious.validator = issuer.access_token(), validator
        for _ in range(SUM_UP_AT):
            ask(validator, issuer.access_token(issuer=issuer.original_issuer), "sync")
        code_of(validator, "x")
        clock_of(issuer).advance(1000)
        issuer.rotate()
        code_of(validator, issuer.access_token())
        assert curious.changed.wait(30)
        for thread in threading.enumerate():
            if thread.name.startswith("jwtmr-") and not thread.name.startswith("jwtmr-testing"):
                thread.join(30)
        assert validator.status().observer_failures == 0
    assert {TokenAccepted, TokenRefused, LegacyWindowEnding, KeysChanged} <= curious.kinds


def test_an_observer_that_is_told_of_what_it_causes(issuer: RegionalIssuer) -> None:
    """One that validates whatever it is told goes round and round, and is stopped: that is no fault of the token."""

    class Circling:
        def on_event(self, _: Event, /) -> None:
            validator.validate(token)

    with closing(validator_for(issuer, observers=[Circling()], http_get=HTTP_GET)) as validator:
        token = issuer.access_token()
        assert validator.validate(token).subject
        assert validator.status().observer_failures > 0
