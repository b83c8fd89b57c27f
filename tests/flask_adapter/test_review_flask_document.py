"""The RFC 9728 document in applications that route by host, with several issuers, and beside other extensions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from flask import Flask, current_app, request
from flask_kit import Place, ask

from jwtmr import ConfigurationError
from jwtmr_flask import ResourceMetadata

METADATA = ResourceMetadata(resource="https://api.example.com/v1")


@pytest.mark.parametrize(
    "routing", [{"host_matching": True, "static_host": "www.example.com"}, {"subdomain_matching": True}]
)
def test_document_is_not_missing_without_a_word(place: Place, routing: dict[str, Any]) -> None:
    """Challenges name its address: it is there, or ``init_app`` says that it cannot be."""
    app = Flask(__name__, **routing)
    if "subdomain_matching" in routing:
        app.config["SERVER_NAME"] = "example.com"
    with suppress(ConfigurationError):
        place.auth(resource_metadata=METADATA).init_app(app)
        answer = ask(app, METADATA.path, base_url="https://api.example.com")
        assert answer.status_code == 200
        assert answer.json["resource"] == METADATA.resource


def test_document_names_the_issuers_of_all(place: Place, elsewhere: Place) -> None:
    """Two objects for one resource, with validators of their own: no issuer is left out without a word."""
    app = Flask(__name__)
    issuers = {*place.validator.current_issuers, *elsewhere.validator.current_issuers}
    assert len(issuers) == 2
    place.auth(resource_metadata=METADATA).init_app(app)
    with suppress(ConfigurationError):
        elsewhere.auth(resource_metadata=METADATA).init_app(app)
        assert {*ask(app, METADATA.path).json["authorization_servers"]} == issuers


def test_document_beside_extensions_that_name_views(place: Place) -> None:
    """Flask-Limiter and Flask-WTF ask every view for its module and its names."""
    app = Flask(__name__)
    place.auth(resource_metadata=METADATA).init_app(app)
    names: list[str] = []

    @app.before_request
    def note() -> None:
        view: Any = current_app.view_functions[request.endpoint or ""]
        names.append(f"{view.__module__}.{view.__name__}.{view.__qualname__}")

    assert ask(app, METADATA.path).status_code == 200
    assert len(names) == 1
