"""Which requests of a protected application, or blueprint, need no token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Flask, current_app, request

from jwtmr import ConfigurationError, Names
from jwtmr.bearer import is_preflight
from jwtmr_flask.documents import document_is_asked_for
from jwtmr_flask.state import head


class Exclusions:
    """Named endpoints, and CORS preflights where that was said. Raises :class:`ConfigurationError`."""

    def __init__(self, owner: Flask | Blueprint, endpoints: Names, *, allow_preflights: bool) -> None:
        if not isinstance(owner, (Flask, Blueprint)):
            raise ConfigurationError("app", "must be a Flask application, or a blueprint")
        if not isinstance(endpoints, (list, tuple, set, frozenset)) or not all(
            isinstance(endpoint, str) and endpoint for endpoint in endpoints
        ):
            raise ConfigurationError("exclude_endpoints", "must be a list, tuple or set of endpoints")
        if type(allow_preflights) is not bool:
            raise ConfigurationError("allow_preflights", "must be a bool")
        self._owner: Final = owner
        self._endpoints: Final = frozenset(endpoints)
        self._allow_preflights: Final = allow_preflights

    def match(self) -> bool:
        """Whether the current request needs no token."""
        if not self._endpoints.isdisjoint(self._endpoint()) or document_is_asked_for():
            return True
        return self._allow_preflights and is_preflight(head())

    def _endpoint(self) -> Iterator[str]:
        """The endpoint as the owner knows it: without a blueprint's name, which is given where it is registered."""
        endpoint = request.endpoint
        if endpoint is None:
            return
        if isinstance(self._owner, Flask):
            yield endpoint
            return
        for name in request.blueprints:
            if current_app.blueprints.get(name) is self._owner:
                yield endpoint.removeprefix(name + ".")
