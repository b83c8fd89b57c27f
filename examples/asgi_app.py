"""A protected application on bare ASGI, beside a user pool that is played on loopback.

    .venv/bin/python examples/asgi_app.py

It prints requests to try, and serves until it is interrupted. With a pool of your own the validator would be

    TokenValidator(CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="updated", client_ids=[…], token_use="access"))

Needs uvicorn.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing

import uvicorn

from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware, principal_of, requires
from jwtmr_asgi.types import Receive, Scope, Send


async def answer(send: Send, said: object) -> None:
    """Send JSON."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


async def whoami(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # what ASGI applications take
    """Says who is calling, or that nobody is."""
    principal = principal_of(scope)
    await answer(send, {"subject": principal and principal.subject})


@requires(scopes=["orders/read"])
async def orders(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # what ASGI applications take
    """For those who may read orders."""
    await answer(send, ["an order"])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The application itself. It never sees a request without a valid token, except for ``/healthz``."""
    if scope["type"] == "http":
        await (orders if scope["path"] == "/orders" else whoami)(scope, receive, send)
    else:
        raise RuntimeError("only HTTP is spoken here")


def main() -> None:
    """Serve it."""
    parser = argparse.ArgumentParser(description="A protected ASGI application, beside a user pool on loopback.")
    parser.add_argument("--port", type=int, default=8000)
    port: int = parser.parse_args().port
    with RegionalIssuer() as issuer:
        validator = validator_for(issuer, issuer_type="original")
        app = BearerAuthMiddleware(application, validator, exclude=["/healthz"])
        reader = issuer.access_token(scopes=["orders/read"])
        print(f"curl -i http://127.0.0.1:{port}/healthz")
        print(f"curl -i http://127.0.0.1:{port}/")
        print(f"curl -i http://127.0.0.1:{port}/ -H 'Authorization: Bearer {issuer.access_token()}'")
        print(f"curl -i http://127.0.0.1:{port}/orders -H 'Authorization: Bearer {issuer.access_token()}'")
        print(f"curl -i http://127.0.0.1:{port}/orders -H 'Authorization: Bearer {reader}'", flush=True)
        with closing(validator):
            uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
