"""``key_set_hash``: by one word two endpoints, or two processes, tell whether they hold the same keys."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

from source_kit import Making

from jwtmr import EndpointStatus, TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, SigningKey


def only(validator: TokenValidator) -> EndpointStatus:
    """Its one endpoint, once it has been asked."""
    (endpoint,) = validator.warm_up().authorities[0].endpoints
    return endpoint


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638 section 3, of an RSA key."""
    members = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()


def test_it_says_which_keys_and_not_in_which_order(issuer: RegionalIssuer, make: Making) -> None:
    """The same keys in another order, under other names and twice have the same hash; one more key has another."""
    usual: Any = issuer.jwks()
    keys: list[dict[str, Any]] = usual["keys"]
    other = SigningKey.generate().jwk
    sets = [keys, [{**key, "kid": f"{number}"} for number, key in enumerate([*keys[::-1], *keys])], [*keys, other]]
    hashes: list[str | None] = []
    for listed in sets:
        issuer.publish("us-east-1", "original", {"keys": listed})
        hashes.append(only(make(issuer.jwks_uris_for("original")[0])).key_set_hash)
    expected = hashlib.sha256("\n".join(sorted(thumbprint(key) for key in keys)).encode()).hexdigest()
    assert hashes[:2] == [expected, expected]
    assert hashes[2] not in (expected, None)


def test_there_is_none_without_keys_that_may_serve(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """Not before the first answer, and not when the keys are too old to serve."""
    validator = make(issuer.jwks_uris_for("original")[0])
    assert validator.status().authorities[0].endpoints[0].key_set_hash is None
    assert only(validator).key_set_hash is not None
    issuer.take_down("us-east-1")
    clock.advance(3601)
    gone = validator.status()
    assert gone.authorities[0].endpoints[0].state == "down"
    assert gone.authorities[0].endpoints[0].key_set_hash is None
    assert gone.taken_at == clock.wall()
