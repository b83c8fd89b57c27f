"""Orders behind the tokens of a user pool: scopes, groups, callers who may be nobody, a WebSocket, Swagger signing in.

    .venv/bin/python examples/fastapi_app.py

Plays the pool on this machine, serves the API at http://127.0.0.1:8000 until Ctrl-C (--port for another place), and
prints requests to try with what each is answered. At /docs *Authorize* signs in by the authorization code flow.

With a real pool only the validator and the domain are others:

    TokenValidator(CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["1example23456789"], ...))
    OAuth2Code(domain="https://example.auth.us-east-1.amazoncognito.com", scopes=SCOPES)

``tests/examples/test_fastapi_app.py`` tests the API without tokens, keys or a network.

Without ``from __future__ import annotations``: FastAPI reads the signatures, and they name a local.
"""

import argparse
from collections.abc import Iterator
from contextlib import closing, suppress
from socket import create_server
from typing import Annotated, Final

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket

from jwtmr import Principal
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_fastapi import AUTH_RESPONSES, BearerAuth, OAuth2Code

READ: Final = "orders/read"
WRITE: Final = "orders/write"
SCOPES: Final = {READ: "See orders", WRITE: "Change orders"}


def orders_app(auth: BearerAuth, swagger_client_id: str | None = None) -> FastAPI:
    """Make the API. Every order needs a token with ``orders/read``, and changing them more than that."""
    app = FastAPI(
        title="Orders",
        lifespan=auth.lifespan,
        swagger_ui_init_oauth={"clientId": swagger_client_id, "usePkceWithAuthorizationCodeGrant": True},
    )
    orders = APIRouter(prefix="/orders", dependencies=[Security(auth, scopes=[READ])], responses=AUTH_RESPONSES)

    @app.get("/health")
    async def health() -> str:
        return "fine"

    @app.get("/", responses=AUTH_RESPONSES)
    async def welcome(principal: Annotated[Principal | None, Depends(auth.optional)]) -> str:
        return f"Hello, {principal.username if principal else 'whoever you are'}!"

    @orders.get("")
    async def list_orders(principal: Annotated[Principal, Depends(auth)]) -> dict[str, object]:
        # Users are known by issuer and subject: both stay the same when the pool's issuer moves.
        return {"user": [principal.issuer, principal.subject], "orders": [17, 42]}

    @orders.put("/{number}", dependencies=[Security(auth, scopes=[WRITE])])
    async def change_order(number: int) -> dict[str, int]:
        return {"changed": number}

    @orders.delete("/{number}", dependencies=[Depends(auth.require(any_group=["admins"]))])
    async def delete_order(number: int) -> dict[str, int]:
        return {"deleted": number}

    @orders.websocket("/news")
    async def news(websocket: WebSocket, principal: Annotated[Principal, Depends(auth)]) -> None:
        await websocket.accept()
        await websocket.send_json({"news": f"for {principal.username}"})
        await websocket.close()

    app.include_router(orders)
    return app


def requests(issuer: RegionalIssuer, url: str) -> Iterator[tuple[int, str]]:
    """What to try: the status of the answer, and the command."""
    reader = f"-H 'Authorization: Bearer {issuer.access_token(scopes=[READ])}'"
    admin = f"-H 'Authorization: Bearer {issuer.access_token(scopes=[READ, WRITE], groups=['admins'])}'"
    late = f"-H 'Authorization: Bearer {issuer.access_token(scopes=[READ], expires_in=-60)}'"
    yield 200, f"curl -i {url}/health"
    yield 200, f"curl -i {url}/"
    yield 401, f"curl -i {url}/orders"
    yield 200, f"curl -i {reader} {url}/orders"
    yield 401, f"curl -i {late} {url}/orders"
    yield 403, f"curl -i -X PUT {reader} {url}/orders/17"
    yield 403, f"curl -i -X DELETE {reader} {url}/orders/17"
    yield 200, f"curl -i -X PUT {admin} {url}/orders/17"
    yield 200, f"curl -i -X DELETE {admin} {url}/orders/17"


def main() -> None:
    """Play the pool and serve the API until Ctrl-C."""
    parser = argparse.ArgumentParser(description="An API behind the tokens of a user pool that is played here.")
    parser.add_argument("--port", type=int, default=8000, help="0 for any free one")
    port = parser.parse_args().port
    with RegionalIssuer() as issuer, closing(validator_for(issuer, issuer_type="original")) as validator:
        auth = BearerAuth(validator, openapi=OAuth2Code(domain=issuer.domain, scopes=SCOPES))
        app = orders_app(auth, swagger_client_id=issuer.client_id)
        with create_server(("127.0.0.1", port)) as listener, suppress(KeyboardInterrupt):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            for status, command in requests(issuer, url):
                print(f"# {status}\n{command}")
            print(f"\n{url}/docs signs in. Ctrl-C ends.", flush=True)
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
