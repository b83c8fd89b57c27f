"""One attempt: from an ``Ask`` through ``http_get`` to a ``Reading``. Raises nothing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

from msgspec.structs import replace

from jwtmr._keys.decision import Ask
from jwtmr._keys.discovery import read_document
from jwtmr._keys.reading import Reading, read_answer
from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.http import MAX_JWKS_BYTES, HttpAnswer, HttpGet, TooLarge
from jwtmr.issuers import JwksEndpoint

T = TypeVar("T")


DOCUMENT_SHARE: Final = 1.0
"""Seconds of an attempt that the discovery document may take where something can be done without it."""


def fetch(http_get: HttpGet, ask: Ask, allowed: frozenset[str]) -> Reading:
    """Ask the endpoint once, and read what it says. The limits hold whatever ``http_get`` does.

    Where a discovery document names the key set it is asked first if need be, and again if there are no keys to be had
    at the place that it named, or not those that are sought: they may have moved.
    """
    attempt, known = _Attempt(http_get, ask, allowed), ask.jwks_uri
    reading = None if known is None or ask.document_first else attempt.keys(known, ask.etag)
    if reading is not None and (ask.endpoint.discovers is None or _suffices(ask, reading)):
        return reading
    dispensable = known is not None and (reading is None or reading.good)
    said = attempt.discover(ask.endpoint, DOCUMENT_SHARE if dispensable else ATTEMPT_TIME)
    if not isinstance(said, Reading):
        if reading is None or said != known:
            leaked = frozenset[str]() if reading is None else reading.leaked  # also at the place that they have left
            reading = attempt.keys(said, ask.etag if said == known else None)
            reading = replace(reading, leaked=reading.leaked | leaked)
        return replace(reading, jwks_uri=said)
    if reading is None and known is not None and said.outcome in ("timeout", "network", "server_error"):
        reading = attempt.keys(known, ask.etag)  # nothing was said against its last word
    return said if reading is None else _without_document(reading, said)


def _suffices(ask: Ask, reading: Reading) -> bool:
    """Whether the keys that are sought are there."""
    return reading.good and (reading.keys is None or ask.sought <= reading.keys.keys.keys())


def _without_document(keys: Reading, document: Reading) -> Reading:
    """How an attempt ended in which the document could not be had."""
    if keys.good:
        return keys
    # That there are no keys at a place is no answer while nobody says that they are still there.
    failed = document if keys.outcome == "client_error" else keys
    return replace(
        failed, retry_after=keys.retry_after or document.retry_after, refused=(*keys.refused, *document.refused)
    )


class _Attempt:
    """The requests of one attempt, which share its time."""

    def __init__(self, http_get: HttpGet, ask: Ask, allowed: frozenset[str]) -> None:
        self._http_get = http_get
        self._allowed = allowed
        self._wall = ask.sent.wall
        # RFC 9111 section 5.2.1.4: a cache cannot know of a new key
        self._revalidate = ask.trigger in ("unknown_kid", "recheck")
        self._deadline = monotonic() + ATTEMPT_TIME

    def discover(self, endpoint: JwksEndpoint, limit: float) -> Reading | str:
        """Ask the discovery document where the keys are, for ``limit`` seconds at most."""

        def ask() -> Reading | str:
            answer = self._get(endpoint.url, limit=limit)
            return read_document(answer.status, answer.headers, answer.body, endpoint, self._wall)

        return _failing(ask)

    def keys(self, uri: str, etag: str | None = None) -> Reading:
        """Ask for the key set."""

        def ask() -> Reading:
            answer = self._get(uri, etag)
            return read_answer(
                answer.status, answer.headers, answer.body, allowed=self._allowed, etag=etag, wall=self._wall
            )

        return _failing(ask)

    def _get(self, url: str, etag: str | None = None, limit: float = ATTEMPT_TIME) -> HttpAnswer:
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "jwtmr"}
        if self._revalidate:
            headers["cache-control"] = "no-cache"
        if etag is not None:
            headers["if-none-match"] = etag
        left = min(self._deadline - monotonic(), limit)
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
