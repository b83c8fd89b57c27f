"""The yardstick: the least that any library could do to a token.

``cryptography`` verifies the signature, with the key, the bytes and the padding already at hand. Everything beyond it
is what a library costs.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


def verification(token: str, alg: str, public_key: Any) -> Callable[[], object]:  # noqa: ANN401 - of any kind
    """What verifies the signature of ``token``. It has been called once; it raises where the signature is wrong."""
    signed, _, tail = token.rpartition(".")
    data, signature = signed.encode(), base64.urlsafe_b64decode(tail + "==")
    if alg == "RS256":
        verify = partial(public_key.verify, signature, data, PKCS1v15(), SHA256())
    elif alg == "ES256":
        half = len(signature) // 2  # RFC 7518 section 3.4: two numbers, which cryptography wants as DER
        numbers = (int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        verify = partial(public_key.verify, encode_dss_signature(*numbers), data, ECDSA(SHA256()))
    elif alg == "EdDSA":
        verify = partial(public_key.verify, signature, data)
    else:
        raise ValueError(f"there is no bare verification of {alg}")
    verify()
    return verify
