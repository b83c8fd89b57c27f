"""The steps one by one: a token with exactly one thing wrong is refused with the code of that thing."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from spoilt_tokens import SIGNING, WANTED, WITHOUT_A_KEY, Spoil, claims, header
from validation_kit import HTTP_GET, ask, clock_of, code_of, refusal

from jwtmr import HttpAnswer, Principal, TokenValidator
from jwtmr.testing import MISSING, RegionalIssuer, validator_for

both_ways = pytest.mark.parametrize("how", ["sync", "async"])
both_issuers = pytest.mark.parametrize("kind", ["current", "legacy"])


def iss_of(issuer: RegionalIssuer, kind: str) -> str:
    """The ``iss`` of this kind."""
    return issuer.updated_issuer if kind == "current" else issuer.original_issuer


@both_ways
@both_issuers
@pytest.mark.parametrize("make", ["access_token", "id_token", "machine_token"])
def test_good_twins_are_accepted(
    shared_issuer: RegionalIssuer, shared_validator: TokenValidator, make: str, kind: str, how: str
) -> None:
    """The tokens that the rows below spoil are accepted, of every make and under either issuer."""
    token = getattr(shared_issuer, make)(issuer=iss_of(shared_issuer, kind))
    principal = ask(shared_validator, token, how)
    assert isinstance(principal, Principal)
    assert (principal.issuer_kind, principal.token_issuer) == (kind, iss_of(shared_issuer, kind))


@both_ways
@both_issuers
@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in (WITHOUT_A_KEY | SIGNING).items()])
def test_one_thing_wrong(
    shared_issuer: RegionalIssuer, shared_validator: TokenValidator, row: tuple[Spoil, str], kind: str, how: str
) -> None:
    """Steps 1 to 6: each thing has its code, by threads and by asyncio, under either issuer; the text is fixed."""
    spoil, code = row
    error = refusal(shared_validator, spoil(shared_issuer, iss_of(shared_issuer, kind)), how)
    assert error.code == code
    assert str(error) == type(error).message
    assert error.__context__ is None
    assert (error.retry_after, error.required_scopes) == (None, frozenset())


@both_ways
@both_issuers
@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in WANTED.items()])
def test_what_the_call_asks(
    shared_issuer: RegionalIssuer,
    shared_validator: TokenValidator,
    row: tuple[dict[str, Any], str],
    kind: str,
    how: str,
) -> None:
    """Step 7: a good token that does not give what the call asks is refused with 403, or 401 for another use."""
    wanted, code = row
    token = shared_issuer.access_token(issuer=iss_of(shared_issuer, kind), groups=["users"])
    error = refusal(shared_validator, token, how, **wanted)
    assert (error.code, error.status) == (code, 401 if code == "wrong_token_use" else 403)
    assert error.required_scopes == frozenset(wanted.get("scopes", ()))
    rich = shared_issuer.access_token(
        scopes=["aws.cognito.signin.user.admin", "orders/write"], groups=["users", "admins"]
    )
    if "token_use" in wanted:
        rich = shared_issuer.id_token()
    assert code_of(shared_validator, rich, how, **wanted) is None


@pytest.mark.parametrize(
    "spoil",
    [
        header(typ="JWT"),
        header(typ="at+jwt"),
        header(typ="application/JWT"),
        header(jku="https://a.example", jwk={"kty": "oct"}, x5c=["x"]),
        claims(aud=MISSING, iat=MISSING, jti=MISSING, username=MISSING, scope=MISSING),
        claims(nbf=0, auth_time="soon", unknown={"a": [1, None]}),
        claims(exp=253402300799),
        claims(scope="", **{"cognito:groups": []}),
    ],
    ids=["JWT", "at+jwt", "application/JWT", "key members", "bare", "unknown claims", "last second", "empty"],
)
def test_harmless_differences_are_accepted(
    shared_issuer: RegionalIssuer, shared_validator: TokenValidator, spoil: Spoil
) -> None:
    """What the rules leave open is open: other ``typ`` spellings, absent optional claims, unknown ones."""
    assert code_of(shared_validator, spoil(shared_issuer, shared_issuer.updated_issuer)) is None


@pytest.mark.parametrize("leeway", [0, 30])
def test_expiry_by_the_clock(issuer: RegionalIssuer, leeway: float) -> None:
    """A token lives until its ``exp`` and the leeway, and ends at that very second."""
    clock, token = clock_of(issuer), issuer.access_token(expires_in=600)
    end = clock.wall() + 600 + leeway
    with closing(validator_for(issuer, leeway=leeway, http_get=HTTP_GET)) as validator:
        codes = []
        for moment in (end - 599, end - 0.5, end, end + 1):
            clock.set(moment)
            codes.append(code_of(validator, token))
    assert codes == [None, None, "expired", "expired"]


@both_ways
def test_expiry_while_waiting_for_keys(issuer: RegionalIssuer, how: str) -> None:
    """A token that expires while its key is fetched is refused: time is checked again after the wait."""
    clock, token = clock_of(issuer), issuer.access_token(expires_in=5)

    def slow(url: str, **options: object) -> HttpAnswer:
        answer = HTTP_GET(url, **options)
        clock.set(clock.wall() + 5)
        return answer

    with closing(validator_for(issuer, leeway=0, http_get=slow)) as validator:
        assert code_of(validator, token, how) == "expired"
        assert code_of(validator, issuer.access_token(), how) is None


def test_outside_asyncio_is_a_mistake(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """Without a running asyncio loop ``validate_async`` says so on its first call, for good tokens and bad ones."""
    for token in (shared_issuer.access_token(), "bad"):
        waiting = shared_validator.validate_async(token)
        with pytest.raises(RuntimeError):
            waiting.send(None)
