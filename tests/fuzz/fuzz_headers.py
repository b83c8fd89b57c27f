"""What a request carries where a token could be: headers, cookies and subprotocols of any kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cases_headers import CASES, WORDS
from fuzz_kit import Draw, Target, expect, text_of

from jwtmr import AuthError
from jwtmr.bearer import FromCookie, FromHeader, FromSubprotocol, RequestHead, TokenSource, answer_for
from jwtmr.errors import BoundToken, InvalidRequest, MissingToken

ORIGIN: Final = "https://app.example.com"
SOURCES: Final[tuple[TokenSource, ...]] = (
    FromHeader(), FromHeader("x-access-token"), FromCookie("session", allowed_origins=[ORIGIN]), FromSubprotocol(),
)  # fmt: skip
METHODS: Final = ("GET", "POST", None, "get", "OPTIONS", "G\0ET")
ORIGINS: Final = ((), (ORIGIN,), (ORIGIN.upper(),), (ORIGIN, ORIGIN), ("null",), (ORIGIN + ".evil.example",))
B64TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
SOUND: Final = re.compile(r"[ \t]*bearer +([A-Za-z0-9._~+/-]+=*)[ \t]*", re.ASCII | re.IGNORECASE)
HEADER: Final = re.compile(r"[\x20-\x7e]+", re.ASCII)


class HeaderQuestion:
    """Which token does this request carry?"""

    allowed = (AuthError,)

    def __init__(self, data: bytes) -> None:
        draw = Draw(data)
        self._source = draw.one_of(SOURCES)
        self._method = draw.one_of(METHODS)
        self._origins = draw.one_of(ORIGINS)
        self._values = [text_of(piece) for piece in draw.pieces()] if draw.rest else []

    def _head(self) -> RequestHead:
        def values(name: str) -> Sequence[str]:
            return self._origins if name == "origin" else self._values

        return RequestHead(self._method, values, self._values)

    def ask(self) -> object:
        """Look for the token."""
        return self._source.token(self._head())

    def judge(self, answer: object) -> str:
        """A token stands in the one value as it is; a sound one is found; a refusal is one of three and can be said."""
        if isinstance(self._source, FromSubprotocol):
            left = self._source.others(self._values)
            expect(not any(offer.startswith("bearer.") for offer in left), "a token among the other subprotocols")
        meant = self._meant()
        if isinstance(answer, AuthError):
            expect(isinstance(answer, (MissingToken, InvalidRequest, BoundToken)), f"refused as {answer.code}")
            expect(meant is None, "a sound token is refused")
            expect(all(HEADER.fullmatch(value) for value in answer_for(answer).headers.values()), "no header value")
            return answer.code
        expect(type(answer) is str and B64TOKEN.fullmatch(answer), "no token")
        expect(answer == meant, "another token than the oracle's")
        return "token"

    def _meant(self) -> str | None:
        """The token by the oracle."""
        if isinstance(self._source, FromCookie):
            return self._meant_by_cookies()
        values = self._values
        if isinstance(self._source, FromSubprotocol):
            offers = [offer.strip(" \t") for value in values for offer in value.split(",")]
            values = [offer[len("bearer.") :] for offer in offers if offer.startswith("bearer.")]
        if len(values) != 1:
            return None
        if self._source == FromHeader():
            found = SOUND.fullmatch(values[0])
            return found[1] if found else None
        bare = values[0].strip(" \t")
        return bare if B64TOKEN.fullmatch(bare) else None

    def _meant_by_cookies(self) -> str | None:
        crumbs = [crumb.strip(" \t") for value in self._values for crumb in value.split(";")]
        pairs = [(name.rstrip(" \t"), value.lstrip(" \t")) for name, _, value in (one.partition("=") for one in crumbs)]
        found = [value for name, value in pairs if name == "session"]
        safe = self._method in ("GET", "HEAD", "OPTIONS", "TRACE")
        at_home = len(self._origins) == 1 and self._origins[0].lower() == ORIGIN
        return found[0] if len(found) == 1 and B64TOKEN.fullmatch(found[0]) and (safe or at_home) else None


HEADERS: Final = Target(HeaderQuestion, longest=17_000, words=WORDS, cases=CASES)
