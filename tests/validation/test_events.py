"""What observers are told of tokens: closed words, and nothing before the signature was good."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from spoilt_tokens import SIGNING, WANTED, WITHOUT_A_KEY, Spoil
from validation_kit import HTTP_GET, Recorder, ask, clock_of, code_of

from jwtmr import UNCHECKED, TokenValidator
from jwtmr.events import Event, LegacyWindowEnding, TokenAccepted, TokenRefused
from jwtmr.testing import MISSING, RegionalIssuer, validator_for

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    """Listens to the watched validator."""
    return Recorder()


@pytest.fixture(scope="module")
def watched(shared_issuer: RegionalIssuer, recorder: Recorder) -> Iterator[TokenValidator]:
    """A validator that is listened to, with a month for the legacy issuer."""
    until = clock_of(shared_issuer).now() + timedelta(days=30)
    with closing(
        validator_for(shared_issuer, accept_legacy_until=until, leeway=0, observers=[recorder], http_get=HTTP_GET)
    ) as made:
        made.warm_up()
        yield made


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("make", ["access_token", "id_token", "machine_token"])
def test_accepted(
    shared_issuer: RegionalIssuer, watched: TokenValidator, recorder: Recorder, make: str, how: str
) -> None:
    """One event per accepted token: whose, under which issuer, for what, until when."""
    use = "id" if make == "id_token" else "access"
    for iss, kind in ((shared_issuer.updated_issuer, "current"), (shared_issuer.original_issuer, "legacy")):
        token = getattr(shared_issuer, make)(issuer=iss)
        recorder.events.clear()
        exp = ask(watched, token, how).expires_at.timestamp()
        accepted = TokenAccepted(
            shared_issuer.user_pool_id, kind, "us-east-1", use, stale_key=False, expires_at=exp,
            client=shared_issuer.client_id, issued_at=clock_of(shared_issuer).wall(),
        )  # fmt: skip
        assert recorder.events == [accepted]


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in (WITHOUT_A_KEY | SIGNING).items()])
def test_refused_before_the_signature(
    shared_issuer: RegionalIssuer, watched: TokenValidator, recorder: Recorder, row: tuple[Spoil, str]
) -> None:
    """Nothing but the code, exactly once: anybody can send a claim, and nobody shall draw a wave of legacy tokens."""
    spoil, code = row
    for how in ("sync", "async"):
        token = spoil(shared_issuer, shared_issuer.original_issuer)
        recorder.events.clear()
        assert code_of(watched, token, how) == code
        assert recorder.of(TokenRefused) == [TokenRefused(code)]


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in WANTED.items()])
def test_refused_after_the_signature(
    shared_issuer: RegionalIssuer, watched: TokenValidator, recorder: Recorder, row: tuple[dict[str, Any], str]
) -> None:
    """What the call asked for and the token did not give: whose token it was is known, and it was not accepted."""
    wanted, code = row
    for iss, kind in ((shared_issuer.updated_issuer, "current"), (shared_issuer.original_issuer, "legacy")):
        recorder.events.clear()
        assert code_of(watched, shared_issuer.access_token(issuer=iss), **wanted) == code
        assert recorder.events == [TokenRefused(code, shared_issuer.user_pool_id, kind, "us-east-1")]


class Broken:
    """An observer that always fails."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def on_event(self, event: Event, /) -> None:  # noqa: ARG002 - it fails whatever it is told
        """Fail."""
        raise self.error("observer")


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, StopIteration, TimeoutError])
def test_failing_observers_change_nothing(issuer: RegionalIssuer, error: type[BaseException]) -> None:
    """What an observer raises is swallowed and counted; the outcome and the other observers stay what they were."""
    recorder = Recorder()
    with closing(validator_for(issuer, observers=[Broken(error), recorder], http_get=HTTP_GET)) as validator:
        validator.warm_up()
        before = validator.status().observer_failures
        assert before == len(recorder.events) > 0
        recorder.events.clear()
        for how in ("sync", "async"):
            assert code_of(validator, issuer.access_token(), how) is None
            assert code_of(validator, issuer.forged_token(), how) == "invalid_signature"
            assert code_of(validator, "bad", how) == "malformed_token"
            assert code_of(validator, issuer.access_token(), how, scopes=["x"]) == "insufficient_scope"
        seen = [event.code for event in recorder.events if isinstance(event, TokenRefused)]
        assert seen == ["invalid_signature", "malformed_token", "insufficient_scope"] * 2
        assert validator.status().observer_failures == before + len(recorder.events)


def endings(validator: TokenValidator, recorder: Recorder, token: str) -> list[LegacyWindowEnding]:
    """What an accepted token tells of the window's end."""
    recorder.events.clear()
    assert code_of(validator, token) is None
    return recorder.of(LegacyWindowEnding)


def test_the_last_week_is_announced_daily(issuer: RegionalIssuer) -> None:
    """Within a week of the end a legacy token tells of it, at most once a day; before that, and current ones, never."""
    recorder, clock = Recorder(), clock_of(issuer)
    start = clock.now()
    end = start + timedelta(days=10)
    told = []
    with closing(validator_for(issuer, accept_legacy_until=end, observers=[recorder], http_get=HTTP_GET)) as validator:
        for moment in (
            start, end - WEEK - HOUR, end - WEEK + HOUR, end - WEEK + 2 * HOUR, end - WEEK + DAY,
            end - WEEK + DAY + HOUR, end - WEEK + DAY + 2 * HOUR, end - HOUR,
        ):  # fmt: skip
            clock.set(moment)
            assert endings(validator, recorder, issuer.access_token()) == []
            legacy = issuer.access_token(issuer=issuer.original_issuer)
            for event in endings(validator, recorder, legacy):
                assert event == LegacyWindowEnding(
                    issuer.user_pool_id, issuer.original_issuer, (end - moment).total_seconds()
                )
                told.append(moment - end)
    assert told == [-WEEK + HOUR, -WEEK + DAY + HOUR, -HOUR]


def test_each_legacy_issuer_is_announced(issuer: RegionalIssuer) -> None:
    """Once a day for each issuer, and refused tokens announce nothing."""
    recorder = Recorder()
    until = clock_of(issuer).now() + HOUR
    east, west = issuer.original_issuer, issuer.replica_issuer("us-west-2")
    with closing(
        validator_for(
            issuer, accept_legacy_until=until, accept_replica_issuers=True, observers=[recorder], http_get=HTTP_GET
        )
    ) as validator:
        assert code_of(validator, issuer.access_token(issuer=east), scopes=["x"]) == "insufficient_scope"
        assert recorder.of(LegacyWindowEnding) == []
        told = [endings(validator, recorder, issuer.access_token(issuer=iss)) for iss in (east, west, east, west)]
    assert [[event.issuer for event in events] for events in told] == [[east], [west], [], []]


def test_events_are_values(shared_issuer: RegionalIssuer) -> None:
    """Events cannot be changed by one observer under the eyes of the next."""
    event = TokenRefused("expired")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.code = "other"
    assert event == TokenRefused("expired", None, None, None)


def test_a_client_that_nobody_configured_is_not_told(issuer: RegionalIssuer) -> None:
    """Where clients are unchecked, whoever mints tokens could invent them; and of no ``iat`` nothing is told."""
    recorder = Recorder()
    with closing(validator_for(issuer, client_ids=UNCHECKED, observers=[recorder], http_get=HTTP_GET)) as validator:
        validator.validate(issuer.access_token(client_id="anybody", claims={"iat": MISSING}))
    (accepted,) = recorder.of(TokenAccepted)
    assert (accepted.client, accepted.issued_at) == (None, None)
