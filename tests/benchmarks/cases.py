"""What the peers are given to validate: three kinds of tokens, spoilt ones of each, and servers with the keys.

The servers speak TLS, as several peers ask nobody else, and run here while the peers are measured. A case is written
to a file, as peers run in processes of their own.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from spoilt import MUST_REFUSE, Minting, spoilt

from jwtmr.testing import MISSING, OidcIssuer, RegionalIssuer, SigningKey
from jwtmr.testing.mint import Mint
from jwtmr.testing.tls import TlsAuthority

API: Final = "https://orders.example.com"
TENANT: Final = "5f0e7f3c-8f2b-4a57-9d5b-6b1c6a0f3d21"
ENTRA_API: Final = "d1c0a3f2-7b6e-4a89-9c3d-2e5f8a7b6c41"
ENTRA_CLIENT: Final = "0b9d4c7e-3a52-4f18-8e6d-7c1f2a9b5d30"


class Names(NamedTuple):
    """Whose tokens, where the keys are, and for whom."""

    issuer: str
    jwks_uri: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of tokens, and all that a library has to know to validate them."""

    issuer: str
    jwks_uri: str
    client_id: str
    token: str
    spoilt: dict[str, str]
    must_refuse: list[str]
    public_key: str
    """Of the key that signed them, as PEM."""
    more: dict[str, Any]


@contextmanager
def cases(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The file with all cases, and what a process has to find in its environment to trust their servers."""
    tls = TlsAuthority()
    entra = OidcIssuer(
        issuer_url=f"https://login.microsoftonline.com/{TENANT}/v2.0", client_id=ENTRA_CLIENT, tls=tls
    )  # fmt: skip
    with RegionalIssuer(tls=tls) as pool, entra:
        trusted, file = folder / "authority.pem", folder / "cases.json"
        trusted.write_text(_certificate(tls))
        made = {"cognito": _cognito(pool), "resource": _resource(pool), "entra": _entra(entra)}
        file.write_text(json.dumps({name: asdict(case) for name, case in made.items()}))
        yield file, {"SSL_CERT_FILE": str(trusted), "NODE_EXTRA_CA_CERTS": str(trusted)}


def _cognito(pool: RegionalIssuer) -> Case:
    """Access tokens of the original issuer: the one that every peer knows."""
    good = partial(pool.access_token, groups=["admins"])
    case = _case(pool, pool.access_key, good, "client_id", _names(pool))
    case.spoilt["an ID token"] = pool.id_token()
    case.more.update(user_pool_id=pool.user_pool_id, region=pool.primary_region)
    return case


def _resource(pool: RegionalIssuer) -> Case:
    """The same with an ``aud``, as who asks for a resource gets them (RFC 8707)."""

    def good(claims: Mapping[str, object] | None = None, **changes: Any) -> str:  # noqa: ANN401 - as access_token
        return pool.access_token(groups=["admins"], claims={"aud": API, **(claims or {})}, **changes)

    case = _case(pool, pool.access_key, good, "client_id", _names(pool))
    case.more.update(audience=API)
    return case


def _entra(issuer: OidcIssuer) -> Case:
    """Access tokens as Entra ID mints them (its v2.0): ``aud`` is the API, ``azp`` is the client."""
    issuer.discovery = {
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
    }
    usual = {
        "aud": ENTRA_API, "azp": ENTRA_CLIENT, "azpacr": "0", "client_id": MISSING, "jti": MISSING, "name": "Alice",
        "nbf": int(issuer.clock.wall()) - 5, "oid": "a0f5c9d2-1e4b-4c7a-8d3f-6b2e9a7c5f10", "tid": TENANT,
        "scp": "orders.read orders.write", "uti": "Zm9vYmFyYmF6cXV4cXV1eA", "ver": "2.0",
        "rh": "0.AXEAAbCdEfGhIjKlMnOpQrStUvWxYz0123456789.", "aio": "ATQAy/8TAAAAbUdkR3l5Q0ZtZz09",
    }  # fmt: skip

    def good(
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
        **changes: Any,  # noqa: ANN401 - as access_token
    ) -> str:
        spoilt_header = {"typ": "JWT", **(header or {})}
        return issuer.access_token(claims={**usual, **(claims or {})}, header=spoilt_header, **changes)

    case = _case(issuer, issuer.key(), good, "azp", Names(issuer.url, issuer.jwks_uri, ENTRA_CLIENT))
    # To an Entra API its own id is the client id that libraries ask for; who calls it is another question.
    case.must_refuse[case.must_refuse.index("another client's")] = "another API's"
    case.more.update(audience=ENTRA_API, tenant=TENANT, discovery=issuer.discovery_url)
    return case


def _case(mint: Mint, key: SigningKey, good: Minting, client_claim: str, named: Names) -> Case:
    public_key = key.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    tokens = spoilt(mint, key, good, client_claim)
    return Case(*named, good(), tokens, list(MUST_REFUSE), public_key, {})


def _names(pool: RegionalIssuer) -> Names:
    return Names(pool.original_issuer, pool.jwks_uris_for("original")[0], pool.client_id)


def _certificate(tls: TlsAuthority) -> str:
    return "".join(ssl.DER_cert_to_PEM_cert(found) for found in tls.client_context().get_ca_certs(binary_form=True))
