"""Is it ready? What a readiness probe is told of the keys, and how little of that a stranger sees.

Ready is who can check tokens, be it with keys past their lifetime. A probe needs no token, so anybody can ask; and an
authority's id is a URL, or as good as one. So states are shown, in the order in which the validator was given its
authorities; ids, URLs, regions and what is wrong with them only where that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from jwtmr.bearer.documents import Document
from jwtmr.errors import ConfigurationError
from jwtmr.reports import AuthorityStatus, EndpointStatus, ValidatorStatus
from jwtmr.settings import Names, flag, names

_NO_STORE: Final = MappingProxyType({"Cache-Control": "no-store"})
"""And no ``Retry-After``: a probe comes at a pace of its own."""
_PATH: Final = re.compile(r"(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._~-]+)+", re.ASCII)
"""A path that every router reads in one way: unreserved characters (RFC 3986 section 2.3), no dot segments."""

NO_KEYS_NEEDED: Final = Document(200, _NO_STORE, {"status": "ok", "authorities": []})
"""What a probe is told while nobody's token is looked at, as under the ``override`` of an adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """What a readiness probe is told. Raises :class:`ConfigurationError`.

    ``required``
        Ids of authorities: each must have usable keys. Without any it is enough that one authority has them.
    ``show_urls``
        Also tell ids, endpoints and problems, with their URLs. For where no stranger comes.
    """

    required: Names = ()
    show_urls: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "required", names("required", self.required, allow_empty=True))
        flag("show_urls", self.show_urls)

    def check_known(self, ids: Collection[str]) -> None:
        """Raise :class:`ConfigurationError` where something is required that is none of ``ids``."""
        unknown = [name for name in self.required if name not in ids]
        if unknown:
            known = ", ".join(repr(name) for name in ids)
            raise ConfigurationError("required", f"must hold ids of authorities, which are {known}; not {unknown[0]!r}")

    def answer(self, status: ValidatorStatus) -> Document:
        """200 where it is ready, ``"ok"`` or ``"degraded"``; 503 and ``"unavailable"`` where it is not.

        ``degraded``: some authority serves keys past their lifetime, or has none while another has. One whose issuers
        are all retired needs no keys: it degrades nothing, is not ready, and of a validator that has no other, which
        refuses every token, the answer is 503. Raises :class:`ConfigurationError` as :meth:`check_known` does.
        """
        authorities = {authority.id: authority for authority in status.authorities}
        self.check_known(authorities)
        ready = status.ready and all(authorities[name].ready for name in self.required)
        whole = all(authority.state == "ok" for authority in status.authorities if authority.accepts_tokens)
        said = "unavailable" if not ready else "ok" if whole else "degraded"
        told = [self._told(authority) for authority in status.authorities]
        return Document(200 if ready else 503, _NO_STORE, {"status": said, "authorities": told})

    def _told(self, authority: AuthorityStatus) -> dict[str, object]:
        told: dict[str, object] = {
            "state": authority.state if authority.accepts_tokens else "retired",
            "ready": authority.ready,
            "seconds_left": _whole(authority.seconds_left) if authority.ready else None,
        }
        if not self.show_urls:
            return told
        endpoints = [_endpoint(endpoint) for endpoint in authority.endpoints]
        return {"id": authority.id, **told, "endpoints": endpoints, "problems": list(authority.problems)}


def check_path(parameter: str, path: object) -> None:
    """Raise :class:`ConfigurationError` unless ``path`` is one at which every adapter can serve a document."""
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise ConfigurationError(parameter, "must be a path of letters, digits and -._~ such as /readyz")


def _endpoint(endpoint: EndpointStatus) -> dict[str, object]:
    return {
        "url": endpoint.url,
        "jwks_uri": endpoint.jwks_uri,
        "region": endpoint.region,
        "state": endpoint.state,
        "keys": endpoint.keys,
        "age": _whole(endpoint.age),
        "seconds_left": _whole(endpoint.seconds_left),
        "failures": endpoint.failures,
        "last_outcome": endpoint.last_outcome,
    }


def _whole(seconds: float | None) -> int | None:
    """Whole seconds that have passed; of time that is left never more than there is."""
    return None if seconds is None else int(seconds)
