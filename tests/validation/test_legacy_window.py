"""The window of the legacy issuer, by the clock and on real tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from validation_kit import HTTP_GET, ask, clock_of, code_of

from jwtmr import HttpAnswer, TokenValidator
from jwtmr.testing import MISSING, RegionalIssuer, validator_for


class Making:
    """Makes validators for one pool, and closes them."""

    def __init__(self, issuer: RegionalIssuer, closing: ExitStack) -> None:
        self._issuer, self._closing = issuer, closing

    def __call__(self, **options: object) -> TokenValidator:
        """Make a validator of this configuration."""
        made = validator_for(self._issuer, http_get=HTTP_GET, **options)
        self._closing.callback(made.close)
        return made


@pytest.fixture
def make(issuer: RegionalIssuer) -> Iterator[Making]:
    """Makes validators that are closed afterwards."""
    with ExitStack() as closing:
        yield Making(issuer, closing)


@pytest.mark.parametrize("leeway", [0, 300])
@pytest.mark.parametrize("how", ["sync", "async"])
def test_window_closes_by_the_clock(issuer: RegionalIssuer, make: Making, leeway: float, how: str) -> None:
    """At ``accept_legacy_until`` the legacy issuer is retired, to the second and whatever the leeway; no other is."""
    clock = clock_of(issuer)
    end = clock.wall() + 600
    validator = make(accept_legacy_until=clock.now() + timedelta(seconds=600), leeway=leeway)
    legacy, current = issuer.access_token(issuer=issuer.original_issuer), issuer.access_token()
    codes = []
    for moment in (end - 600, end - 1, end - 0.001, end, end + 1, end + 2000):
        clock.set(moment)
        codes.append(code_of(validator, legacy, how))
        assert code_of(validator, current, how) is None
    assert codes == [None, None, None, *["legacy_issuer_retired"] * 3]


@pytest.mark.parametrize("leeway", [0, 300])
@pytest.mark.parametrize(
    ("offset", "code"),
    [(-1, None), (-0.001, None), *((offset, "issued_after_cutover") for offset in (0, 0.001, 1))],
)
def test_cut_over_by_iat(issuer: RegionalIssuer, make: Making, leeway: float, offset: float, code: str | None) -> None:
    """A legacy token minted at or after the cut-over is refused whatever the leeway; a current one is not."""
    clock = clock_of(issuer)
    cut = clock.now() - timedelta(seconds=60)
    validator = make(accept_legacy_until=clock.now() + timedelta(1), legacy_issued_before=cut, leeway=leeway)
    iat = {"iat": cut.timestamp() + offset}
    assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer, claims=iat)) == code
    assert code_of(validator, issuer.access_token(claims=iat)) is None


def test_cut_over_needs_iat(issuer: RegionalIssuer, make: Making) -> None:
    """With a cut-over a legacy token must say when it was minted; without one, and in a current token, it need not."""
    clock = clock_of(issuer)
    until = clock.now() + timedelta(1)
    bare = issuer.access_token(issuer=issuer.original_issuer, claims={"iat": MISSING})
    strict = make(accept_legacy_until=until, legacy_issued_before=clock.now())
    assert code_of(strict, bare) == "issued_after_cutover"
    assert code_of(strict, issuer.access_token(claims={"iat": MISSING})) is None
    assert code_of(make(accept_legacy_until=until), bare) is None


def test_no_window_at_all(issuer: RegionalIssuer, make: Making) -> None:
    """Without ``accept_legacy_until`` legacy tokens are recognised and refused as retired, not as strangers."""
    validator = make()
    assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer)) == "legacy_issuer_retired"
    assert code_of(validator, issuer.id_token(issuer=issuer.original_issuer)) == "legacy_issuer_retired"
    assert code_of(validator, issuer.access_token()) is None


@pytest.mark.parametrize("issuer_type", ["original", "updated"])
def test_replica_issuers_are_opted_into(issuer: RegionalIssuer, make: Making, issuer_type: str) -> None:
    """The original form of a replica region is a stranger, unless asked for; then it is of the original one's kind."""
    clock = clock_of(issuer)
    if issuer_type == "original":
        issuer.switch_back()
    window = {} if issuer_type == "original" else {"accept_legacy_until": clock.now() + timedelta(hours=1)}
    token = issuer.access_token(issuer=issuer.replica_issuer("us-west-2"))
    with_them = make(issuer_type=issuer_type, accept_replica_issuers=True, **window)
    assert code_of(make(issuer_type=issuer_type, **window), token) == "untrusted_issuer"
    principal = ask(with_them, token, "sync")
    assert principal.issuer_kind == ("current" if issuer_type == "original" else "legacy")
    assert (principal.issuer_region, principal.issuer) == ("us-west-2", issuer.original_issuer)
    assert principal.token_issuer == issuer.replica_issuer("us-west-2")
    never = issuer.updated_issuer.replace("us-east-1.amazonaws", "us-west-2.amazonaws")
    assert code_of(with_them, issuer.access_token(issuer=never)) == "untrusted_issuer"
    clock.set(clock.wall() + 3600 - 1)
    assert code_of(with_them, issuer.access_token(issuer=issuer.replica_issuer("us-west-2"))) is None
    clock.set(clock.wall() + 1)
    late = issuer.access_token(issuer=issuer.replica_issuer("us-west-2"))
    assert code_of(with_them, late) == (None if issuer_type == "original" else "legacy_issuer_retired")


def test_window_is_checked_again_after_a_wait(issuer: RegionalIssuer) -> None:
    """A window that closes while keys are fetched is closed for the token that waited."""
    clock = clock_of(issuer)

    def slow(url: str, **options: object) -> HttpAnswer:
        answer = HTTP_GET(url, **options)
        clock.set(clock.wall() + 5)
        return answer

    validator = validator_for(issuer, accept_legacy_until=clock.now() + timedelta(seconds=5), http_get=slow)
    assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer)) == "legacy_issuer_retired"
    validator.close()
