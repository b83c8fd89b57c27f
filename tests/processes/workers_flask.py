"""The Flask example as gunicorn serves it here: with a validator that is told of, and answers that name the worker."""

from __future__ import annotations

import os

from flask import Flask, Response
from flask_app import app, auth
from workers_place import NAME, settle, told_validator


def application() -> Flask:
    """Called by gunicorn: with ``--preload`` once, in the parent, which fetches the keys."""
    auth.init_app(app, told_validator())

    @app.after_request
    def say_who(response: Response) -> Response:
        response.headers[NAME] = str(os.getpid())
        return response

    settle()
    return app
