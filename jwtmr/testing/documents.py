"""What the hosts of an issuer answer: documents with validators and cache headers, and refusals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Final

from jwtmr.testing.wire import Answer, RecordedRequest

DEFAULT_MAX_AGE: Final = 900
"""Seconds that the answers may be cached, unless a test sets ``max_age``."""


def document(request: RecordedRequest, content: Mapping[str, object], *, max_age: int | None, now: float) -> Answer:
    """Answer with ``content`` as JSON, or with 304 to a client that has it already (RFC 9110 section 13.1.2).

    The ``ETag`` follows the content. ``now`` is Unix seconds, for ``Date``. What is no question gets a 405.
    """
    if request.method not in ("GET", "HEAD"):
        return refusal(405, "Method Not Allowed", Allow="GET, HEAD")
    body = json.dumps(content, separators=(",", ":")).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Date": formatdate(now, usegmt=True), "ETag": etag}
    if max_age is not None:
        headers["Cache-Control"] = f"public, max-age={max_age}"
    if _has(request.headers.get("if-none-match", ""), etag):
        return 304, headers, b""
    return 200, {"Content-Type": "application/json", **headers}, body


def refusal(status: int, message: str, **headers: str) -> Answer:
    """Answer with a small JSON body."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps({"message": message}).encode()


def discovery(issuer: str, jwks_uri: str, algorithms: Iterable[str] = ("RS256",)) -> dict[str, object]:
    """The least that OpenID Connect Discovery 1.0 section 3 asks of a document for these two URLs."""
    return {
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "id_token_signing_alg_values_supported": list(algorithms),
        "response_types_supported": ["code", "token"],
        "subject_types_supported": ["public"],
    }


def _has(if_none_match: str, etag: str) -> bool:
    listed = {entry.strip().removeprefix("W/") for entry in if_none_match.split(",")}
    return etag in listed or "*" in listed
