"""Watches two seams of the library, what it asks endpoints and what it tells observers; and how busy the machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from soak_facts import Fetch, Log

from jwtmr import Event
from jwtmr.events import FetchFinished
from jwtmr.http import HttpAnswer, httpx_get

HTTP_GET: Final = httpx_get()
"""One for all lives: reading the CA certificates takes longer than a validation."""
BEAT: Final = 0.05
NOTICEABLE: Final = 0.1
"""Seconds between two looks at the time, and how late one must be to count as a stall."""


class Watch:
    """The real ``http_get``, with a note of each question and its answer; and an observer of when they were taken in.

    An answer counts for the library a moment after it has come. Its own event says when that was at the latest: it is
    told in the thread that asked. Were it told elsewhere, the model would know less, and not something wrong.
    """

    def __init__(self, log: Log, urls: Sequence[str]) -> None:
        self._log = log
        self._places = {url: place for place, url in enumerate(urls)}
        self._urls = urls
        self._mine = threading.local()

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Ask ``url`` once."""
        fetch = Fetch(self._places[url], time.monotonic(), headers.get("if-none-match"))
        self._mine.fetch = fetch
        self._log.fetches.append(fetch)
        try:
            fetch.answer = HTTP_GET(url, headers=headers, timeout=timeout, max_bytes=max_bytes)
        except BaseException as error:
            fetch.failure = type(error).__name__
            raise
        else:
            return fetch.answer
        finally:
            fetch.returned = time.monotonic()

    def on_event(self, event: Event, /) -> None:
        """Take note of how the library took the answer that this thread brought."""
        fetch: Fetch | None = getattr(self._mine, "fetch", None)
        if fetch is None or fetch.outcome or not isinstance(event, FetchFinished):
            return
        if event.endpoint == self._urls[fetch.place]:
            fetch.outcome, fetch.trigger, fetch.duration = event.outcome, event.trigger, event.duration
            fetch.noted = time.monotonic()


@contextmanager
def heartbeat(log: Log) -> Iterator[None]:
    """Write down when this process did not get to run: a wait that is the machine's is not the library's."""
    over = threading.Event()

    def beat() -> None:
        last = time.monotonic()
        while not over.wait(BEAT):
            now = time.monotonic()
            if now - last > BEAT + NOTICEABLE:
                log.stalls.append((now, now - last - BEAT))
            last = now

    thread = threading.Thread(target=beat, name="soak-heartbeat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
