"""A small Flask application behind the tokens of a user pool, which is played on this machine.

    .venv/bin/python examples/flask_app.py

It prints requests to try with what each is answered, and serves until Ctrl-C (--port for another place). With a pool of
your own the validator would be

    TokenValidator(CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="updated", client_ids=[…], token_use="access"))

``flask_factory.py`` shows an application factory with blueprints.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, suppress

from flask import Flask
from werkzeug.serving import make_server

from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_flask import BearerAuth, current_principal, get_principal

app = Flask(__name__)
auth = BearerAuth()


@app.get("/health")
def health() -> str:
    """For everybody: it has no decorator."""
    return "fine"


@app.get("/")
@auth.optional
def welcome() -> str:
    """For everybody too, but a bad token is refused."""
    principal = get_principal()
    return f"Hello, {principal.username if principal else 'whoever you are'}!"


@app.get("/orders")
@auth.require(scopes=["orders/read"])
def orders() -> dict[str, object]:
    """Users are known by issuer and subject: both stay the same when the pool's issuer moves."""
    return {"user": [current_principal.issuer, current_principal.subject], "orders": [17, 42]}


@app.delete("/orders/<int:number>")
@auth.require(scopes=["orders/read"], any_group=["admins"])
async def delete_order(number: int) -> dict[str, int]:
    """Async views stay async; they need ``flask[async]``."""
    return {"deleted": number}


def requests(issuer: RegionalIssuer, url: str) -> Iterator[tuple[int, str]]:
    """What to try: the status of the answer, and the command."""
    reader = f"-H 'Authorization: Bearer {issuer.access_token(scopes=['orders/read'])}'"
    admin = f"-H 'Authorization: Bearer {issuer.access_token(scopes=['orders/read'], groups=['admins'])}'"
    late = f"-H 'Authorization: Bearer {issuer.access_token(expires_in=-60)}'"
    yield 200, f"curl -i {url}/health"
    yield 200, f"curl -i {url}/"
    yield 401, f"curl -i {late} {url}/"
    yield 401, f"curl -i {url}/orders"
    yield 200, f"curl -i {reader} {url}/orders"
    yield 403, f"curl -i -X DELETE {reader} {url}/orders/17"
    yield 200, f"curl -i -X DELETE {admin} {url}/orders/17"


def main() -> None:
    """Play the pool and serve the application until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A Flask application behind the tokens of a pool that is played here.")
    parser.add_argument("--port", type=int, default=8000, help="0 for any free one")
    port: int = parser.parse_args().port
    with RegionalIssuer() as issuer, closing(validator_for(issuer, issuer_type="original")) as validator:
        auth.init_app(app, validator)
        server = make_server("127.0.0.1", port, app, threaded=True)
        with suppress(KeyboardInterrupt):
            for status, command in requests(issuer, f"http://127.0.0.1:{server.port}"):
                print(f"# {status}\n{command}")
            print("\nCtrl-C ends.", flush=True)
            server.serve_forever()
        server.server_close()


if __name__ == "__main__":
    main()
