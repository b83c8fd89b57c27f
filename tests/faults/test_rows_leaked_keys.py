"""Sets that hold private halves: what was published is burnt for ever, there is an alarm, and no secret in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest
from fire_kit import Recorder
from jwt.algorithms import RSAAlgorithm
from key_rows_kit import AFTER_REFRESH, Making, b64url, later, pass_time, warned

from jwtmr import AuthError, TokenValidator
from jwtmr.events import KeysChanged
from jwtmr.testing import RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import at, body, diverge

PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


def leaking(key: SigningKey) -> dict[str, object]:
    """The JWK of somebody who publishes the wrong half."""
    private: Mapping[str, object] = RSAAlgorithm.to_jwk(key.private_key, as_dict=True)
    return {**key.jwk, **{name: private[name] for name in PRIVATE}}


class Ears:
    """Hears everything that is ever said: log lines of all levels, events, reports, refusals."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._caplog = caplog
        self.recorder = Recorder()
        self._heard: list[str] = []

    def ask(self, validator: TokenValidator, token: str) -> str:
        """What becomes of ``token``; what the refusal says is heard."""
        try:
            validator.validate(token)
        except AuthError as error:
            self._heard += [str(error), error.detail, repr(error)]
            return error.code
        return "ok"

    def warnings(self, words: str) -> list[str]:
        """The warnings with these words."""
        return warned(self._caplog, words)

    def holds(self, validator: TokenValidator, secret: str) -> bool:
        """Whether ``secret`` was said anywhere."""
        status = validator.status()
        lines = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in self._caplog.records]
        everything = [*self._heard, *lines, *map(repr, self.recorder.events), repr(status), str(status)]
        return any(secret in text for text in everything)


@pytest.fixture
def ears(caplog: pytest.LogCaptureFixture) -> Ears:
    """Are open during the whole test."""
    return Ears(caplog)


@pytest.mark.row("private-material")
def test_a_key_whose_private_half_was_published_is_burnt(
    pool: RegionalIssuer, make: Making, clock: SettableClock, ears: Ears
) -> None:
    """From the next refresh on, and for good: not even taking it back helps. There is an alarm, and no secret in it."""
    validator = make(jwks_uris=pool.jwks_uris[:1], observers=[ears.recorder])
    assert ears.ask(validator, pool.access_token()) == "ok"
    leak = leaking(pool.access_key)
    with at(pool).let(diverge(drop=[pool.access_kid], add=[leak])):
        pass_time(clock, validator, AFTER_REFRESH)
        assert ears.ask(validator, pool.access_token()) == "unknown_key"
        assert ears.ask(validator, pool.id_token()) == "ok"
    (alarm,) = ears.warnings("never used again")
    assert pool.jwks_uris[0] in alarm
    assert not any(ears.holds(validator, str(leak[name])) for name in PRIVATE)
    pass_time(clock, validator, AFTER_REFRESH)
    assert ears.ask(validator, pool.access_token()) == "unknown_key"
    pool.rotate()
    assert ears.ask(validator, pool.access_token()) == "ok"


@pytest.mark.row("private-material")
def test_a_set_that_leaks_every_key_keeps_none_of_them_in_force(
    pool: RegionalIssuer, make: Making, clock: SettableClock, ears: Ears
) -> None:
    """The answer is of no use, and what it gives away ends at once all the same; other keys help at once, too."""
    validator = make(jwks_uris=pool.jwks_uris[:1], observers=[ears.recorder])
    assert {ears.ask(validator, token) for token in (pool.access_token(), pool.id_token())} == {"ok"}
    leaks = [leaking(key) for key in (pool.access_key, pool.id_key)]
    with at(pool).let(body({"keys": leaks})):
        pass_time(clock, validator, AFTER_REFRESH)
        assert {ears.ask(validator, token) for token in (pool.access_token(), pool.id_token())} == {"keys_unavailable"}
    assert len(ears.warnings("never used again")) == 1
    assert not any(ears.holds(validator, str(leak[name])) for leak in leaks for name in PRIVATE)
    pool.rotate(keep_old=False)
    later(clock, 31)
    assert ears.ask(validator, pool.access_token()) == "ok"


@pytest.mark.row("private-material")
def test_a_leak_in_one_region_burns_the_key_in_all(
    pool: RegionalIssuer, make: Making, clock: SettableClock, ears: Ears
) -> None:
    """Other endpoints may go on listing it: whoever could fetch the private half can sign."""
    validator = make(observers=[ears.recorder])
    assert ears.ask(validator, pool.access_token()) == "ok"
    with at(pool, "us-west-2").let(diverge(drop=[pool.access_kid], add=[leaking(pool.access_key)])):
        pass_time(clock, validator, AFTER_REFRESH)
        assert ears.ask(validator, pool.access_token()) == "unknown_key"
        assert ears.ask(validator, pool.id_token()) == "ok"


@pytest.mark.row("private-material")
@pytest.mark.parametrize("kind", ["RSA", "symmetric"])
def test_a_secret_beside_good_keys_is_told_of(
    pool: RegionalIssuer, make: Making, clock: SettableClock, ears: Ears, kind: str
) -> None:
    """Though the keys that serve are the same as before. It is never used, and never shown."""
    other = SigningKey.generate(kid="other")
    secret = leaking(other) if kind == "RSA" else {"kty": "oct", "kid": "other", "k": b64url(b"canary" * 8)}
    validator = make(jwks_uris=pool.jwks_uris[:1], observers=[ears.recorder])
    assert ears.ask(validator, pool.access_token()) == "ok"
    with at(pool).let(diverge(add=[secret])):
        pass_time(clock, validator, AFTER_REFRESH)
        assert len(ears.warnings("private")) == 1
        assert [change.refused != () for change in ears.recorder.of(KeysChanged)] == [False, True]
        assert ears.ask(validator, pool.access_token(key=other)) == "unknown_key"
        assert ears.ask(validator, pool.access_token()) == "ok"
    assert not any(ears.holds(validator, str(secret[name])) for name in (*PRIVATE, "k") if name in secret)
