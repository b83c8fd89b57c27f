"""Discovery documents of any kind: where one may send us, and what is told of one that may not."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from cases_discovery import CASES, WORDS
from fuzz_kit import Draw, Target, expect
from validation_oracle import Refused, read_json

from jwtmr._keys.discovery import read_document
from jwtmr._keys.reading import Reading
from jwtmr.issuers import JwksEndpoint

ISSUERS: Final = ("https://login.example/", "http://127.0.0.1:8080/a")
STATUSES: Final = (200, 404, 500, 302)


class DocumentQuestion:
    """Where does this document say the keys are?"""

    allowed = ()

    def __init__(self, data: bytes) -> None:
        draw = Draw(data)
        self._issuer = draw.one_of(ISSUERS)
        self._status = draw.one_of(STATUSES)
        self._body = draw.rest
        self._endpoint = JwksEndpoint.discovered(self._issuer)

    def ask(self) -> object:
        """Read the document."""
        return read_document(self._status, {}, self._body, self._endpoint, 0.0)

    def judge(self, answer: object) -> str:
        """A URL is the one that stands there, and a safe one; a refusal is told on one short line."""
        if isinstance(answer, str):
            self._check(answer)
            return "url"
        assert isinstance(answer, Reading)
        expect(len(answer.refused) == 1, "not one reason")
        expect(len(answer.refused[0]) < 300 and answer.refused[0].isascii(), "a long reason")
        expect(answer.refused[0].isprintable(), "a reason of several lines")
        expect(not self._plainly_good(), "a plain document is refused")
        return answer.refused[0].partition(":")[0]

    def _check(self, uri: str) -> None:
        document = read_json(self._body)
        expect(self._status == 200, "an error is a document")
        expect((document.get("issuer"), document.get("jwks_uri")) == (self._issuer, uri), "not what stands there")
        parts = urlsplit(uri)
        expect(uri.isascii() and uri.isprintable() and " " not in uri and len(uri) <= 2048, "no URL")
        expect("@" not in parts.netloc and not parts.fragment, "user information, or a fragment")
        expect(parts.hostname, "no host")
        expect(parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or "")), "not https")
        expect(not _is_here(parts.hostname or "") or self._issuer == ISSUERS[1], "another host points at this one")

    def _plainly_good(self) -> bool:
        try:
            document = read_json(self._body)
        except Refused:
            return False
        named = (document.get("issuer"), document.get("jwks_uri"))
        return self._status == 200 and named == (self._issuer, "https://login.example/keys")


def _is_here(host: str) -> bool:
    """Whether a resolver takes ``host`` for this machine."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            address = socket.inet_aton(host) if family == socket.AF_INET else socket.inet_pton(family, host)
        except OSError:
            continue
        mapped = address.removeprefix(bytes(10) + b"\xff\xff")
        return mapped[:1] == b"\x7f" if len(mapped) == 4 else address == bytes(15) + b"\1"
    return host.rstrip(".").split(".")[-1] == "localhost"


DISCOVERY: Final = Target(DocumentQuestion, longest=4096, words=WORDS, cases=CASES)
