"""An observer may know its validator, as one that exports its status does: both are forgotten together."""

from __future__ import annotations

import gc
import time
import weakref
from contextlib import closing, nullcontext

import pytest
from observer_kit import PATIENCE

from jwtmr import BackgroundObserver, Event, TokenCache, TokenValidator
from jwtmr.errors import InsufficientScope
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for

HTTP_GET = httpx_get()


class Knowing:
    """An observer with a validator."""

    def __init__(self) -> None:
        self.validator: TokenValidator | None = None

    def on_event(self, _: Event, /) -> None:
        """Take no note."""


def used(*, cached: bool, background: bool, closed: bool = True) -> weakref.ref[TokenValidator]:
    """A validator that has had its tokens, and that nobody has any more."""
    observer = Knowing()
    outer = BackgroundObserver(observer) if background else observer
    cache = TokenCache() if cached else None
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(
            issuer, issuer_type="original", observers=[outer], token_cache=cache, http_get=HTTP_GET
        )
        observer.validator = validator
        with closing(validator) if closed else nullcontext():
            for _ in range(3):
                validator.validate(issuer.access_token())
    if isinstance(outer, BackgroundObserver):
        assert outer.close(PATIENCE)
    return weakref.ref(validator)


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("cached", [True, False])
def test_a_closed_validator_is_forgotten(cached: bool, background: bool) -> None:
    """Whatever it knows leads to its observers, and from them to itself; that keeps nothing alive."""
    assert_forgotten(used(cached=cached, background=background))


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("cached", [True, False])
def test_one_that_was_never_closed_is_forgotten(cached: bool, background: bool) -> None:
    """The garbage collector does not look into tokens that are counted or remembered, so they lead nowhere."""
    assert_forgotten(used(cached=cached, background=background, closed=False))


def test_a_principal_does_not_keep_its_validator() -> None:
    """What is asked of it in vain later is told to nobody, as there is nobody, and refused all the same."""
    observer = Knowing()
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(issuer, issuer_type="original", observers=[observer], http_get=HTTP_GET)
        observer.validator = validator
        principal, gone = validator.validate(issuer.access_token()), weakref.ref(validator)
    del validator, observer
    assert_forgotten(gone)
    with pytest.raises(InsufficientScope):
        principal.require(scopes=["write"])


def assert_forgotten(gone: weakref.ref[TokenValidator]) -> None:
    """It is gone, or goes when what was asking for its keys comes to its end."""
    end = time.monotonic() + PATIENCE
    while gone() is not None and time.monotonic() < end:
        time.sleep(0.01)  # threads that were asking for keys end, too
        gc.collect()
    assert gone() is None


def test_closing_does_not_wait_for_who_is_remembering() -> None:
    """A signal handler may close a validator whose thread is in the middle of that."""
    cache, someone = TokenCache(), object()
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator = validator_for(issuer, issuer_type="original", token_cache=cache, http_get=HTTP_GET)
        validator.validate(issuer.access_token())
        cache._writers.append(someone)  # noqa: SLF001 - as ``keep`` does
        validator.validate(issuer.access_token(subject="another"))
        assert len(cache) == 1
        validator.close()
    assert len(cache) == 0
