"""What an application does when it starts, served for real: with keys, and in an outage."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from edge_adapters import ADAPTERS, Adapter
from edge_checks import leaks
from edge_servers import DidNotStart
from edge_tokens import HTTP_GET
from edge_wire import Client

from jwtmr import KeysUnavailable, TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

OVER_HTTP = [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS if "http" in adapter.over]
REQUESTS = 20


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A pool in one region, on the original issuer."""
    with RegionalIssuer(["us-east-1"], clock=SettableClock()) as issuer:
        yield issuer


@pytest.fixture
def validator(issuer: RegionalIssuer) -> Iterator[TokenValidator]:
    """A validator that has fetched nothing yet."""
    with closing(validator_for(issuer, issuer_type="original", http_get=HTTP_GET)) as validator:
        yield validator


def status(port: int, issuer: RegionalIssuer) -> int:
    """Of a request with a good token."""
    return Client(port).http("GET", b"/me", [b"Authorization: Bearer " + issuer.access_token().encode()]).status


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize("startup", ["warn", "require"])
def test_keys_are_fetched_before_the_first_request(
    issuer: RegionalIssuer, validator: TokenValidator, adapter: Adapter, startup: str
) -> None:
    """The lifespan does it, or ``init_app``; a request finds them there."""
    with adapter.serving(validator, startup=startup) as port:
        fetched = issuer.count()
        assert fetched > 0
        assert status(port, issuer) == 200
        assert issuer.count() == fetched
    assert validator.status().ready  # who makes a validator closes it; an adapter does not


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_required_keys_that_are_missing_stop_the_start(
    issuer: RegionalIssuer, validator: TokenValidator, adapter: Adapter
) -> None:
    """The server does not serve; in Flask there is no application to be served."""
    issuer.take_down("us-east-1")
    expected = KeysUnavailable if adapter.name == "flask" else DidNotStart
    with pytest.raises(expected), adapter.serving(validator, startup="require"):
        pass


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_a_start_in_an_outage_serves_when_that_is_over(
    issuer: RegionalIssuer, validator: TokenValidator, adapter: Adapter
) -> None:
    """Until then 503, which names no host, and never 401."""
    issuer.take_down("us-east-1")
    with adapter.serving(validator) as port:
        lines = [b"Authorization: Bearer " + issuer.access_token().encode()]
        reply = Client(port).http("GET", b"/me", lines)
        assert (reply.status, reply.values("www-authenticate")) == (503, [])
        (after,) = reply.values("retry-after")
        assert leaks(reply, ["127.0.0.1", *(endpoint.url.split("/")[2] for endpoint in issuer.endpoints)]) == []
        issuer.bring_up("us-east-1")
        assert isinstance(issuer.clock, SettableClock)
        issuer.clock.advance(int(after) + 60)
        assert status(port, issuer) == 200


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_lazy_start_makes_one_validator_at_the_first_token(
    issuer: RegionalIssuer, validator: TokenValidator, adapter: Adapter
) -> None:
    """No host is asked and no validator is made before, and only one when many requests come at once."""
    calls: list[None] = []

    def make() -> TokenValidator:
        calls.append(None)
        return validator

    with adapter.serving(make, startup="lazy") as port, ThreadPoolExecutor(REQUESTS) as pool:
        assert Client(port).http("GET", b"/me").status == 401
        assert (issuer.count(), calls) == (0, [])
        answers = list(pool.map(lambda _: status(port, issuer), range(REQUESTS)))
    assert answers == [200] * REQUESTS
    assert len(calls) == 1
