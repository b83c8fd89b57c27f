"""``examples/flask_app.py``: started as its first lines say, and asked what it prints."""

from __future__ import annotations

import flask_app
from served_example import running, try_requests


def test_every_command_is_answered_as_it_says() -> None:
    """Each printed request is answered with the status above it."""
    with running(flask_app) as printed:
        assert try_requests(printed) == [200, 200, 401, 401, 200, 403, 200]
