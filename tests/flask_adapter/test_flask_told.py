"""Observers are told of what a view asks in vain, not only of what the validator refuses."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_kit import a_place, a_view, ask, code_of, served_by

from jwtmr import AuthError, Event
from jwtmr.events import TokenRefused
from jwtmr_flask import current_principal


class Refusals:
    """An observer of refusals."""

    def __init__(self) -> None:
        self.seen: list[TokenRefused] = []

    def on_event(self, event: Event, /) -> None:
        """Keep it."""
        if isinstance(event, TokenRefused):
            self.seen.append(event)


def test_refusals_behind_the_validator_are_told() -> None:
    """By decorators, and by the view itself: once each, with whose token it was."""
    refusals = Refusals()
    with a_place(observers=[refusals]) as place:
        auth = place.auth()
        app = served_by(auth)
        app.add_url_rule("/scopes", "scopes", auth.require(scopes=["write"])(a_view()))
        app.add_url_rule("/groups", "groups", auth.require(any_group=["staff"])(a_view()))

        @app.get("/inside")
        @auth.require
        def inside() -> ResponseReturnValue:
            try:
                current_principal.require(token_use="id")
            except AuthError as error:
                return {"code": error.code}, 418
            return "", 204

        codes = [code_of(ask(app, path, place.bearer()))[1] for path in ("/scopes", "/groups", "/inside")]
        assert codes == ["insufficient_scope", "insufficient_groups", "wrong_token_use"]
        pool = place.issuer.user_pool_id
        assert refusals.seen == [TokenRefused(code, pool, "current", "us-east-1") for code in codes]
        refusals.seen.clear()
        assert ask(app, "/scopes", place.bearer("write")).status_code == 200
        assert code_of(ask(app, "/scopes", {"authorization": "Bearer x"})) == (401, "malformed_token")
        assert refusals.seen == [TokenRefused("malformed_token")]
