"""One attempt: from an ``Ask`` through ``http_get`` to a ``Reading``. Raises nothing."""

from __future__ import annotations

from jwtmr._keys.decision import Ask
from jwtmr._keys.reading import Reading, read_answer
from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.http import MAX_JWKS_BYTES, HttpGet, TooLarge


def fetch(http_get: HttpGet, ask: Ask, allowed: frozenset[str]) -> Reading:
    """Ask the endpoint once, and read what it says. The limits hold whatever ``http_get`` does."""
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "jwtmr"}
    if ask.trigger in ("unknown_kid", "recheck"):
        headers["cache-control"] = "no-cache"  # RFC 9111 section 5.2.1.4: a cache cannot know of a new key
    if ask.etag is not None:
        headers["if-none-match"] = ask.etag
    try:
        answer = http_get(ask.endpoint.url, headers=headers, timeout=ATTEMPT_TIME, max_bytes=MAX_JWKS_BYTES)
        if len(answer.body) > MAX_JWKS_BYTES:
            return Reading("too_large")
        return read_answer(
            answer.status, answer.headers, answer.body, allowed=allowed, etag=ask.etag, wall=ask.sent.wall
        )
    except TooLarge:
        return Reading("too_large")
    except TimeoutError:
        return Reading("timeout")
    except BaseException:  # noqa: BLE001  # a thread of ours: whatever ends somebody's http_get is a failed fetch
        return Reading("network")
