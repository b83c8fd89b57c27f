"""What a validator has seen before changes nothing: each token is judged as if it were the first."""

from __future__ import annotations

from contextlib import closing

import pytest
from validation_kit import HTTP_GET, as_json, claims_of, clock_of, code_of

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SigningKey, validator_for

GOOD_AND_BAD = [
    ({"typ": "JWT"}, None),
    ({"typ": "dpop+jwt"}, "unsupported_token"),
    ({"crit": ["exp"]}, "unsupported_token"),
    ({"alg": "none"}, "unsupported_token"),
    ({"kid": "nobody"}, "unknown_key"),
    ({}, None),
]


@pytest.mark.parametrize("how", ["sync", "async"])
def test_seen_headers_let_nobody_in(issuer: RegionalIssuer, validator: TokenValidator, how: str) -> None:
    """Headers are judged alike on the first, second and third sight, between good and forged tokens."""
    for _ in range(3):
        for members, code in GOOD_AND_BAD:
            token = issuer.access_token(header=members)
            assert code_of(validator, token, how) == code
            stem, _, signature = issuer.access_token().rpartition(".")
            assert code_of(validator, f"{stem}.{signature[::-1][2:]}AA", how) is not None
        assert code_of(validator, issuer.forged_token(), how) == "invalid_signature"


def test_many_headers_are_many_headers(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """More different headers of good tokens than anybody would remember are all judged rightly."""
    for number in range(150):
        assert code_of(validator, issuer.access_token(header={"x": number})) is None
    for number in range(150):
        assert code_of(validator, issuer.access_token(header={"x": number, "zip": number})) == "unsupported_token"
    assert code_of(validator, issuer.access_token(header={"x": 149})) is None


def test_a_withdrawn_key_ends_its_headers(issuer: RegionalIssuer) -> None:
    """A header that has passed a hundred times does not outlive its key."""
    issuer.max_age = 60
    old = issuer.access_token()
    with closing(validator_for(issuer, http_get=HTTP_GET)) as validator:
        assert [code_of(validator, old) for _ in range(3)] == [None] * 3
        issuer.rotate(keep_old=False)
        clock_of(issuer).advance(1000)  # past the lifetime
        new = issuer.access_token()
        assert code_of(validator, new) is None
        assert code_of(validator, old) == "unknown_key"


def test_one_pools_header_is_not_anothers(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """Under the same header, another signer's token of the same or of another issuer is refused."""
    good = issuer.access_token()
    assert code_of(validator, good) is None
    header, forger = {"kid": issuer.access_kid, "alg": "RS256"}, SigningKey.generate()
    assert code_of(validator, issuer.sign(claims_of(good), header, forger)) == "invalid_signature"
    stranger = {**claims_of(good), "iss": "https://a.example"}
    assert code_of(validator, issuer.sign(stranger, header)) == "untrusted_issuer"
    duplicate = as_json(header)[:-1] + b',"kid":"x"}'
    assert code_of(validator, issuer.sign_raw(duplicate, as_json(claims_of(good)))) == "malformed_token"
