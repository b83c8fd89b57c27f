"""oidc-provider in a process of its own: its keys, its names, and the tokens that its token endpoint gives."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from processes import END_WITHIN, READY_WITHIN, end, fail

from jwtmr import OidcProvider

ORDERS: Final = "https://orders.example"
BILLING: Final = "https://billing.example"
STOCK: Final = "https://stock.example"
PAYROLL: Final = "https://payroll.example"
ALGORITHMS: Final = {ORDERS: "RS256", BILLING: "ES256", STOCK: "EdDSA", PAYROLL: "RS256"}
"""The resources, and what their tokens are signed with."""
SHOP: Final = "shop"
INTRUDER: Final = "intruder"


def private_jwk(alg: str, kid: str, *, named: bool = False) -> dict[str, Any]:
    """A new key for ``alg`` as a JWK that does not say so, unless it is ``named``."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if alg == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif alg == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = ed25519.Ed25519PrivateKey.generate()
    made: dict[str, Any] = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(key))
    made.pop("key_ops", None)  # it would be published as it stands, and say that the public key signs
    return made | {"kid": kid} | ({"alg": alg} if named else {})


def key_set(suffix: str, *, named: bool = False) -> list[dict[str, Any]]:
    """A new key for each algorithm, with ids that end in ``suffix``."""
    return [private_jwk(alg, f"{alg}-{suffix}", named=named) for alg in ("RS256", "ES256", "EdDSA")]


@dataclass(slots=True)
class OidcServer:
    """A running oidc-provider. It serves several names, with one set of keys."""

    process: subprocess.Popen[bytes]
    output: Path
    urls: dict[str, str] = field(default_factory=dict)
    """Where each name is served. Its issuer too, unless the settings say otherwise."""
    _answers: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)

    def start(self, settings: Mapping[str, Any]) -> None:
        """Read its answers in a thread, which ends with the process, and give it its first settings."""
        threading.Thread(target=self._read, name="oidc-provider-answers", daemon=True).start()
        self.change(**settings)

    def change(self, **settings: object) -> None:
        """Replace these settings; they hold when this returns."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(settings).encode() + b"\n")
            self.process.stdin.flush()
            answer = json.loads(self._answers.get(timeout=READY_WITHIN))
        except (BrokenPipeError, queue.Empty, ValueError):
            fail(self.process, self.output, "did not answer")
        self.urls = answer["urls"]

    def close(self) -> None:
        """End its input, at which it ends."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def discovered(self, name: str) -> dict[str, Any]:
        """The discovery document served for ``name``."""
        answer = httpx.get(f"{self.urls[name]}/.well-known/openid-configuration", timeout=30, trust_env=False)
        document: dict[str, Any] = answer.raise_for_status().json()
        return document

    def token(self, name: str, resource: str = ORDERS, *, client: str = SHOP, scope: str = "read") -> str:
        """An access token for ``resource``, by client credentials, from the token endpoint of ``name``."""
        answer = httpx.post(
            f"{self.urls[name]}/token",
            data={"grant_type": "client_credentials", "resource": resource, "scope": scope},
            auth=(client, secret_of(client)),
            timeout=30,
            trust_env=False,
        )
        if answer.status_code != 200:
            pytest.fail(f"no token: {answer.status_code} {answer.text}")
        token: str = answer.json()["access_token"]
        return token

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put(b"")  # no JSON: it will not answer any more


def trusted(issuer: str, resource: str = ORDERS, **settings: object) -> OidcProvider:
    """A provider as jwtmr is told of it: for RFC 9068 tokens for ``resource`` of ``SHOP``, unless told otherwise."""
    usual: dict[str, Any] = {
        "audience": resource,
        "client_ids": [SHOP],
        "token_type": "at+jwt",
        "algorithms": (ALGORITHMS[resource],),
    }
    return OidcProvider(issuer, **(usual | settings))


def secret_of(client: str) -> str:
    """The secret of a client."""
    return f"secret-of-{client}"


@contextmanager
def running_provider(
    program: str, directory: Path, names: Mapping[str, str | None], keys: list[dict[str, Any]]
) -> Iterator[OidcServer]:
    """Start oidc-provider under ``names``, with its output in ``directory``. It ends because its input does."""
    settings = {
        "names": names,
        "keys": keys,
        "clients": {client: secret_of(client) for client in (SHOP, INTRUDER)},
        "resources": {name: {"alg": alg, "scope": "read write"} for name, alg in ALGORITHMS.items()},
    }
    output = directory / "output"
    with output.open("wb") as file:
        process = subprocess.Popen([program], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file)
    server = OidcServer(process, output)
    try:
        server.start(settings)
        yield server
        server.close()
        assert process.wait(timeout=END_WITHIN) == 0
    finally:
        server.close()
        end(process)
