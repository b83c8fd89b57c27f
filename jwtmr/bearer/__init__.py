"""The HTTP edge: from a request to a token, and from a refusal to an answer. Without any framework.

The adapters are built on it, and so can be what they do not fit: ``token_from`` takes all values of ``Authorization``,
``answer_for`` makes status, headers and body of an ``AuthError``, ``HealthView`` those that a readiness probe gets of a
``ValidatorStatus``.
"""

from jwtmr.bearer.answers import Refusal, answer_for
from jwtmr.bearer.credentials import bare_token_from, token_from
from jwtmr.bearer.documents import Document
from jwtmr.bearer.edge import DEFAULT_SOURCES, Edge, Startup, ValidatorOrMaker
from jwtmr.bearer.health import NO_KEYS_NEEDED, HealthView, check_path
from jwtmr.bearer.metadata import ResourceMetadata
from jwtmr.bearer.preflight import is_preflight
from jwtmr.bearer.requirements import Requirements
from jwtmr.bearer.sources import FromCookie, FromHeader, FromSubprotocol, RequestHead, TokenSource

__all__ = [
    "DEFAULT_SOURCES",
    "NO_KEYS_NEEDED",
    "Document",
    "Edge",
    "FromCookie",
    "FromHeader",
    "FromSubprotocol",
    "HealthView",
    "Refusal",
    "RequestHead",
    "Requirements",
    "ResourceMetadata",
    "Startup",
    "TokenSource",
    "ValidatorOrMaker",
    "answer_for",
    "bare_token_from",
    "check_path",
    "is_preflight",
    "token_from",
]
