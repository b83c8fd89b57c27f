"""Tokens of any provider through the whole validator, with the claims that real ones mint."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import NamedTuple

import pytest
from validation_kit import HTTP_GET, as_json, ask, code_of

from jwtmr import UNCHECKED, OidcProvider, TokenValidator
from jwtmr.issuers import ALGORITHMS
from jwtmr.testing import MISSING, OidcIssuer, SettableClock, SigningKey

API = "https://api.example.com"
SAID = {"audience": API, "client_ids": ["app"], "token_type": "at+jwt", "algorithms": ["EdDSA"]}
both_ways = pytest.mark.parametrize("how", ["sync", "async"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    """A provider with a key that signs quickly. No test changes it."""
    with OidcIssuer("/", algorithms=["EdDSA"], client_id="app", clock=SettableClock()) as started:
        yield started


def validator_of(issuer: OidcIssuer, **changes: object) -> TokenValidator:
    """A validator of the provider that finds the keys by discovery."""
    return TokenValidator(OidcProvider(issuer.url, **{**SAID, **changes}), clock=issuer.clock, http_get=HTTP_GET)


@pytest.fixture(scope="module")
def plain(issuer: OidcIssuer) -> Iterator[TokenValidator]:
    """The validator that a user of RFC 9068 makes."""
    with closing(validator_of(issuer)) as made:
        yield made


def codes(issuer: OidcIssuer, token: str, **changes: object) -> str | None:
    """The code of the refusal by a validator with these settings, which both ways give."""
    with closing(validator_of(issuer, **changes)) as validator:
        code = code_of(validator, token)
        assert code_of(validator, token, "async") == code
    return code


# -- real providers ---------------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """How one provider writes its tokens, and the configuration that its users make of that."""

    settings: dict[str, object]
    typ: object
    access: dict[str, object]
    identity: dict[str, object]
    refused: str  # the code for its ID tokens
    shown: dict[str, object]  # what the principal says


AUTH0 = Kind(
    {"token_type": "JWT", "client_claim": "azp", "groups_claim": "permissions", "username_claim": None},
    "JWT",
    {"aud": [API, "https://tenant.example/userinfo"], "azp": "app", "scope": "openid orders", "permissions": ["x"]},
    {"aud": "app", "nonce": "n", "sid": "s", "name": "Alice", "nickname": "alice"},
    "wrong_client",
    {"client_id": "app", "scopes": {"openid", "orders"}, "groups": {"x"}, "username": None},
)
OKTA = Kind(
    {"token_type": UNCHECKED, "audience": "api://default", "client_claim": "cid", "scope_claim": "scp",
     "username_claim": "sub"},
    MISSING,
    {"jti": "AT.x", "aud": "api://default", "cid": "app", "uid": "00u", "scp": ["openid", "orders"], "groups": ["All"]},
    {"jti": "ID.x", "aud": "app", "amr": ["pwd"], "idp": "00o", "at_hash": "x", "nonce": "n"},
    "wrong_client",
    {"client_id": "app", "scopes": {"openid", "orders"}, "groups": {"All"}, "username": "somebody", "token_id": "AT.x"},
)  # fmt: skip
ENTRA = Kind(
    {"token_type": "JWT", "audience": "00-api", "client_claim": "azp", "scope_claim": "scp", "groups_claim": "roles",
     "required_claims": ["tid"]},
    "JWT",
    {"ver": "2.0", "aud": "00-api", "azp": "app", "azpacr": "0", "scp": "Orders.Read Orders.Write", "roles": ["admin"],
     "tid": "t", "oid": "o", "preferred_username": "alice@example.com"},
    {"ver": "2.0", "aud": "app", "tid": "t", "oid": "o", "nonce": "n", "c_hash": "x", "preferred_username": "alice"},
    "wrong_client",
    {"scopes": {"Orders.Read", "Orders.Write"}, "groups": {"admin"}, "username": "alice@example.com"},
)  # fmt: skip
KEYCLOAK = Kind(
    {"token_type": "JWT", "audience": "account", "client_claim": "azp"},
    "JWT",
    {"typ": "Bearer", "azp": "app", "aud": "account", "sid": "s", "realm_access": {"roles": ["user"]},
     "scope": "openid email", "groups": ["/staff"], "preferred_username": "alice"},
    {"typ": "ID", "azp": "app", "aud": "app", "at_hash": "x", "sid": "s", "preferred_username": "alice"},
    "wrong_audience",
    {"client_id": "app", "scopes": {"openid", "email"}, "groups": {"/staff"}, "username": "alice"},
)  # fmt: skip
RFC_9068 = Kind(
    {},
    "at+jwt",
    {"aud": API, "client_id": "app", "jti": "j", "scope": "orders", "auth_time": 1, "acr": "1", "amr": ["pwd"]},
    {"aud": "app", "azp": "app", "nonce": "n"},
    "unsupported_token",
    {"client_id": "app", "scopes": {"orders"}, "groups": frozenset(), "token_use": "access", "token_id": "j"},
)
KINDS = {"auth0": AUTH0, "okta": OKTA, "entra": ENTRA, "keycloak": KEYCLOAK, "rfc 9068": RFC_9068}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def minted(issuer: OidcIssuer, claims: Mapping[str, object], typ: object = "at+jwt") -> str:
    """A token of these claims and what every token says."""
    now = int(issuer.clock.wall())
    usual = {"iss": issuer.url, "sub": "somebody", "iat": now, "exp": now + 600}
    header = {"kid": issuer.key().kid, "alg": issuer.key().alg, **({} if typ is MISSING else {"typ": typ})}
    return issuer.sign({**usual, **claims}, header)


@both_ways
@every_kind
def test_access_tokens_of_real_providers(issuer: OidcIssuer, kind: Kind, how: str) -> None:
    """With its sensible configuration each provider's access token passes, and says what it says."""
    with closing(validator_of(issuer, **kind.settings)) as validator:
        principal = ask(validator, minted(issuer, kind.access, kind.typ), how)
    assert {name: getattr(principal, name) for name in kind.shown} == kind.shown
    assert principal.token_use == kind.shown.get("token_use")
    assert principal.claims.items() >= kind.access.items()


@every_kind
def test_id_tokens_of_real_providers(issuer: OidcIssuer, kind: Kind) -> None:
    """And its ID token does not, with all that its user is granted."""
    identity = minted(issuer, kind.identity, "JWT" if kind is RFC_9068 else kind.typ)
    assert codes(issuer, identity, **kind.settings) == kind.refused


@every_kind
def test_access_tokens_for_somebody_else(issuer: OidcIssuer, kind: Kind) -> None:
    """The same token for another audience, or of another client, is refused for that."""
    claim = str(kind.settings.get("client_claim", "client_id"))
    for changes, code in (({"aud": "other"}, "wrong_audience"), ({claim: "other"}, "wrong_client")):
        token = minted(issuer, {**kind.access, **changes}, kind.typ)
        assert codes(issuer, token, **kind.settings) == code


# -- ID tokens --------------------------------------------------------------------------------------------------------

LOOSE: dict[str, object] = {"token_type": "JWT", "client_claim": "azp", "audience": UNCHECKED}
OPEN: dict[str, object] = {**LOOSE, "client_ids": UNCHECKED}


TOLD = [{"aud": [API, "app"]}, {"aud": ["app", API]}, {"aud": API, "at_hash": "x"}, {"aud": API, "c_hash": None}]


@pytest.mark.parametrize("settings", [LOOSE, OPEN, {**LOOSE, "audience": API}], ids=["loose", "open", "audience"])
@pytest.mark.parametrize("changes", TOLD, ids=repr)
def test_id_tokens_under_jwt(issuer: OidcIssuer, settings: dict[str, object], changes: dict[str, object]) -> None:
    """An ID token whose client and audience are right is told by its claims, unless ``UNCHECKED`` was typed for it."""
    token = issuer.id_token(claims=changes)
    assert codes(issuer, token, **settings) == "wrong_token_use"
    assert codes(issuer, token, **{**settings, "token_type": UNCHECKED}) is None
    assert codes(issuer, issuer.id_token(claims={"aud": API, "nonce": MISSING}), **settings) is None


def test_id_tokens_as_they_come(issuer: OidcIssuer) -> None:
    """With and without ``at_hash``, for the application itself and for another one, under every ``typ`` but one."""
    hashed = issuer.id_token(access_token=issuer.access_token())
    for token in (issuer.id_token(), hashed):
        assert codes(issuer, token) == "unsupported_token"
        assert codes(issuer, token, **LOOSE) == codes(issuer, token, **OPEN) == "wrong_token_use"
        assert codes(issuer, token, **{**LOOSE, "audience": API}) == "wrong_audience"
    assert codes(issuer, issuer.id_token(client_id="other"), **LOOSE) == "wrong_client"
    assert codes(issuer, issuer.id_token(client_id="other"), **OPEN) == "wrong_token_use"


def test_an_id_token_without_its_client(issuer: OidcIssuer) -> None:
    """One that names its client in ``aud`` alone is told by the clients that are configured, and by nothing else."""
    token = issuer.id_token(claims={"azp": MISSING})
    assert codes(issuer, token, **LOOSE) == "wrong_client"
    unchecked: dict[str, object] = {"token_type": "JWT", "client_ids": UNCHECKED, "audience": "app"}
    assert codes(issuer, token, **unchecked) is None
    assert codes(issuer, issuer.id_token(), **unchecked) == "wrong_token_use"


@both_ways
def test_token_use_is_said_by_the_typ(issuer: OidcIssuer, plain: TokenValidator, how: str) -> None:
    """``at+jwt`` is an access token when the call asks; without a type that is asked for nobody knows."""
    token = issuer.access_token()
    principal = ask(plain, token, how, token_use="access")
    assert principal.token_use == "access"
    principal.require(token_use="access")
    assert code_of(plain, token, how, token_use="id") == "wrong_token_use"
    with closing(validator_of(issuer, token_type=UNCHECKED)) as unchecked:
        assert ask(unchecked, token, how).token_use is None
        assert code_of(unchecked, token, how, token_use="access") == "wrong_token_use"


@pytest.mark.parametrize(
    ("typ", "code"),
    [
        *((typ, None) for typ in ("at+jwt", "application/at+jwt", "AT+JWT", "Application/AT+jwt")),
        *((typ, "unsupported_token") for typ in (MISSING, "JWT", "application/jwt", "dpop+jwt", "", None, ["at+jwt"])),
    ],
    ids=repr,
)
@both_ways
def test_rfc_9068_types(issuer: OidcIssuer, plain: TokenValidator, typ: object, code: str | None, how: str) -> None:
    """Every spelling of the one type passes, also where headers are remembered; any other or none does not."""
    for _ in range(2):
        assert code_of(plain, issuer.access_token(header={"typ": typ}), how) == code


# -- algorithms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize("alg", sorted(ALGORITHMS))
def test_every_algorithm(alg: str, named: bool) -> None:
    """Each algorithm verifies, whether or not its key names it; a forgery and another algorithm's provider do not."""
    other = "ES256" if alg != "ES256" else "ES384"
    with OidcIssuer(algorithms=[alg], name_alg=named, client_id="app") as issuer:
        token = issuer.access_token()
        assert codes(issuer, token, algorithms=[alg]) is codes(issuer, token, algorithms=[other, alg]) is None
        assert codes(issuer, issuer.forged_token(), algorithms=[alg]) == "invalid_signature"
        assert codes(issuer, token, algorithms=[other]) == "unsupported_token"


@pytest.mark.parametrize(
    ("named", "rsa", "code"),
    [(False, ["RS256", "PS256"], "unknown_key"), (False, ["RS256"], None), (True, ["RS256", "PS256"], None)],
)
def test_one_rsa_key_is_for_one_scheme(named: bool, rsa: list[str], code: str | None) -> None:
    """Without ``alg`` a key serves nothing where both RS and PS are allowed; the other keys of the set do."""
    with OidcIssuer(algorithms=["RS256", "ES256"], name_alg=named, client_id="app") as issuer:
        allowed = [*rsa, "ES256"]
        assert codes(issuer, issuer.access_token(), algorithms=allowed) == code
        assert codes(issuer, issuer.access_token(alg="ES256"), algorithms=allowed) is None


def test_no_key_left() -> None:
    """A provider whose every key is ambiguous cannot be checked: that is an outage, and the report says why."""
    with (
        OidcIssuer(name_alg=False, client_id="app") as issuer,
        closing(validator_of(issuer, algorithms=["RS256", "PS256"])) as validator,
    ):
        assert code_of(validator, issuer.access_token()) == "keys_unavailable"
        (endpoint,) = validator.status().authorities[0].endpoints
        assert "both RS and PS" in " ".join(endpoint.reasons)
        assert endpoint.jwks_uri == issuer.jwks_uri


def test_a_key_that_names_its_algorithm_serves_no_other() -> None:
    """RS384 by a key for RS256 is unknown, though the provider may use both; without a name it serves both."""
    with OidcIssuer(client_id="app") as issuer:
        mislabelled = SigningKey(issuer.key().kid, issuer.key().private_key, "RS384")
        token = issuer.access_token(key=mislabelled)
        assert codes(issuer, token, algorithms=["RS256", "RS384"]) == "unknown_key"
    unnamed = SigningKey(mislabelled.kid, mislabelled.private_key, "RS256", named=False)
    with OidcIssuer(keys=[unnamed], client_id="app") as issuer:
        token = issuer.access_token(key=mislabelled)
        assert codes(issuer, token, algorithms=["RS256", "RS384"]) is None


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512", "none", "None", "NONE", "hs256"])
def test_never_hmac_never_none(issuer: OidcIssuer, plain: TokenValidator, alg: str) -> None:
    """A published key is no secret: what it keys, and what nobody signed, is refused by its algorithm."""
    header = {"kid": issuer.key().kid, "alg": alg, "typ": "at+jwt"}
    parts = [as_json(header), base64.urlsafe_b64decode(issuer.access_token().split(".")[1] + "==")]
    signed = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    for secret in (issuer.key().jwk["x"].encode(), b"", as_json(issuer.key().jwk)):
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        for signature in (mac, issuer.key().sign(signed.encode())):
            token = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
            assert code_of(plain, token) == "unsupported_token"
    assert code_of(plain, signed + ".") == "malformed_token"


# -- hostility --------------------------------------------------------------------------------------------------------

STRANGE = [None, True, 7, 1e300, {}, {"app": API}, [None], [["app"]], [{"a": []}], ["app", 7], [[[[]]]]]


@pytest.mark.parametrize("value", STRANGE, ids=repr)
@pytest.mark.parametrize("name", ["aud", "client_id", "scope", "groups", "preferred_username", "jti"])
def test_strange_claims(issuer: OidcIssuer, plain: TokenValidator, name: str, value: object) -> None:
    """A signed token whose claim has a strange shape is refused for that, and crashes nothing."""
    assert code_of(plain, issuer.access_token(claims={name: value})) == "invalid_claim"


@pytest.mark.parametrize("value", ["\ud800", ["app", "\udfff"], {"\ud800": 1}, [[["\udc00\ud800"]]]], ids=ascii)
def test_half_characters_and_long_ones(issuer: OidcIssuer, plain: TokenValidator, value: object) -> None:
    """Half a surrogate pair is no text, wherever it stands; a claim may be as long as the token may."""
    for name in ("aud", "client_id", "scope", "tenant"):
        assert code_of(plain, issuer.access_token(claims={name: value})) == "malformed_token"
    assert code_of(plain, issuer.access_token(scopes=["a" * 9000])) is None
    assert code_of(plain, issuer.access_token(audience="a" * 9000)) == "wrong_audience"
