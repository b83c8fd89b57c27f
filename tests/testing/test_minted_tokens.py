"""Minted tokens: Cognito's claims and keys, checked with plain PyJWT, and how a test makes a wrong one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from jwtmr import ConfigurationError
from jwtmr.testing import MISSING, SUBJECT, SettableClock, SigningKey, TokenMint
from jwtmr.testing.keys import new_kid

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
NOON_UNIX = int(NOON.timestamp())
REGIONS = ("us-east-1", "us-west-2")

SIGNATURE_ONLY: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_sub": False}

Mint = Callable[..., str]


@pytest.fixture(scope="module")
def pool() -> TokenMint:
    """A pool at noon. Tests of this file do not change it."""
    return TokenMint(REGIONS, clock=SettableClock(NOON))


def verified(token: str, jwks: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """Return the claims after PyJWT found the key by its ``kid`` and verified the signature with it."""
    key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], options=SIGNATURE_ONLY)


def header_of(token: str) -> dict[str, Any]:
    """Return the header as it is."""
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    return header


def drawn(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    """Take the claims that are drawn anew for each token out of ``claims``, which must be distinct."""
    values = [claims.pop(name) for name in names]
    assert len({value for value in values if isinstance(value, str) and len(value) == 36}) == len(names)
    return claims


def test_access_token_has_cognitos_claims(pool: TokenMint) -> None:
    """An access token of a user has exactly the claims that AWS documents."""
    token = pool.access_token(subject="s", username="u", scopes=["a", "b/c"], groups=["g", "h"], expires_in=300)
    assert drawn(verified(token, pool.jwks()), "jti", "origin_jti", "event_id") == {
        "iss": pool.original_issuer,
        "sub": "s",
        "username": "u",
        "client_id": pool.client_id,
        "token_use": "access",
        "scope": "a b/c",
        "cognito:groups": ["g", "h"],
        "version": 2,
        "auth_time": NOON_UNIX,
        "iat": NOON_UNIX,
        "exp": NOON_UNIX + 300,
    }
    assert header_of(token) == {"kid": pool.access_kid, "alg": "RS256"}


def test_id_token_has_cognitos_claims(pool: TokenMint) -> None:
    """An ID token names its client in ``aud`` and its user in ``cognito:username``, and has no scope."""
    token = pool.id_token(subject="s", username="u", groups=["g"], client_id="c")
    assert drawn(verified(token, pool.jwks()), "jti", "origin_jti", "event_id") == {
        "iss": pool.original_issuer,
        "sub": "s",
        "cognito:username": "u",
        "email": "u@example.com",
        "email_verified": True,
        "aud": "c",
        "token_use": "id",
        "cognito:groups": ["g"],
        "auth_time": NOON_UNIX,
        "iat": NOON_UNIX,
        "exp": NOON_UNIX + 3600,
    }
    assert header_of(token) == {"kid": pool.id_kid, "alg": "RS256"}


def test_machine_token_has_cognitos_claims(pool: TokenMint) -> None:
    """A machine is its client: the same in ``sub`` and ``client_id``, and no user name, groups or sign-in."""
    token = pool.machine_token(scopes=["orders/read", "orders/write"])
    assert drawn(verified(token, pool.jwks()), "jti") == {
        "iss": pool.original_issuer,
        "sub": pool.client_id,
        "client_id": pool.client_id,
        "token_use": "access",
        "scope": "orders/read orders/write",
        "version": 2,
        "auth_time": NOON_UNIX,
        "iat": NOON_UNIX,
        "exp": NOON_UNIX + 3600,
    }
    assert verified(pool.machine_token(client_id="c"), pool.jwks())["sub"] == "c"
    assert header_of(token)["kid"] == pool.access_kid


def test_defaults_are_those_of_signing_in(pool: TokenMint) -> None:
    """Without wishes a token is that of one and the same user without groups who signed in through the API."""
    claims = verified(pool.access_token(), pool.jwks())
    assert (claims["sub"], claims["scope"]) == (SUBJECT, "aws.cognito.signin.user.admin")
    assert "cognito:groups" not in claims
    assert claims["jti"] != verified(pool.access_token(), pool.jwks())["jti"]


@pytest.mark.parametrize("kind", ["access_token", "id_token", "machine_token"])
def test_every_kind_can_be_changed_in_every_way(pool: TokenMint, kind: str) -> None:
    """All kinds take issuer, times, key, and claims and header of any type, and leave out what is MISSING."""
    mint: Mint = getattr(pool, kind)
    key = SigningKey.generate()
    token = mint(
        issuer=pool.replica_issuer("us-west-2"),
        issued_at=NOON.timestamp() - 10.5,
        expires_in=-1,
        key=key,
        claims={"sub": 7, "jti": MISSING, "scope": ["a"], "absent": MISSING, "new": {"deep": None}},
        header={"alg": MISSING, "typ": "JWT", "crit": ["x"]},
    )
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "https://cognito-idp.us-west-2.amazonaws.com/" + pool.user_pool_id
    assert (claims["iat"], claims["exp"]) == (NOON_UNIX - 11, NOON_UNIX - 12)
    assert (claims["sub"], claims["scope"], claims["new"]) == (7, ["a"], {"deep": None})
    assert claims.keys().isdisjoint({"jti", "absent"})
    assert header_of(token) == {"kid": key.kid, "typ": "JWT", "crit": ["x"]}


def test_issued_at_can_be_a_datetime(pool: TokenMint) -> None:
    """A moment is said like everywhere else, and a naive one is refused."""
    claims = verified(pool.access_token(issued_at=datetime(2027, 1, 1, tzinfo=UTC)), pool.jwks())
    assert claims["iat"] == claims["auth_time"] == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    with pytest.raises(ConfigurationError, match=r"^issued_at: "):
        pool.access_token(issued_at=datetime(2027, 1, 1))  # noqa: DTZ001


def test_times_follow_the_clock() -> None:
    """Tokens are minted at the moment that the clock says."""
    clock = SettableClock(NOON)
    pool = TokenMint(REGIONS, clock=clock)
    clock.advance(86400)
    assert verified(pool.machine_token(), pool.jwks())["iat"] == NOON_UNIX + 86400


def test_sign_signs_exactly_what_it_is_given(pool: TokenMint) -> None:
    """Any claims under any header, and those of Cognito where no header is given."""
    assert verified(pool.sign({"a": [1, None]}), pool.jwks()) == {"a": [1, None]}
    assert header_of(pool.sign({})) == {"kid": pool.access_kid, "alg": "RS256"}
    assert header_of(pool.sign({}, key=pool.id_key)) == {"kid": pool.id_kid, "alg": "RS256"}
    assert header_of(pool.sign({}, {})) == {}
    assert header_of(pool.sign({}, {"alg": "none", "kid": 1}, pool.id_key)) == {"alg": "none", "kid": 1}


@pytest.mark.parametrize("name", ["access_key", "id_key"])
def test_sign_raw_signs_the_very_bytes(pool: TokenMint, name: str) -> None:
    """The parts are the bytes given, JSON or not, and the signature is over them."""
    key: SigningKey = getattr(pool, name)
    header, payload = b"\xff\x00 header", b'{"a":1,"a":2}'
    parts = pool.sign_raw(header, payload, key).split(".")
    decoded = [base64.urlsafe_b64decode(part + "==") for part in parts]
    assert decoded[:2] == [header, payload]
    public = key.private_key.public_key()
    public.verify(decoded[2], ".".join(parts[:2]).encode(), PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(decoded[2], ".".join(parts[1::-1]).encode(), PKCS1v15(), SHA256())


def test_the_original_issuer_is_current_until_the_switch() -> None:
    """The switch moves ``iss`` of all new tokens, the keys stay, and it can be taken back."""
    pool = TokenMint(REGIONS)
    jwks = pool.jwks()

    def issuers() -> set[str]:
        tokens = (pool.access_token(), pool.id_token(), pool.machine_token())
        return {pool.current_issuer, *(verified(token, jwks)["iss"] for token in tokens)}

    assert issuers() == {pool.original_issuer}
    pool.switch_to_updated()
    assert issuers() == {pool.updated_issuer}
    pool.switch_back()
    assert issuers() == {pool.original_issuer}


def test_forged_token_is_good_but_for_its_signature(pool: TokenMint) -> None:
    """A forged token names a published key and another one signed it."""
    token = pool.forged_token()
    assert header_of(token)["kid"] == pool.access_kid
    with pytest.raises(jwt.InvalidSignatureError):
        verified(token, pool.jwks())


@pytest.mark.parametrize("switched", [False, True])
def test_foreign_token_is_good_elsewhere(switched: bool) -> None:
    """A foreign token has the right client, form of issuer and times; its pool and its key are others."""
    pool = TokenMint(REGIONS, clock=SettableClock(NOON))
    if switched:
        pool.switch_to_updated()
    token = pool.foreign_token()
    claims = jwt.decode(token, options={"verify_signature": False})
    host, _, foreign_id = claims["iss"].rpartition("/")
    assert host == pool.current_issuer.rpartition("/")[0]
    assert foreign_id != pool.user_pool_id
    assert (claims["client_id"], claims["iat"]) == (pool.client_id, NOON_UNIX)
    assert header_of(token)["kid"] not in {key["kid"] for key in pool.jwks()["keys"]}
    for published in pool.jwks()["keys"]:
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, jwt.PyJWK(published), options={"verify_exp": False})
    assert jwt.get_unverified_header(pool.foreign_token()) == header_of(token)


def test_keys_are_shaped_like_cognitos(pool: TokenMint) -> None:
    """Two RSA-2048 keys with exactly Cognito's members and nothing private."""
    keys = pool.jwks()["keys"]
    assert {key["kid"] for key in keys} == {pool.access_kid, pool.id_kid}
    assert len(keys) == 2
    for key in keys:
        assert key.keys() == {"alg", "e", "kid", "kty", "n", "use"}
        assert (key["alg"], key["e"], key["kty"], key["use"]) == ("RS256", "AQAB", "RSA", "sig")
        assert int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="), "big").bit_length() == 2048


def test_a_kid_has_all_the_characters_that_get_lost() -> None:
    """``kid`` is padded standard base64 of 32 bytes, always with slash, plus and equals sign."""
    for _ in range(20):
        kid = new_kid()
        assert len(base64.b64decode(kid, validate=True)) == 32
        assert set("/+=") <= set(kid)


def test_rotation_signs_with_new_keys_and_publishes_both() -> None:
    """After a rotation old tokens still verify, and new ones are signed by keys that were not there before."""
    pool = TokenMint(REGIONS)
    old = {key["kid"] for key in pool.jwks()["keys"]}
    before = pool.access_token(), pool.id_token()
    pool.rotate()
    assert old.isdisjoint({pool.access_kid, pool.id_kid})
    assert {key["kid"] for key in pool.jwks()["keys"]} == old | {pool.access_kid, pool.id_kid}
    assert len({key["n"] for key in pool.jwks()["keys"]}) == 4
    for token in (*before, pool.access_token(), pool.id_token()):
        verified(token, pool.jwks())


def test_rotation_can_drop_the_old_keys() -> None:
    """An emergency rotation leaves nothing of the old set."""
    pool = TokenMint(REGIONS)
    pool.rotate(keep_old=False)
    assert {key["kid"] for key in pool.jwks()["keys"]} == {pool.access_kid, pool.id_kid}
    assert len(pool.jwks()["keys"]) == 2


def test_withdrawing_takes_one_key_out() -> None:
    """A withdrawn key is published no longer and still signs; an unknown one is an error."""
    pool = TokenMint(REGIONS)
    pool.withdraw(pool.id_kid)
    assert [key["kid"] for key in pool.jwks()["keys"]] == [pool.access_kid]
    assert header_of(pool.id_token())["kid"] == pool.id_kid
    with pytest.raises(ConfigurationError, match=r"^kid: "):
        pool.withdraw(pool.id_kid)


def test_published_sets_are_ones_own() -> None:
    """Whoever changes a set that he was given changes nobody else's."""
    pool = TokenMint(REGIONS)
    pool.jwks()["keys"].clear()
    pool.jwks()["keys"][0]["kid"] = "changed"
    assert {key["kid"] for key in pool.jwks()["keys"]} == {pool.access_kid, pool.id_kid}


def moduli(pool: TokenMint) -> set[str]:
    """The key material that a pool publishes."""
    return {key["n"] for key in pool.jwks()["keys"]}


@pytest.mark.slow
def test_open_pools_never_share_key_material() -> None:
    """Two pools at the same time, also after rotations and with forgers and strangers, have no key in common."""
    pools = [TokenMint(REGIONS) for _ in range(3)]
    for pool in pools:
        pool.forged_token()
        pool.foreign_token()
        pool.rotate()
    assert len(set().union(*map(moduli, pools))) == 12


def test_a_closed_pool_lends_its_material_under_new_names() -> None:
    """The next pools take over the key pairs that a closed one and its stranger had, never a ``kid``."""
    first = TokenMint(REGIONS)
    first.foreign_token()
    first.close()
    first.close()
    second, third = TokenMint(REGIONS), TokenMint(REGIONS)
    assert moduli(second) | moduli(third) == moduli(first) | moduli(first._foreign)  # noqa: SLF001
    kids = [kid for pool in (first, second, third) for kid in (pool.access_kid, pool.id_kid)]
    assert len(set(kids)) == 6
    second.close()
    third.close()


def test_many_threads_may_take_keys_at_once() -> None:
    """Pools that are made and closed in parallel never hold the same key pair twice."""
    found: list[set[str]] = []
    barrier = threading.Barrier(4)

    def make() -> None:
        barrier.wait(60)
        found.append(moduli(TokenMint(REGIONS)))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set().union(*found)) == 8


def test_names_follow_from_regions_and_id() -> None:
    """Issuers are Cognito's, built from the primary region and the pool's id."""
    pool = TokenMint(["eu-west-1", "eu-central-1"], user_pool_id="eu-west-1_Ab12Cd34E", client_id="c")
    assert (pool.primary_region, pool.replica_regions) == ("eu-west-1", ("eu-central-1",))
    assert pool.original_issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E"
    assert pool.updated_issuer == "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E"
    assert pool.replica_issuer("eu-central-1") == "https://cognito-idp.eu-central-1.amazonaws.com/eu-west-1_Ab12Cd34E"
    assert pool.client_id == "c"


def test_drawn_names_have_cognitos_shape() -> None:
    """Ids that nobody gave look like Cognito's, and differ."""
    first, second = TokenMint(REGIONS), TokenMint(REGIONS)
    region, _, name = first.user_pool_id.partition("_")
    assert region == "us-east-1"
    assert len(name) == 9
    assert name.isalnum()
    assert len(first.client_id) == 26
    assert first.client_id.isalnum()
    assert first.client_id == first.client_id.lower()
    assert first.user_pool_id != second.user_pool_id
    assert first.client_id != second.client_id


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: TokenMint([]), "regions"),
        (lambda: TokenMint("us-east-1"), "regions"),  # type: ignore[arg-type]
        (lambda: TokenMint(REGIONS, user_pool_id="us-west-2_Ab12Cd34E"), "user_pool_id"),
        (lambda: TokenMint(REGIONS, user_pool_id="Ab12Cd34E"), "user_pool_id"),
        (lambda: TokenMint(REGIONS).replica_issuer("us-east-1"), "region"),
    ],
)
def test_names_that_cannot_be_right_are_refused(make: Callable[[], object], parameter: str) -> None:
    """A pool without a region, or with the id of another region, is refused where it is made."""
    with pytest.raises(ConfigurationError) as refused:
        make()
    assert refused.value.parameter == parameter


def test_a_key_does_not_print_itself() -> None:
    """The private half of a key is in no log."""
    key = SigningKey.generate()
    assert repr(key) == f"SigningKey(kid={key.kid!r})"
    assert repr(MISSING) == "jwtmr.testing.MISSING"
