"""An observer may know its validator, as one that exports its status does: both are forgotten together."""

from __future__ import annotations

import gc
import time
import weakref
from contextlib import closing

import pytest
from observer_kit import PATIENCE

from jwtmr import BackgroundObserver, Event, TokenCache, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for

HTTP_GET = httpx_get()


class Knowing:
    """An observer with a validator."""

    def __init__(self) -> None:
        self.validator: TokenValidator | None = None

    def on_event(self, _: Event, /) -> None:
        """Take no note."""


def used(*, cached: bool, background: bool) -> weakref.ref[TokenValidator]:
    """A validator that has had its tokens, was closed, and that nobody has any more."""
    observer = Knowing()
    outer = BackgroundObserver(observer) if background else observer
    cache = TokenCache() if cached else None
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(
            issuer, issuer_type="original", observers=[outer], token_cache=cache, http_get=HTTP_GET
        )
        observer.validator = validator
        with closing(validator):
            for _ in range(3):
                validator.validate(issuer.access_token())
    if isinstance(outer, BackgroundObserver):
        assert outer.close(PATIENCE)
    return weakref.ref(validator)


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("cached", [True, False])
def test_a_closed_validator_is_forgotten(cached: bool, background: bool) -> None:
    """Whatever it remembers of tokens leads to its observers, and from them to itself; that keeps nothing alive."""
    gone = used(cached=cached, background=background)
    end = time.monotonic() + PATIENCE
    while gone() is not None and time.monotonic() < end:
        time.sleep(0.01)  # threads that were asking for keys end, too
        gc.collect()
    assert gone() is None


def test_closing_does_not_wait_for_who_is_remembering() -> None:
    """A signal handler may close a validator whose thread is in the middle of that, with the lock of the cache."""
    cache = TokenCache()
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(issuer, issuer_type="original", token_cache=cache, http_get=HTTP_GET)
        validator.validate(issuer.access_token())
        with cache._lock:  # noqa: SLF001 - as ``keep`` holds it
            validator.close()
            assert len(cache) == 1
        validator.close()
    assert len(cache) == 0
