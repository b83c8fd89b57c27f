"""What a view asks of its caller in vain: ``current_principal.require(...)``. Answered as what a decorator asks.

An error handler of Flask's, for ``AuthError``. It answers for principals of the current request; what some other
validator refuses while a view is served is nobody's refusal, and passes as if there were no such handler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from jwtmr import AuthError
from jwtmr_flask.callers import the_app
from jwtmr_flask.state import states_of


def answer_for_views(app: Flask) -> None:
    """Have ``app`` answer what its views ask in vain. A handler of its own for ``AuthError`` stays, and goes before."""
    # Not by register_error_handler: that would replace the application's, and is refused once requests have come, as
    # they have where init_app is never called.
    _handlers(app).setdefault(AuthError, _answer)


def _handlers(app: Flask) -> dict[type[Exception], Callable[[Any], Any]]:
    """Those of the whole application that are for no status."""
    return app.error_handler_spec[None][None]


def _answer(error: AuthError) -> ResponseReturnValue | HTTPException:
    app = the_app()
    for state in [*states_of(app).values()]:  # another thread may add one
        refusal = state.refusal_of(error)
        if refusal is not None:
            return app.handle_user_exception(refusal)  # so handlers for 403 or HTTPException see it
    # A blueprint's handler would have been found before; what is left is one for everything.
    handler = _handlers(app).get(Exception)
    if handler is None:
        raise error
    answer: ResponseReturnValue = app.ensure_sync(handler)(error)
    return answer
