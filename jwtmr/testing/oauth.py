"""What OAuth 2.0 sends and answers: forms, redirects, JSON and errors (RFC 6749), and S256 (RFC 7636)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs, urlencode

from jwtmr.testing.keys import base64url
from jwtmr.testing.wire import Answer, RecordedRequest

MAX_FIELDS: Final = 64
"""Parameters of one request. The flow has nine."""

FORM_TYPE: Final = "application/x-www-form-urlencoded"

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749 section 5.1: on each answer that holds a token, and on the others nobody would miss a cache."""

CORS: Final = {"Access-Control-Allow-Origin": "*"}
"""A browser may read what the token endpoint says to any page: it goes by what is in the form, not by cookies."""

PREFLIGHT: Final[Answer] = (
    204,
    {
        **CORS,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Requested-With",
        "Access-Control-Max-Age": "600",
    },
    b"",
)
"""The answer to whoever asks whether another origin may post."""


class OAuthError(Exception):
    """A refusal, by its code in RFC 6749 section 4.1.2.1 or 5.2."""

    def __init__(self, code: str, description: str, **headers: str) -> None:
        super().__init__(f"{code}: {description}")
        self.members: Final = {"error": code, "error_description": description}
        self.headers: Final[Mapping[str, str]] = headers

    def answer(self) -> Answer:
        """As JSON: 400, or 401 where the client is not who it says (RFC 6749 section 5.2)."""
        return in_json(self.members, 401 if self.members["error"] == "invalid_client" else 400, self.headers)


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of a request. Those without a value count as left out (RFC 6749 section 3.1)."""

    values: Mapping[str, str]
    """What was sent once."""
    repeated: frozenset[str]
    """What was sent more than once, which is an error in each case, and so has no value."""

    @classmethod
    def parse(cls, encoded: bytes) -> Self:
        """Read a query or a body; ``invalid_request`` for what is none."""
        try:
            found = parse_qs(encoded.decode("ascii"), errors="strict", max_num_fields=MAX_FIELDS)
        except ValueError as problem:
            raise OAuthError("invalid_request", "the parameters cannot be read") from problem
        values = {name: given[0] for name, given in found.items() if len(given) == 1}
        return cls(values, frozenset(found.keys() - values.keys()))

    @classmethod
    def of_query(cls, request: RecordedRequest) -> Self:
        """The parameters of the URL."""
        return cls.parse(request.path.partition("?")[2].encode("latin-1"))

    @classmethod
    def of_body(cls, request: RecordedRequest) -> Self:
        """The parameters of the body, each at most once; ``invalid_request`` for another type of content."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
            raise OAuthError("invalid_request", f"the content must be {FORM_TYPE}")
        form = cls.parse(request.body)
        form.refuse_repeated()
        return form

    def refuse_repeated(self) -> None:
        """Raise ``invalid_request`` if anything was sent more than once."""
        if self.repeated:
            raise OAuthError("invalid_request", "a parameter is repeated")

    def get(self, name: str) -> str | None:
        """The value, or ``None``."""
        return self.values.get(name)

    def required(self, name: str) -> str:
        """The value; ``invalid_request`` without one."""
        if name not in self.values:
            raise OAuthError("invalid_request", f"{name} is required, once")
        return self.values[name]


def in_json(members: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that nobody may keep."""
    return status, {"Content-Type": "application/json", **NO_STORE, **(headers or {})}, json.dumps(members).encode()


def redirect(uri: str, parameters: Mapping[str, str]) -> Answer:
    """Send the browser back with ``parameters`` added to the query that ``uri`` may have (RFC 6749 section 3.1.2)."""
    joint = "&" if "?" in uri else "?"
    return 302, {"Location": uri + joint + urlencode(parameters), **NO_STORE, "Referrer-Policy": "no-referrer"}, b""


def s256(code_verifier: str) -> str:
    """The ``code_challenge`` of a verifier (RFC 7636 section 4.2)."""
    return base64url(hashlib.sha256(code_verifier.encode()).digest())
