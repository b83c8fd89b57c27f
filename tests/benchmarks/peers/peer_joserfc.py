"""joserfc with a key set and a claims registry, both made once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import KeySet
from peer_kit import LEEWAY, Case, library
from subject import Subject

REMARK = "fetches no keys: it is given them once"


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """It fetches nothing itself: the keys are fetched once, and never again."""
    case = Case(path, "cognito")
    with urlopen(case.jwks_uri) as answer:
        keys = KeySet.import_key_set(json.load(answer))
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": case.issuer},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        client_id={"essential": True, "value": case.client_id},
        token_use={"essential": True, "value": "access"},
    )

    def verify(token: str) -> dict[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=["RS256"])
        registry.validate(decoded.claims)
        return decoded.claims

    yield library(case, "joserfc", "joserfc", verify)
