"""Step 2 of the checks: algorithm, key id and kind of token."""

from __future__ import annotations

import pytest
from silence import MARKER, assert_silent

from jwtmr import UNCHECKED, Unchecked
from jwtmr._token.header import HeaderRules, check_header
from jwtmr.errors import UnsupportedToken
from jwtmr.testing import MISSING as ABSENT

KID = "8f/+" + "A" * 39 + "="
BOTH = HeaderRules.of(("RS256",), UNCHECKED, only_id_tokens=False)
ONLY_ID = HeaderRules.of(("RS256",), UNCHECKED, only_id_tokens=True)
AT_JWT = HeaderRules.of(("RS256", "ES256"), "at+jwt", only_id_tokens=False)


def header(**members: object) -> dict[str, object]:
    """A good header with these members laid over it; ``ABSENT`` leaves one out."""
    laid = {"kid": KID, "alg": "RS256", **members}
    return {name: value for name, value in laid.items() if value is not ABSENT}


def assert_refused(members: dict[str, object], rules: HeaderRules = BOTH) -> None:
    """The header is refused as unsupported, and the refusal quotes nothing of it."""
    with pytest.raises(UnsupportedToken) as caught:
        check_header(members, rules)
    assert_silent(caught.value, KID)


@pytest.mark.parametrize(
    "alg",
    [
        *("none", "None", "NONE", "", "HS256", "HS512", "RS384", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", MARKER),
        *(None, ABSENT, 256, True, ["RS256"], {"RS256": 1}),
    ],
)
def test_refuses_other_algorithms(alg: object) -> None:
    """Only the very names that the authority allows pass, and only as strings."""
    assert check_header(header(), BOTH) == (KID, "RS256")
    assert_refused(header(alg=alg))


def test_every_allowed_algorithm_passes() -> None:
    """What the authority allows passes, each under its own name."""
    assert check_header(header(alg="ES256", typ="at+jwt"), AT_JWT) == (KID, "ES256")
    assert check_header(header(typ="at+jwt"), AT_JWT) == (KID, "RS256")
    assert_refused(header(alg="PS256", typ="at+jwt"), AT_JWT)


@pytest.mark.parametrize("kid", ["x", " ", "../../etc/passwd", "ü" * 256, "a" * 256])
def test_a_kid_is_opaque(kid: str) -> None:
    """1 to 256 characters of any kind are a ``kid``, handed on as they are."""
    assert check_header(header(kid=kid), BOTH) == (kid, "RS256")


@pytest.mark.parametrize("kid", ["", "a" * 257, "ü" * 257, ABSENT, None, 7, True, ["a"], {"a": 1}])
def test_refuses_other_kids(kid: object) -> None:
    """No ``kid``, one that is no string, an empty one and one of 257 characters are refused."""
    assert_refused(header(kid=kid))


@pytest.mark.parametrize("value", [["exp"], [], None, False, "", MARKER])
@pytest.mark.parametrize("name", ["crit", "b64", "zip"])
def test_refuses_members_that_change_the_rest(name: str, value: object) -> None:
    """``crit``, ``b64`` and ``zip`` are refused by their presence, whatever they say."""
    assert_refused(header(**{name: value}))
    assert check_header(header(**{name.upper(): value}), BOTH) == (KID, "RS256")


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "cty", "unknown"])
def test_never_looks_at_other_members(name: str) -> None:
    """What points to keys, and what nobody knows, neither helps nor harms."""
    assert check_header(header(**{name: {"kty": MARKER}}), BOTH) == (KID, "RS256")


@pytest.mark.parametrize(
    ("typ", "both", "only_id", "at_jwt"),
    [
        (ABSENT, True, True, False),
        ("JWT", True, True, False),
        ("jwt", True, True, False),
        ("Jwt", True, True, False),
        ("application/jwt", True, True, False),
        ("APPLICATION/JWT", True, True, False),
        ("at+jwt", True, False, True),
        ("AT+JWT", True, False, True),
        ("application/at+jwt", True, False, True),
        ("Application/At+Jwt", True, False, True),
        ("dpop+jwt", False, False, False),
        ("logout+jwt", False, False, False),
        ("id+jwt", False, False, False),
        ("JOSE", False, False, False),
        ("", False, False, False),
        ("application/", False, False, False),
        ("application/application/jwt", False, False, False),
        ("text/jwt", False, False, False),
        (" JWT", False, False, False),
        ("JWT\n", False, False, False),
        ("jwt; charset=utf-8", False, False, False),
        (MARKER, False, False, False),
        (None, False, False, False),
        (1, False, False, False),
        (True, False, False, False),
        (["JWT"], False, False, False),
        ({"JWT": 1}, False, False, False),
    ],
    ids=repr,
)
def test_kind_of_token(typ: object, *, both: bool, only_id: bool, at_jwt: bool) -> None:
    """``typ`` is absent, ``JWT`` or ``at+jwt``; not ``at+jwt`` among ID tokens; or present and the one configured."""
    for rules, passes in ((BOTH, both), (ONLY_ID, only_id), (AT_JWT, at_jwt)):
        if passes:
            assert check_header(header(typ=typ), rules) == (KID, "RS256")
        else:
            assert_refused(header(typ=typ), rules)


@pytest.mark.parametrize("configured", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_configured_kind_is_read_like_the_tokens(configured: str) -> None:
    """Case and ``application/`` make no difference in the configuration either."""
    rules = HeaderRules.of(("RS256",), configured, only_id_tokens=False)
    assert check_header(header(typ="At+jwt"), rules) == (KID, "RS256")
    assert_refused(header(typ="JWT"), rules)


@pytest.mark.parametrize("kind", [UNCHECKED, "at+jwt"])
def test_a_stranger_gets_the_widest_rules(kind: str | Unchecked) -> None:
    """Where the issuer is unknown, a header passes that some authority would take, and no other."""
    rules = HeaderRules.any_of([HeaderRules.of(("ES256",), kind, only_id_tokens=True), AT_JWT])
    assert check_header(header(typ="at+jwt"), rules) == (KID, "RS256")
    assert check_header(header(typ="at+jwt", alg="ES256"), rules) == (KID, "ES256")
    assert_refused(header(typ="at+jwt", alg="PS256"), rules)
    assert_refused(header(typ="dpop+jwt"), rules)
    if kind is UNCHECKED:
        assert check_header(header(), rules) == (KID, "RS256")
    else:
        assert_refused(header(), rules)
