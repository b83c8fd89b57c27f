"""Observers are told of what a route asks in vain, not only of what the validator refuses."""

from typing import Annotated

from fastapi import Depends, FastAPI, Security
from fastapi_kit import a_place, ask, code_of

from jwtmr import Event, Principal
from jwtmr.events import TokenRefused


class Refusals:
    """An observer of refusals."""

    def __init__(self) -> None:
        self.seen: list[TokenRefused] = []

    def on_event(self, event: Event, /) -> None:
        """Keep it."""
        if isinstance(event, TokenRefused):
            self.seen.append(event)


def test_refusals_behind_the_validator_are_told() -> None:
    """Scopes of ``Security``, and groups and token use of ``auth.require``: once each, with whose token it was."""
    refusals = Refusals()
    with a_place(observers=[refusals]) as place:
        auth, app = place.auth(), FastAPI()

        @app.get("/scopes")
        def scopes(_: Annotated[Principal, Security(auth, scopes=["write"])]) -> None: ...

        @app.get("/groups")
        def groups(_: Annotated[Principal, Depends(auth.require(any_group=["staff"]))]) -> None: ...

        @app.get("/use")
        def use(_: Annotated[Principal, Depends(auth.require(token_use="id"))]) -> None: ...

        codes = [code_of(ask(app, path, place.bearer()))[1] for path in ("/scopes", "/groups", "/use")]
        assert codes == ["insufficient_scope", "insufficient_groups", "wrong_token_use"]
        pool = place.issuer.user_pool_id
        assert refusals.seen == [TokenRefused(code, pool, "current", "us-east-1") for code in codes]
        refusals.seen.clear()
        assert ask(app, "/scopes", place.bearer("write")).status_code == 200
        assert code_of(ask(app, "/scopes", {"authorization": "Bearer x"})) == (401, "malformed_token")
        assert refusals.seen == [TokenRefused("malformed_token")]
