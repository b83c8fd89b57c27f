"""Flask: ``BearerAuth`` as a decorator.

    auth = BearerAuth()

    def create_app() -> Flask:
        app = Flask(__name__)
        auth.init_app(app, validator)
        return app

    @blueprint.get("/orders")
    @auth.require(scopes=["orders/read"])
    def orders() -> str:
        return current_principal.subject

``auth.protect(app)`` asks everybody, ``auth.override(app, principal)`` is for tests.
"""

from jwtmr.bearer import FromCookie, FromHeader, ResourceMetadata
from jwtmr_flask.auth import BearerAuth
from jwtmr_flask.callers import current_principal, get_principal
from jwtmr_flask.refusals import BearerRefusal

__all__ = [
    "BearerAuth",
    "BearerRefusal",
    "FromCookie",
    "FromHeader",
    "ResourceMetadata",
    "current_principal",
    "get_principal",
]
