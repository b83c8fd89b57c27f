"""A uvicorn worker with the least of an application: ``python serving_app.py KIND`` and a case on standard input.

``KIND`` is ``bare``, ``protected`` or ``cached``. It says its port in one line, and ends when its input does.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import uvicorn
from hello_app import hello

import jwtmr
from jwtmr import CognitoUserPool, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware


def application(kind: str, case: dict[str, Any]) -> Any:  # noqa: ANN401 - an ASGI application
    """Hello, world; to everybody, or to who may hear it."""
    if kind == "bare":
        return hello
    pool = CognitoUserPool(
        case["user_pool_id"], issuer_type="updated", client_ids=[case["client_id"]], token_use="access",
        jwks_uris=case["jwks_uris"],
    )  # fmt: skip
    remembered = {"token_cache": jwtmr.TokenCache(max_entries=10_000, ttl=60)} if kind == "cached" else {}
    return BearerAuthMiddleware(hello, TokenValidator(pool, **remembered), startup="require")


def main(kind: str) -> None:
    """Serve until nobody is there to be served."""
    app = application(kind, json.loads(sys.stdin.readline()))
    quiet = {"log_level": "critical", "access_log": False}
    # Between two pairs the load is elsewhere for longer than the usual five seconds.
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, timeout_keep_alive=3600, **quiet))

    async def tell() -> None:
        await started(sockets=None)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        threading.Thread(target=leave, daemon=True).start()

    def leave() -> None:
        sys.stdin.read()
        server.should_exit = True

    started = server.startup
    server.startup = lambda sockets=None: tell()  # type: ignore[method-assign, assignment]
    server.run()


if __name__ == "__main__":
    main(sys.argv[1])
