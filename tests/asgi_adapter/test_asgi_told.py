"""Observers are told of what an application asks in vain, not only of what the validator refuses."""

from __future__ import annotations

from contextlib import closing

from asgi_kit import HTTP_GET, get, whoami

from jwtmr import Event
from jwtmr.events import TokenRefused
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware, requires


class Refusals:
    """An observer of refusals."""

    def __init__(self) -> None:
        self.seen: list[TokenRefused] = []

    def on_event(self, event: Event, /) -> None:
        """Keep it."""
        if isinstance(event, TokenRefused):
            self.seen.append(event)


def test_refusals_behind_the_validator_are_told() -> None:
    """Scopes, groups and token use of ``requires``: once each, with whose token it was."""
    refusals, asked = Refusals(), [{"scopes": ["write"]}, {"any_group": ["staff"]}, {"token_use": "id"}]
    with (
        RegionalIssuer() as issuer,
        closing(validator_for(issuer, issuer_type="original", http_get=HTTP_GET, observers=[refusals])) as validator,
    ):
        apps = [BearerAuthMiddleware(requires(**one)(whoami), validator) for one in asked]
        headers = {"authorization": f"Bearer {issuer.access_token()}"}
        codes = [get(app, headers=headers).json()["code"] for app in apps]
        assert codes == ["insufficient_scope", "insufficient_groups", "wrong_token_use"]
        assert refusals.seen == [TokenRefused(code, issuer.user_pool_id, "current", "us-east-1") for code in codes]
        refusals.seen.clear()
        granted = {"authorization": f"Bearer {issuer.access_token(scopes=['write'])}"}
        assert get(apps[0], headers=granted).status_code == 200
        assert get(apps[0], headers={"authorization": "Bearer x"}).json()["code"] == "malformed_token"
        assert refusals.seen == [TokenRefused("malformed_token")]
