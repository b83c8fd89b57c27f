"""jwtmr_flask beside its peer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask
from peer_flask import add_views, per_request
from peer_jwtmr import validator_of
from peer_kit import Case
from subject import Subject

from jwtmr_flask import BearerAuth


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """As its documentation has it."""
    case = Case(path, "cognito")
    with closing(validator_of(case)) as validator:
        app, auth = Flask(__name__), BearerAuth()
        auth.init_app(app, validator)
        add_views(app, auth.require)
        yield per_request(
            case, "jwtmr_flask", "jwtmr", app, lambda token: {"authorization": f"Bearer {token}"}
        )  # fmt: skip
