"""The oracle of tokens for the world under fuzz: of a pool, and besides of a provider, and of strangers."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from fuzz_keys import PROVIDER_KEYS
from fuzz_world import AUDIENCE, CURRENT, LEGACY, PROVIDER, WORLD
from validation_oracle import Case, Oracle, Refused, holds, is_text, is_texts, is_time, step_that_refuses

KEYS: dict[tuple[str, str], Any] = {(key.kid, key.alg): key.private.public_key() for key in PROVIDER_KEYS}
ALGORITHMS = {key.alg for key in PROVIDER_KEYS}


class ProviderOracle(Oracle):
    """The same steps for the tokens of an OpenID provider."""

    def head(self) -> None:
        """Step 2."""
        kid, typ = self.header.get("kid"), self.header.get("typ")
        holds(is_text(self.header.get("alg")) and self.header["alg"] in ALGORITHMS)
        holds(is_text(kid) and 1 <= len(kid) <= 256)
        holds(not {"crit", "b64", "zip"} & set(self.header))
        holds(is_text(typ) and typ.lower() in ("jwt", "application/jwt"))

    def issuer(self) -> None:
        """Step 3."""
        holds(self.claims.get("iss") == PROVIDER)

    def content(self) -> None:
        """Step 4."""
        claims, now, leeway = self.claims, self.world.now, self.world.leeway
        holds(is_text(claims.get("sub")) and claims["sub"])
        holds(is_time(claims.get("exp")) and now - leeway < claims["exp"])
        for name in ("nbf", "iat"):
            holds(name not in claims or (is_time(claims[name]) and claims[name] <= now + leeway))
        holds(all(is_text(claims.get(name, "")) for name in ("jti", "azp", "preferred_username")))
        holds(is_text(claims.get("scp", "")) or is_texts(claims["scp"]))
        holds(is_texts(claims.get("roles", [])))
        holds(claims.get("azp") in self.world.clients)
        named = [claims.get("aud")] if is_text(claims.get("aud")) else claims.get("aud")
        holds(is_texts(named) and AUDIENCE in named)
        holds(claims.get("tenant") is not None)
        holds("cnf" not in claims)
        holds(not {"at_hash", "c_hash"} & set(claims))
        holds(claims["azp"] not in named)

    def key(self) -> None:
        """Step 5."""
        holds((self.header["kid"], self.header["alg"]) in KEYS)

    def signature(self) -> None:
        """Step 6."""
        signed, signature = ".".join(self.parts[:2]).encode(), base64.urlsafe_b64decode(self.parts[2] + "===")
        try:
            verify(KEYS[self.header["kid"], self.header["alg"]], signed, signature)
        except InvalidSignature:
            raise Refused from None

    def wanted(self) -> None:
        """Step 7."""
        granted = self.claims.get("scp", "")
        holds(set(self.case.scopes) <= set(granted.split(" ") if is_text(granted) else granted))
        holds(self.case.any_group is None or set(self.case.any_group) & set(self.claims.get("roles", [])))
        holds(self.case.token_use is None)  # a provider's tokens do not say


def verify(public: Any, signed: bytes, signature: bytes) -> None:  # noqa: ANN401  # one of three kinds
    """Raise ``InvalidSignature`` unless it is one."""
    if isinstance(public, Ed25519PublicKey):
        public.verify(signature, signed)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        holds(len(signature) == 64)
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    else:
        public.verify(signature, signed, padding.PSS(padding.MGF1(SHA256()), salt_length=32), SHA256())


class StrangerOracle(Oracle):
    """A token of nobody's whom anybody here knows. Its header may be anybody's."""

    def head(self) -> None:
        """Step 2."""
        kid, typ = self.header.get("kid"), self.header.get("typ", "jwt")
        holds(is_text(self.header.get("alg")) and self.header["alg"] in {"RS256", *ALGORITHMS})
        holds(is_text(kid) and 1 <= len(kid) <= 256)
        holds(not {"crit", "b64", "zip"} & set(self.header))
        holds(is_text(typ) and typ.lower() in ("jwt", "at+jwt", "application/jwt", "application/at+jwt"))

    def issuer(self) -> None:
        """Step 3."""
        raise Refused


ORACLES: dict[str, type[Oracle]] = {CURRENT: Oracle, LEGACY: Oracle, PROVIDER: ProviderOracle}


def step_of(case: Case) -> int | None:
    """The number of the step that refuses, or None for a token that must be accepted."""
    reader = Oracle(WORLD, case)
    try:
        reader.shape()
    except Refused:
        return 1
    issuer = reader.claims.get("iss")
    oracle = ORACLES.get(issuer, StrangerOracle) if is_text(issuer) else StrangerOracle
    return step_that_refuses(WORLD, case, oracle)


def claims_of(case: Case) -> dict[str, Any]:
    """What the token of a case says."""
    reader = Oracle(WORLD, case)
    reader.shape()
    return reader.claims
