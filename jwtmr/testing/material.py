"""Private keys for every algorithm: how one is made, which algorithm it fits, and who holds it at the moment."""

from __future__ import annotations

import threading
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey

_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
"""RFC 7518 section 3.4: each of these algorithms has one curve, while its name speaks of the hash."""


def generate(alg: str) -> PrivateKey:
    """Make a private key for ``alg`` that nobody else has. RSA has 2048 bits."""
    if alg in _CURVES:
        return ec.generate_private_key(_CURVES[alg])
    if alg == "EdDSA":
        return Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def fits(private_key: PrivateKey, alg: str) -> bool:
    """Whether ``private_key`` is of the kind, and on the curve, that ``alg`` signs with."""
    if isinstance(private_key, rsa.RSAPrivateKey):
        return alg[:2] in ("RS", "PS")
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        return alg in _CURVES and private_key.curve.name == _CURVES[alg].name
    return alg == "EdDSA"


class Loans:
    """The private keys of one holder. No two holders have the same one at the same time.

    RSA keys are given back when the holder closes, and used by the next, because making one takes about 50 ms: that is
    most of what a test would wait for. The others take less than one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rsa: list[rsa.RSAPrivateKey] = []

    def borrow(self, alg: str) -> PrivateKey:
        """Take a private key for ``alg`` that no other holder has."""
        private_key = (_DEPOT.take() if alg[:2] in ("RS", "PS") else None) or generate(alg)
        if isinstance(private_key, rsa.RSAPrivateKey):
            with self._lock:
                self._rsa.append(private_key)
        return private_key

    def close(self) -> None:
        """Give everything back. Any number of times."""
        with self._lock:
            _DEPOT.give_back(self._rsa)
            self._rsa = []


class _Depot:
    """The RSA keys of this process that nobody holds at the moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[rsa.RSAPrivateKey] = []

    def take(self) -> rsa.RSAPrivateKey | None:
        with self._lock:
            return self._free.pop() if self._free else None

    def give_back(self, private_keys: list[rsa.RSAPrivateKey]) -> None:
        with self._lock:
            self._free.extend(private_keys)


_DEPOT: Final = _Depot()
