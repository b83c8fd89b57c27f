"""A WebSocket handshake is a GET to WSGI: a cookie must not open one for another site's page."""

from __future__ import annotations

import pytest
from flask import Flask, request
from flask_kit import Place, ask

from jwtmr.testing import SUBJECT
from jwtmr_flask import FromCookie, current_principal

HOME = "https://app.example"
HANDSHAKE = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}


def served(place: Place) -> Flask:
    """``/ws`` as flask-sock registers it, and ``/page``; the token is in a cookie."""
    auth, app = place.auth(token_sources=[FromCookie("token", allowed_origins=[HOME])]), Flask(__name__)
    auth.init_app(app)

    @auth.require
    def view() -> list[object]:
        assert request.url_rule is not None
        return [current_principal.subject, request.url_rule.websocket]

    app.add_url_rule("/ws", "ws", view, websocket=True)
    app.add_url_rule("/page", "page", view)
    return app


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", HOME + ".evil.example"])
@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket"])
def test_cookie_opens_no_websocket_for_others(place: Place, origin: str | None, upgrade: str) -> None:
    """The browser sends the cookie whoever made the page, and reads of a WebSocket know no same-origin policy."""
    headers = {**HANDSHAKE, "upgrade": upgrade, "cookie": f"token={place.token()}"}
    answer = ask(served(place), "/ws", headers | ({"origin": origin} if origin else {}))
    assert answer.status_code == 400
    assert answer.json["code"] == "invalid_request"


def test_cookie_opens_a_websocket_from_home(place: Place) -> None:
    """The allowed origin gets in, and the view sees a WebSocket."""
    headers = {**HANDSHAKE, "cookie": f"token={place.token()}", "origin": HOME}
    assert ask(served(place), "/ws", headers).json == [SUBJECT, True]


@pytest.mark.parametrize("more", [{}, {"origin": "https://evil.example"}, {"connection": "Upgrade", "upgrade": "h2c"}])
def test_a_page_is_no_handshake(place: Place, more: dict[str, str]) -> None:
    """A GET that asks for no WebSocket needs no origin."""
    assert ask(served(place), "/page", {**more, "cookie": f"token={place.token()}"}).json == [SUBJECT, False]
