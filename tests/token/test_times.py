"""Steps 3 and 4 of the checks, as far as they concern time: both sides of every boundary."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from silence import MARKER, assert_silent

from jwtmr import AuthError, Issuer
from jwtmr._token.claims import check_subject_and_time, check_window, moment
from jwtmr.errors import Expired, InvalidClaim, IssuedAfterCutover, LegacyIssuerRetired, NotYetValid
from jwtmr.testing import MISSING as ABSENT

NOW = 1_800_000_000.0
LAST = 253402300799
NO_TIMES = ["1800000000", "", MARKER, True, False, None, [NOW], {"a": NOW}, -1, -0.5, LAST + 1, LAST + 0.5, 10**400]
NO_TIMES += [math.nan, math.inf, -math.inf]


def claims(**changes: object) -> dict[str, object]:
    """Good claims with these laid over them; ``ABSENT`` leaves one out."""
    laid = {"sub": "somebody", "exp": NOW + 3600, "iat": NOW, **changes}
    return {name: value for name, value in laid.items() if value is not ABSENT}


def outcome(payload: dict[str, object], leeway: float = 0) -> type[AuthError] | None:
    """How the claims are refused, if they are; and never with a word of theirs."""
    try:
        check_subject_and_time(payload, NOW, leeway)
    except AuthError as error:
        assert_silent(error, *(value for value in payload.values() if isinstance(value, (str, float))))
        return type(error)
    return None


@pytest.mark.parametrize("value", [0, 0.0, 1, 1.5, NOW, LAST, float(LAST)])
def test_a_time_is_a_number_of_seconds(value: float) -> None:
    """Whole and fractional Unix seconds up to the end of the year 9999 are times."""
    assert moment({"exp": value}, "exp") == value


@pytest.mark.parametrize("value", NO_TIMES, ids=lambda value: repr(value)[:20])
def test_refuses_what_is_no_time(value: object) -> None:
    """Strings, bools, null, negative and endless numbers are no times, in whichever claim they stand."""
    for name in ("exp", "nbf", "iat"):
        with pytest.raises(InvalidClaim) as caught:
            moment({name: value}, name)
        assert_silent(caught.value, value)
        assert name in caught.value.detail
        assert outcome(claims(**{name: value})) is InvalidClaim
        assert outcome(claims(**{name: NOW + (name == "exp")})) is None


@pytest.mark.parametrize("sub", [ABSENT, None, "", 7, True, ["somebody"], {MARKER: 1}])
def test_subject_is_a_non_empty_string(sub: object) -> None:
    """``sub`` must be there and be a string with something in it."""
    assert outcome(claims(sub=sub)) is InvalidClaim
    assert outcome(claims(sub=" ")) is None


@pytest.mark.parametrize(
    ("leeway", "exp", "refused"),
    [
        (0, NOW - 1, True),
        (0, NOW, True),
        (0, int(NOW), True),
        (0, NOW + 0.001, False),
        (0, int(NOW) + 1, False),
        (30, NOW - 31, True),
        (30, NOW - 30, True),
        (30, NOW - 29.999, False),
        (30, NOW - 29, False),
        (300, NOW - 300, True),
        (300, NOW - 299, False),
        (0, 0, True),
        (0, LAST, False),
        (300, LAST, False),
    ],
)
def test_expiry(leeway: float, exp: float, *, refused: bool) -> None:
    """A token has expired when ``exp`` is now; leeway moves that moment by exactly itself."""
    assert outcome(claims(exp=exp), leeway) is (Expired if refused else None)


def test_expiry_is_required() -> None:
    """A token without ``exp`` would be valid for ever."""
    assert outcome(claims(exp=ABSENT)) is InvalidClaim


@pytest.mark.parametrize("name", ["nbf", "iat"])
@pytest.mark.parametrize(
    ("leeway", "since", "refused"),
    [
        (0, NOW - 1, False),
        (0, NOW, False),
        (0, NOW + 0.001, True),
        (0, int(NOW) + 1, True),
        (30, NOW + 29, False),
        (30, NOW + 30, False),
        (30, NOW + 30.001, True),
        (30, NOW + 31, True),
        (0, 0, False),
        (300, LAST, True),
    ],
)
def test_beginning(name: str, leeway: float, since: float, *, refused: bool) -> None:
    """``nbf`` and ``iat`` may be now but not later, leeway allowed for; and both may be absent."""
    assert outcome(claims(**{name: since}), leeway) is (NotYetValid if refused else None)
    assert outcome(claims(**{name: ABSENT}), leeway) is None


def legacy(until: float, issued_before: float | None = None) -> Issuer:
    """A legacy issuer with this window, in Unix seconds."""
    cut_over = None if issued_before is None else datetime.fromtimestamp(issued_before, UTC)
    return Issuer("https://old.example", "legacy", None, datetime.fromtimestamp(until, UTC), cut_over)


def window(issuer: Issuer, **payload: object) -> type[AuthError] | None:
    """How the window refuses these claims, if it does."""
    try:
        check_window(issuer, payload, NOW)
    except AuthError as error:
        assert_silent(error, *(value for value in payload.values() if isinstance(value, (str, float))))
        return type(error)
    return None


@pytest.mark.parametrize(("until", "refused"), [(NOW - 1, True), (NOW, True), (NOW + 0.001, False), (NOW + 1, False)])
def test_window_ends_at_its_moment(until: float, *, refused: bool) -> None:
    """At ``accept_until`` itself the legacy issuer is refused, just before it is not."""
    assert window(legacy(until), iat=NOW - 10) is (LegacyIssuerRetired if refused else None)
    assert window(legacy(until)) is (LegacyIssuerRetired if refused else None)


@pytest.mark.parametrize(
    ("iat", "refused"),
    [
        (NOW - 101, None),
        (NOW - 100.001, None),
        (NOW - 100, IssuedAfterCutover),
        (int(NOW) - 100, IssuedAfterCutover),
        (NOW, IssuedAfterCutover),
        (0, None),
        ("1", InvalidClaim),
        (True, InvalidClaim),
        (-1, InvalidClaim),
        (None, InvalidClaim),
    ],
)
def test_cut_over(iat: object, refused: type[AuthError] | None) -> None:
    """With ``issued_before``, a token minted at or after that moment is refused, and one that does not say when."""
    assert window(legacy(NOW + 1, NOW - 100), iat=iat) is refused
    assert window(legacy(NOW + 1, NOW - 100)) is IssuedAfterCutover
    assert window(legacy(NOW, NOW - 100), iat=iat) is LegacyIssuerRetired
