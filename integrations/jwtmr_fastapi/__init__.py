"""FastAPI: ``BearerAuth`` as a dependency.

    auth = BearerAuth(validator)
    app = FastAPI(lifespan=auth.lifespan)

    @app.get("/orders", responses=AUTH_RESPONSES)
    async def orders(principal: Annotated[Principal, Security(auth, scopes=["orders/read"])]) -> ...: ...

In tests ``auth.override(app, principal)`` puts somebody in the place of the token.
"""

from jwtmr.bearer import FromCookie, FromHeader, FromSubprotocol, ResourceMetadata
from jwtmr_fastapi.auth import BearerAuth, OptionalAuth
from jwtmr_fastapi.openapi import AUTH_RESPONSES, HttpBearer, OAuth2Code

__all__ = [
    "AUTH_RESPONSES",
    "BearerAuth",
    "FromCookie",
    "FromHeader",
    "FromSubprotocol",
    "HttpBearer",
    "OAuth2Code",
    "OptionalAuth",
    "ResourceMetadata",
]
