"""Which requests need no token: listed paths.

A path is judged as the application's router will see it. Where it could be read in two ways nobody knows what the
router, or a proxy before it, makes of it; so such a path is never excluded.
"""

from __future__ import annotations

import re
from typing import Final

from jwtmr import ConfigurationError, Names
from jwtmr_asgi.types import Scope

_AMBIGUOUS: Final = re.compile(r"//|\\|%2f|%5c|%2e|[\x00-\x1f\x7f]|(?:^|/)\.\.?(?:/|;|$)", re.IGNORECASE)
"""Empty and dot segments, backslashes, control characters, and what another decoding would turn into one of these."""


class ExcludedPaths:
    """``/healthz`` is that path; ``/static/*`` is what lies below ``/static/``. Raises :class:`ConfigurationError`."""

    def __init__(self, patterns: Names) -> None:
        if not isinstance(patterns, (list, tuple, set, frozenset)):
            raise ConfigurationError("exclude", f"must be a list, tuple or set of paths, not {type(patterns).__name__}")
        for pattern in patterns:
            _check(pattern)
        self._exact: Final = frozenset(pattern for pattern in patterns if not pattern.endswith("/*"))
        self._below: Final = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("/*"))

    def match(self, scope: Scope) -> bool:
        """Whether this HTTP request is for an excluded path."""
        if not (self._exact or self._below):
            return False
        raw = (scope.get("raw_path") or b"").decode("latin-1")
        if _AMBIGUOUS.search(scope["path"]) or _AMBIGUOUS.search(raw):
            return False
        path, root = route_path(scope), scope.get("root_path") or ""
        if root and root in path:
            return False  # some routers take it off wherever it stands
        return path in self._exact or any(path.startswith(prefix) and path != prefix for prefix in self._below)


def route_path(scope: Scope) -> str:
    """The path below ``root_path``, as routers see it. Some servers put ``root_path`` in front of ``path``."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "")
    return path[len(root) :] if root and (path == root or path.startswith(root + "/")) else path


def header_values(scope: Scope, name: str) -> list[str]:
    """All the values of a header, by its name in lower case."""
    wanted, length = name.encode("latin-1"), len(name)
    return [
        value.decode("latin-1")
        for header, value in scope["headers"]
        if len(header) == length and header.lower() == wanted  # their lengths are told apart in no time
    ]


def _check(pattern: object) -> None:
    if not isinstance(pattern, str) or not pattern.startswith("/"):
        raise ConfigurationError("exclude", "must hold paths that begin with a slash")
    if "*" in pattern.removesuffix("/*") or pattern == "/*":
        raise ConfigurationError("exclude", "must hold paths such as /healthz, or /static/* for all below /static/")
    if _AMBIGUOUS.search(pattern) or "?" in pattern or "%" in pattern:
        raise ConfigurationError("exclude", "must hold decoded paths without empty or dot segments")
