"""Where an endpoint's key set is: at its URL, or where the discovery document of its issuer says.

OpenID Connect Discovery 1.0 section 4. The document is asked for within an attempt, and so within the time of a walk;
what it says holds for a day. Where it points there may be no keys to be had, because they have moved: then the same
attempt asks it again, and the next one begins with it if there was no time for that. When the document cannot be had
either, the next attempt begins with the place that it last named. So neither host can keep us from asking the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from jwtmr._keys.decision import Ask
from jwtmr._keys.freshness import age, rewound
from jwtmr._keys.reading import Reading, no_answer
from jwtmr._strictjson import object_of
from jwtmr.errors import ConfigurationError
from jwtmr.issuers import JwksEndpoint, check_url
from jwtmr.settings import Instant

DOCUMENT_TIME: Final = 86400.0
"""Seconds for which the word of a discovery document holds."""
MAX_URI: Final = 2048
"""Characters of a ``jwks_uri``. It is kept and shown to operators, so it must have an end."""


class Location:
    """Where one endpoint's key set is, as far as it is known."""

    def __init__(self, endpoint: JwksEndpoint) -> None:
        self.known: str | None = None if endpoint.discovers else endpoint.url
        self._fixed: Final = endpoint.discovers is None
        self._sent: Instant | None = None
        self._number = 0
        self._doubted = False

    def uri(self, now: Instant) -> str | None:
        """The URI to ask for keys; None where the document has to be asked first."""
        if self._fixed:
            return self.known
        if self._sent is None or self._doubted or rewound(self._sent, now) or age(self._sent, now) >= DOCUMENT_TIME:
            return None
        return self.known

    def take_in(self, ask: Ask, reading: Reading) -> bool:
        """Take note of how an attempt ended. Returns whether the keys have moved: what was had before is void."""
        if self._fixed or ask.number < self._number:
            return False
        self._number = ask.number
        said = reading.jwks_uri
        self._doubted = not reading.good and ask.jwks_uri is not None and said is None
        if said is None:
            return False
        moved = self.known not in (None, said)
        self.known, self._sent = said, ask.sent
        return moved

    def heard(self, ask: Ask, reading: Reading) -> bool:
        """Whether an answer comes from where the keys are now, and not from where a late attempt still asked."""
        return (reading.jwks_uri or ask.jwks_uri) == self.known


def read_document(status: int, headers: Mapping[str, str], body: bytes, issuer: str, wall: float) -> Reading | str:
    """Return the ``jwks_uri`` that the document of ``issuer`` names, or how the attempt failed.

    The document must name exactly that issuer (section 4.3): else it is another one's, and so are its keys.
    """
    if status != 200:
        return no_answer(status, headers, wall)
    document = object_of(body)
    if document is None:
        return Reading("unusable", refused=("the discovery document is no JSON object",))
    named, uri = document.get("issuer"), document.get("jwks_uri")
    if type(named) is not str or named != issuer:
        return Reading("unusable", refused=(f"the discovery document names another issuer: {_shown(named)}",))
    if type(uri) is not str or not _is_usable(uri, issuer):
        return Reading("unusable", refused=(f"the discovery document names no usable jwks_uri: {_shown(uri)}",))
    return uri


def _is_usable(uri: str, issuer: str) -> bool:
    """Https, or plain http on loopback where the issuer is there too: no host may point into this machine."""
    if len(uri) > MAX_URI or (urlsplit(issuer).scheme == "https" and not uri.lower().startswith("https:")):
        return False
    try:
        check_url("jwks_uri", uri)
    except ConfigurationError:
        return False
    return True


def _shown(value: object) -> str:
    """What a host said, short and on one line."""
    return ascii(value)[:200] if type(value) is str else "none"
