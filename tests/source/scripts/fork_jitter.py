"""Prints, for a process and its children, after how many seconds each of them refreshes the keys that all share.

Keys are refreshed inline, so the second is exact: it is the one whose request asked for them.
"""

from __future__ import annotations

import json

from common import fork, reap, say, validator_of

from jwtmr import HttpAnswer, KeyPolicy
from jwtmr.testing import SettableClock, TokenMint

CHILDREN = 6


def main() -> None:
    """Fetch once, fork, and let the time pass in each process for itself."""
    clock = SettableClock()
    mint = TokenMint(["us-east-1"], clock=clock)
    body = json.dumps(mint.jwks()).encode()
    asked: list[str] = []

    def get(url: str, **_: object) -> HttpAnswer:
        asked.append(url)
        return HttpAnswer(200, {"cache-control": "max-age=900"}, body)

    policy = KeyPolicy(refresh="inline", wait=10)
    url = "https://keys.example/jwks.json"
    validator = validator_of(url, mint.user_pool_id, mint.client_id, policy=policy, http_get=get, clock=clock)
    token = mint.access_token()
    validator.validate(token)

    def refreshed_after() -> int:
        for second in range(1, 901):
            clock.advance(1)
            validator.validate(token)
            if len(asked) == 2:
                return second
        return -1

    for child in [fork(refreshed_after) for _ in range(CHILDREN)]:
        say("exit", reap(child))
    say("parent", refreshed_after())


if __name__ == "__main__":
    main()
