"""Bearer tokens for any ASGI application: Starlette, Litestar, Quart, or none of them.

    from jwtmr_asgi import BearerAuthMiddleware, principal_of

    app = BearerAuthMiddleware(app, validator, exclude=["/healthz"])
    # inside: principal_of(scope), or request.user.principal

No framework is imported here.
"""

from jwtmr.bearer import FromCookie, FromHeader, FromSubprotocol, ResourceMetadata
from jwtmr_asgi.health import health_app
from jwtmr_asgi.inside import on_auth_error
from jwtmr_asgi.middleware import BearerAuthMiddleware
from jwtmr_asgi.requires import requires
from jwtmr_asgi.users import AnonymousUser, BearerUser, principal_of

__all__ = [
    "AnonymousUser",
    "BearerAuthMiddleware",
    "BearerUser",
    "FromCookie",
    "FromHeader",
    "FromSubprotocol",
    "ResourceMetadata",
    "health_app",
    "on_auth_error",
    "principal_of",
    "requires",
]
