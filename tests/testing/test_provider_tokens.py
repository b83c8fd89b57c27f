"""Tokens of a generic provider: the claims of the standards, every algorithm, and how a test makes any other token.

All is verified with plain PyJWT by the published keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from jwtmr import ConfigurationError
from jwtmr.issuers import ALGORITHMS
from jwtmr.testing import MISSING, SUBJECT, USERNAME, OidcIssuer, SettableClock, SigningKey

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
NOON_UNIX = int(NOON.timestamp())
NAME = "https://login.example.com/"
EVERY = sorted(ALGORITHMS)

SIGNATURE_ONLY: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_sub": False}

Mint = Callable[..., str]


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    """A provider at noon with keys for everything, RS256 first. Tests of this file do not change it."""
    algorithms = ["RS256", *(alg for alg in EVERY if alg != "RS256")]
    with OidcIssuer("/t", algorithms=algorithms, client_id="c", clock=SettableClock(NOON)) as started:
        yield started


def verified(token: str, issuer: OidcIssuer) -> dict[str, Any]:
    """The claims after PyJWT verified the signature with the published key of that ``kid``, for that key's ``alg``."""
    key = jwt.PyJWKSet.from_dict(issuer.jwks())[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=[key.algorithm_name], options=SIGNATURE_ONLY)


def header_of(token: str) -> dict[str, Any]:
    """The header as it is."""
    return parts_of(token)[0]


def parts_of(token: str) -> list[dict[str, Any]]:
    """Header and claims as they are."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def drawn(claims: dict[str, Any], name: str) -> dict[str, Any]:
    """Take a claim that is drawn anew for each token out of ``claims``."""
    assert len(claims.pop(name)) == 36
    return claims


def test_access_token_is_that_of_rfc_9068(issuer: OidcIssuer) -> None:
    """An access token has the claims of the standard, one string of scopes, and says what it is."""
    token = issuer.access_token(
        subject="s", username="u", audience=["a", "b"], scopes=["x", "y/z"], groups=["g"], expires_in=300
    )
    assert drawn(verified(token, issuer), "jti") == {
        "iss": issuer.url,
        "sub": "s",
        "aud": ["a", "b"],
        "client_id": "c",
        "scope": "x y/z",
        "groups": ["g"],
        "preferred_username": "u",
        "iat": NOON_UNIX,
        "exp": NOON_UNIX + 300,
    }
    assert header_of(token) == {"kid": issuer.key().kid, "alg": "RS256", "typ": "at+jwt"}


def test_id_token_is_that_of_openid_connect(issuer: OidcIssuer) -> None:
    """An ID token names its client in ``aud`` and ``azp``, its request in ``nonce``, and no scope."""
    token = issuer.id_token(subject="s", username="u", groups=["g"], client_id="d", nonce="n", expires_in=60)
    assert verified(token, issuer) == {
        "iss": issuer.url,
        "sub": "s",
        "aud": "d",
        "azp": "d",
        "nonce": "n",
        "groups": ["g"],
        "preferred_username": "u",
        "auth_time": NOON_UNIX,
        "iat": NOON_UNIX,
        "exp": NOON_UNIX + 60,
    }
    assert header_of(token) == {"kid": issuer.key().kid, "alg": "RS256", "typ": "JWT"}


def test_tokens_without_wishes(issuer: OidcIssuer) -> None:
    """The usual user without groups or scopes, for the usual API, for an hour; names are drawn for each token."""
    usual = {"iss": issuer.url, "sub": SUBJECT, "preferred_username": USERNAME}
    usual |= {"iat": NOON_UNIX, "exp": NOON_UNIX + 3600}
    access, id_ = verified(issuer.access_token(), issuer), verified(issuer.id_token(), issuer)
    assert access["jti"] != verified(issuer.access_token(), issuer)["jti"]
    assert id_["nonce"] != verified(issuer.id_token(), issuer)["nonce"]
    assert drawn(access, "jti") == {**usual, "aud": "https://api.example.com", "client_id": "c"}
    assert drawn(id_, "nonce") == {**usual, "aud": "c", "azp": "c", "auth_time": NOON_UNIX}


@pytest.mark.parametrize("kind", ["access_token", "id_token"])
def test_a_token_can_be_one_without_a_user_name(issuer: OidcIssuer, kind: str) -> None:
    """``username=None`` is what a machine's token looks like."""
    mint: Mint = getattr(issuer, kind)
    claims = verified(mint(username=None, subject="c"), issuer)
    assert claims["sub"] == "c"
    assert "preferred_username" not in claims


@pytest.mark.parametrize("kind", ["access_token", "id_token"])
@pytest.mark.parametrize("alg", EVERY)
def test_every_algorithm(issuer: OidcIssuer, alg: str, kind: str) -> None:
    """Each kind of token can be signed with each algorithm, by the key that is published for it alone."""
    mint: Mint = getattr(issuer, kind)
    token = mint(alg=alg)
    assert verified(token, issuer)["iss"] == issuer.url
    assert (header_of(token)["alg"], header_of(token)["kid"]) == (alg, issuer.key(alg).kid)


HASHES = {"RS256": "sha256", "PS384": "sha384", "ES512": "sha512", "EdDSA": "sha512"}


@pytest.mark.parametrize("alg", HASHES)
def test_at_hash_belongs_to_the_access_token(issuer: OidcIssuer, alg: str) -> None:
    """``at_hash`` is the left half of the hash that the ID token's own algorithm uses."""
    access = issuer.access_token()
    full = hashlib.new(HASHES[alg], access.encode()).digest()
    half = base64.urlsafe_b64encode(full[: len(full) // 2]).rstrip(b"=").decode()
    assert verified(issuer.id_token(alg=alg, access_token=access), issuer)["at_hash"] == half


@pytest.mark.parametrize("kind", ["access_token", "id_token"])
def test_every_kind_can_be_changed_in_every_way(issuer: OidcIssuer, kind: str) -> None:
    """Both kinds take issuer, times, key, and claims and header of any type, and leave out what is MISSING."""
    mint: Mint = getattr(issuer, kind)
    key = SigningKey.generate("ES256", kid="k")
    token = mint(
        issuer="https://other.example.com",
        client_id="other",
        issued_at=NOON_UNIX - 10.5,
        expires_in=-1,
        key=key,
        claims={"sub": 7, "scope": MISSING, "scp": ["a"], "preferred_username": MISSING, "absent": MISSING},
        header={"typ": MISSING, "new": [None]},
    )
    header, claims = parts_of(token)
    assert (claims["iss"], claims["iat"], claims["exp"]) == (
        "https://other.example.com",
        NOON_UNIX - 11,
        NOON_UNIX - 12,
    )
    assert (claims["sub"], claims["scp"]) == (7, ["a"])
    assert claims["client_id" if kind == "access_token" else "azp"] == "other"
    assert claims.keys().isdisjoint({"scope", "preferred_username", "absent"})
    assert header == {"kid": "k", "alg": "ES256", "new": [None]}
    jwt.decode(token, jwt.PyJWK(key.jwk), algorithms=["ES256"], options=SIGNATURE_ONLY)


def test_issued_at_can_be_a_datetime_with_a_time_zone(issuer: OidcIssuer) -> None:
    """A moment is said like everywhere else, and a naive one is refused."""
    assert verified(issuer.id_token(issued_at=NOON), issuer)["auth_time"] == NOON_UNIX
    with pytest.raises(ConfigurationError, match=r"^issued_at: "):
        issuer.access_token(issued_at=datetime(2027, 1, 1))  # noqa: DTZ001


def test_sign_signs_exactly_what_it_is_given(issuer: OidcIssuer) -> None:
    """Any claims under any header; without one it is ``kid`` and ``alg`` of the key, and no ``typ``."""
    assert verified(issuer.sign({"a": [1, None]}), issuer) == {"a": [1, None]}
    assert header_of(issuer.sign({})) == {"kid": issuer.key().kid, "alg": "RS256"}
    edward = issuer.key("EdDSA")
    assert header_of(issuer.sign({}, key=edward)) == {"kid": edward.kid, "alg": "EdDSA"}
    assert header_of(issuer.sign({}, {"alg": "none"}, edward)) == {"alg": "none"}
    header = json.dumps({"kid": edward.kid, "alg": "EdDSA"}).encode()
    assert verified(issuer.sign_raw(header, b'{"a":1}', edward), issuer) == {"a": 1}


@pytest.mark.parametrize("alg", EVERY)
def test_forged_token_is_good_but_for_its_signature(alg: str) -> None:
    """A forged token names the published key and its algorithm, and another key of the same kind signed it."""
    with OidcIssuer(algorithms=[alg], issuer_url=NAME) as issuer:
        token = issuer.forged_token()
        header, claims = parts_of(token)
        assert header == header_of(issuer.access_token())
        assert claims.keys() == parts_of(issuer.access_token())[1].keys()
        with pytest.raises(jwt.InvalidSignatureError):
            verified(token, issuer)


def test_the_first_algorithm_signs() -> None:
    """What is not asked for by name is signed with the first of the algorithms, also after a rotation."""
    with OidcIssuer(algorithms=["ES384", "RS256"], issuer_url=NAME) as issuer:
        assert [key.alg for key in issuer.keys] == ["ES384", "RS256"]
        for _ in range(2):
            assert header_of(issuer.access_token())["kid"] == issuer.key().kid == issuer.key("ES384").kid
            assert header_of(issuer.sign({}))["alg"] == "ES384"
            issuer.rotate()


def test_given_keys_are_taken_as_they_are() -> None:
    """Keys that a test made are published in its order, and the first of each algorithm signs."""
    pairs = [("ES256", "a"), ("EdDSA", "b"), ("ES256", "c"), ("EdDSA", "b")]
    keys = [SigningKey.generate(alg, kid=kid, named=kid != "c") for alg, kid in pairs]
    with OidcIssuer(keys=keys, algorithms=["RS256"], name_alg=False, issuer_url=NAME) as issuer:
        assert issuer.keys == tuple(keys)
        assert issuer.jwks() == {"keys": [key.jwk for key in keys]}
        assert (issuer.key(), issuer.key("ES256"), issuer.key("EdDSA")) == (keys[0], keys[0], keys[1])
        issuer.withdraw("b")
        assert issuer.keys == (keys[0], keys[2])


def test_two_issuers_can_have_the_same_kid() -> None:
    """The tokens of two providers that call their keys the same are told apart by the signature alone."""
    first, second = (OidcIssuer(keys=[SigningKey.generate("ES256", kid="1")], issuer_url=NAME) for _ in range(2))
    assert header_of(first.access_token()) == header_of(second.access_token())
    verified(first.access_token(), first)
    with pytest.raises(jwt.InvalidSignatureError):
        verified(first.access_token(), second)


def test_drawn_keys_can_leave_their_algorithm_unsaid() -> None:
    """With ``name_alg=False`` no JWK names its ``alg``, nor does one after a rotation."""
    with OidcIssuer(algorithms=["ES256", "EdDSA"], name_alg=False, issuer_url=NAME) as issuer:
        issuer.rotate()
        assert len(issuer.keys) == 4
        assert not any("alg" in jwk for jwk in issuer.jwks()["keys"])


def test_open_providers_never_share_material() -> None:
    """Providers, their forgers and their new keys hold RSA keys that no other open one has; a closed one lends them."""
    issuers = [OidcIssuer(algorithms=["RS256", "PS256"], issuer_url=NAME) for _ in range(2)]
    moduli = [{key.jwk["n"] for key in issuer.keys} for issuer in issuers]
    assert len(moduli[0] | moduli[1]) == 4
    issuers[0].close()
    with OidcIssuer(algorithms=["RS512", "PS512"], issuer_url=NAME) as third:
        assert {key.jwk["n"] for key in third.keys} == moduli[0]
        assert {key.kid for key in third.keys}.isdisjoint(key.kid for key in issuers[0].keys)
    issuers[1].close()


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda issuer: issuer.key("ES999"), "alg"),
        (lambda issuer: issuer.access_token(alg="HS256"), "alg"),
        (lambda issuer: issuer.id_token(alg="RS256", key=issuer.key()), "alg"),
        (lambda issuer: issuer.withdraw("unknown"), "kid"),
    ],
)
def test_keys_that_are_not_there_are_refused(
    issuer: OidcIssuer, call: Callable[[OidcIssuer], object], parameter: str
) -> None:
    """A test that asks for a key that its issuer has not, or for two at once, fails and does not pass for nothing."""
    with pytest.raises(ConfigurationError) as refused:
        call(issuer)
    assert refused.value.parameter == parameter
