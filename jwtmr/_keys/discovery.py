"""Where an endpoint's key set is: at its URL, or where the discovery document of its issuer says.

OpenID Connect Discovery 1.0 section 4. The document is asked for within an attempt, and so within the time of a walk.
What it says holds for a day, unless there are no keys to be had there, or not the one that a token names: then they may
have moved, and the same attempt asks it again. After that day every attempt begins with it; while it cannot be had, its
last word holds for another day. A host that is silent uses up the time of an attempt: then the next one begins with the
other host.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from jwtmr._keys.decision import Ask
from jwtmr._keys.freshness import age, rewound
from jwtmr._keys.reading import Reading, no_answer
from jwtmr._strictjson import object_of
from jwtmr.errors import ConfigurationError
from jwtmr.issuers import JwksEndpoint, check_url
from jwtmr.settings import Instant

DOCUMENT_TIME: Final = 86400.0
"""Seconds for which the word of a discovery document holds."""
LAST_WORD_TIME: Final = 2 * DOCUMENT_TIME
"""Seconds for which it holds where the document cannot be had: an outage of its host is none of the keys' host."""
SETTLED_TIME: Final = 300.0
"""Seconds within which it is not asked again because of an unknown ``kid``. A flood of those must not become one of
questions to the issuer; and for this long keys that moved, while their old place goes on answering, may be missed."""
MAX_URI: Final = 2048
"""Characters of a ``jwks_uri``. It is kept and shown to operators, so it must have an end."""

_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


class Way(NamedTuple):
    """How an attempt finds the key set."""

    jwks_uri: str | None
    """Where it is, as far as that is known and may still be relied on."""
    document_first: bool


class Location:
    """Where one endpoint's key set is, as far as it is known."""

    def __init__(self, endpoint: JwksEndpoint) -> None:
        self.known: str | None = None if endpoint.discovers else endpoint.url
        self._fixed: Final = endpoint.discovers is None
        self._sent: Instant | None = None
        self._number = 0
        self._doubted = False
        self._in_vain = False

    def way(self, now: Instant) -> Way:
        """How an attempt that is made now begins."""
        if self._fixed:
            return Way(self.known, False)
        if self._age(now) >= LAST_WORD_TIME:
            return Way(None, True)
        return Way(self.known, self._age(now) >= DOCUMENT_TIME or (self._doubted and not self._in_vain))

    def settled(self, now: Instant) -> bool:
        """Whether the document has been asked so lately that an unknown ``kid`` is no reason to ask it again."""
        return self._fixed or self._age(now) < SETTLED_TIME

    def _age(self, now: Instant) -> float:
        """Seconds since the document was asked for what is known; a day where the wall clock was set back since."""
        if self._sent is None:
            return math.inf
        return max(age(self._sent, now), DOCUMENT_TIME if rewound(self._sent, now) else 0.0)

    def take_in(self, ask: Ask, reading: Reading) -> bool:
        """Take note of how an attempt ended. Returns whether the keys have moved: what was had before is void."""
        said = reading.jwks_uri
        self._in_vain = ask.document_first and said is None
        self._doubted = not (reading.good or ask.document_first or said)
        if self._fixed or said is None or ask.number <= self._number:
            return False
        moved = self.known not in (None, said)
        self.known, self._sent, self._number = said, ask.sent, ask.number
        return moved

    def heard(self, ask: Ask, reading: Reading) -> bool:
        """Whether an answer comes from where the keys are now, and not from where a late attempt still asked."""
        return (reading.jwks_uri or ask.jwks_uri) == self.known


def read_document(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: JwksEndpoint, wall: float
) -> Reading | str:
    """Return the ``jwks_uri`` that the document of ``endpoint`` names, or how the attempt failed.

    The document must name exactly the issuer that it was asked for (section 4.3): else it is another one's, and so are
    its keys.
    """
    if status != 200:
        reason = f"the discovery document is answered with status {status}"
        return replace(no_answer(status, headers, wall), refused=(reason,))
    document = object_of(body)
    if document is None:
        return Reading("unusable", refused=("the discovery document is no JSON object",))
    named, uri = document.get("issuer"), document.get("jwks_uri")
    if type(named) is not str or named != endpoint.discovers:
        return Reading("unusable", refused=(f"the discovery document names another issuer: {_shown(named)}",))
    if type(uri) is not str or not _is_usable(uri, endpoint.url):
        return Reading("unusable", refused=(f"the discovery document names no usable jwks_uri: {_shown(uri)}",))
    return uri


def _is_usable(uri: str, document_url: str) -> bool:
    """Https, and not on loopback unless the document is there too: no other host may point at this one."""
    try:
        check_url("jwks_uri", uri)
    except ConfigurationError:
        return False
    here, there = (_may_be_here(urlsplit(url).hostname or "") for url in (document_url, uri))
    return len(uri) <= MAX_URI and (here or not there)


def _may_be_here(host: str) -> bool:
    """Whether ``host`` is this machine in any of the spellings that resolvers take for it.

    ``::ffff:127.0.0.1`` is ``127.0.0.1``, and so are ``127.1`` and ``0x7f000001``; ``0.0.0.0`` leads here on Linux. A
    number at the end makes a host an address, as no top-level domain is one. ``localhost`` has subdomains (RFC 6761).
    """
    try:
        address = ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return labels[-1] == "localhost" or _NUMBER.fullmatch(labels[-1]) is not None
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def _shown(value: object) -> str:
    """What a host said, short and on one line."""
    return ascii(value)[:200] if type(value) is str else "none"
