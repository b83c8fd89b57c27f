"""One attempt: from an ``Ask`` through ``http_get`` to a ``Reading``. Raises nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from jwtmr._keys.decision import Ask
from jwtmr._keys.discovery import read_document
from jwtmr._keys.reading import Reading, read_answer
from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.http import MAX_JWKS_BYTES, HttpAnswer, HttpGet, TooLarge

T = TypeVar("T")


def fetch(http_get: HttpGet, ask: Ask, allowed: frozenset[str]) -> Reading:
    """Ask the endpoint once, and read what it says. The limits hold whatever ``http_get`` does.

    Where a discovery document names the key set it is asked first if need be, and again if there are no keys to be had
    at the place that it named: they may have moved.
    """
    attempt = _Attempt(http_get, ask, allowed)
    reading = None
    if ask.jwks_uri is not None:
        reading = attempt.keys(ask.jwks_uri, ask.etag)
        if reading.good or ask.endpoint.discovers is None:
            return reading
    said = attempt.discover(ask.endpoint.url, ask.endpoint.discovers or "")
    if isinstance(said, Reading):
        return said if reading is None else reading
    if reading is None or said != ask.jwks_uri:
        reading = attempt.keys(said)
    return replace(reading, jwks_uri=said)


class _Attempt:
    """The requests of one attempt, which share its time."""

    def __init__(self, http_get: HttpGet, ask: Ask, allowed: frozenset[str]) -> None:
        self._http_get = http_get
        self._allowed = allowed
        self._wall = ask.sent.wall
        # RFC 9111 section 5.2.1.4: a cache cannot know of a new key
        self._revalidate = ask.trigger in ("unknown_kid", "recheck")
        self._deadline = monotonic() + ATTEMPT_TIME

    def discover(self, url: str, issuer: str) -> Reading | str:
        """Ask the discovery document where the keys are."""

        def ask() -> Reading | str:
            answer = self._get(url)
            return read_document(answer.status, answer.headers, answer.body, issuer, self._wall)

        return _failing(ask)

    def keys(self, uri: str, etag: str | None = None) -> Reading:
        """Ask for the key set."""

        def ask() -> Reading:
            answer = self._get(uri, etag)
            return read_answer(
                answer.status, answer.headers, answer.body, allowed=self._allowed, etag=etag, wall=self._wall
            )

        return _failing(ask)

    def _get(self, url: str, etag: str | None = None) -> HttpAnswer:
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "jwtmr"}
        if self._revalidate:
            headers["cache-control"] = "no-cache"
        if etag is not None:
            headers["if-none-match"] = etag
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        answer = self._http_get(url, headers=headers, timeout=left, max_bytes=MAX_JWKS_BYTES)
        if len(answer.body) > MAX_JWKS_BYTES:
            raise TooLarge
        return answer


def _failing(ask: Callable[[], T]) -> T | Reading:
    """What ``ask`` returns, or how it failed."""
    try:
        return ask()
    except TooLarge:
        return Reading("too_large")
    except TimeoutError:
        return Reading("timeout")
    except BaseException:  # noqa: BLE001  # a thread of ours: whatever ends somebody's http_get is a failed fetch
        return Reading("network")
