"""What is left of a uvicorn worker's requests per second behind the ASGI middleware. This process is the load."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from loader import Loader
from measure import Timed
from subject import Absent, Subject

from jwtmr.testing import RegionalIssuer

LIMIT: Final = 65.0
CACHED_LIMIT: Final = 85.0
"""Per cent of the requests per second of the bare application, under uvicorn as pip installs it. With httptools and
uvloop a bare request takes two bare verifications, and no validation could leave so much."""
APP: Final = Path(__file__).with_name("serving_app.py")


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """With the cache off, and with the cache on where there is one. With the parsers and loops that are installed."""
    missing = [name for name in ("uvicorn", "starlette") if importlib.util.find_spec(name) is None]
    if missing:
        raise Absent(f"{missing[0]} is not installed")
    fast = [name for name in ("httptools", "uvloop") if importlib.util.find_spec(name)]
    by = "uvicorn with " + " and ".join(fast or ["h11"])
    with RegionalIssuer() as pool, ExitStack() as stack:
        pool.switch_to_updated()
        token = pool.access_token()
        case = {"user_pool_id": pool.user_pool_id, "client_id": pool.client_id, "jwks_uris": pool.jwks_uris}

        def load(kind: str) -> Timed:
            loader = Loader(_served(stack, kind, case), token)
            return stack.enter_context(loader).timed

        ways = {"protected": (by, LIMIT), "cached": (f"{by}, cached", CACHED_LIMIT)}
        bare = load("bare")
        yield [
            Subject("serving", name, "kept", bare, load(kind), None if fast else limit, rounds=10, calls=64)
            for kind, (name, limit) in ways.items()
        ]


def _served(stack: ExitStack, kind: str, case: dict[str, object]) -> int:
    """Start the application, which ends with ``stack``, and return its port."""
    process = subprocess.Popen(
        [sys.executable, str(APP), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    stack.callback(process.wait, 10)
    assert process.stdin is not None
    assert process.stdout is not None
    stack.callback(process.stdout.close)
    stack.callback(process.stdin.close)
    print(json.dumps(case), file=process.stdin)
    port = process.stdout.readline()
    if not port:
        raise Absent(f"the application does not start: {kind}")
    return int(port)
