"""``Edge``: the settings that all adapters share, one validator behind them, and what happens at the start."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from jwtmr import CODES, CognitoUserPool, ConfigurationError, KeysUnavailable, TokenValidator
from jwtmr.bearer import (
    Edge,
    FromCookie,
    FromHeader,
    FromSubprotocol,
    RequestHead,
    ResourceMetadata,
    Startup,
    TokenSource,
)
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

HTTP_GET = httpx_get()
THREADS = 50
METADATA = ResourceMetadata(resource="https://api.example.com/v1")


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


def start(edge: Edge, how: str) -> None:
    """Start by threads or by asyncio."""
    if how == "sync":
        edge.start()
    else:
        asyncio.run(edge.start_async())


async def make_later() -> TokenValidator:
    """A function whose result would be no validator."""
    raise NotImplementedError


def test_the_defaults_are_those_of_the_design(validator: TokenValidator) -> None:
    """Realm ``api``, ``Authorization``, no document, and a start that warns."""
    edge = Edge(validator)
    assert (edge.realm, edge.source, edge.resource_metadata, edge.startup) == ("api", FromHeader(), None, "warn")
    assert edge.validator is validator


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        ({"validator": None}, "validator"),
        ({"validator": "https://issuer.example.com"}, "validator"),
        ({"validator": make_later}, "validator"),
        ({"realm": ""}, "realm"),
        ({"realm": 'a"b'}, "realm"),
        ({"realm": "a\r\nb"}, "realm"),
        ({"realm": "\xe4pi"}, "realm"),
        ({"realm": None}, "realm"),
        ({"token_sources": ()}, "token_sources"),
        ({"token_sources": (FromHeader(), FromSubprotocol())}, "token_sources"),
        ({"token_sources": FromHeader()}, "token_sources"),
        ({"resource_metadata": "https://api.example.com"}, "resource_metadata"),
        ({"resource_metadata": {"resource": "https://api.example.com"}}, "resource_metadata"),
        ({"startup": "eager"}, "startup"),
        ({"startup": None}, "startup"),
        ({"startup": True}, "startup"),
        ({"startup": ["warn"]}, "startup"),
    ],
)
def test_a_bad_setting_is_refused_by_name(validator: TokenValidator, settings: dict[str, Any], parameter: str) -> None:
    """Where it is made, and not at the first request."""
    with pytest.raises(ConfigurationError) as caught:
        Edge(settings.pop("validator", validator), **settings)
    assert caught.value.parameter == parameter
    assert str(caught.value).startswith(f"{parameter}: ")


def test_the_source_is_the_one_that_was_given(validator: TokenValidator) -> None:
    """Only it is asked for a token."""
    edge = Edge(validator, token_sources=[FromHeader("x-amzn-oidc-accesstoken")])
    headers = {"authorization": ["Bearer a"], "x-amzn-oidc-accesstoken": ["b"]}
    assert edge.token(RequestHead("GET", lambda name: headers[name])) == "b"


def test_a_function_is_not_called_before_it_is_needed(validator: TokenValidator) -> None:
    """An application can be imported where there is no configuration yet."""
    calls: list[None] = []

    def make() -> TokenValidator:
        calls.append(None)
        return validator

    edge = Edge(make)
    assert edge.refusal(CODES["expired"]()).status == 401
    assert not calls
    assert edge.validator is edge.validator is validator
    assert len(calls) == 1


def test_a_function_is_called_once_for_fifty_threads(validator: TokenValidator) -> None:
    """All that come while it runs wait for the one validator."""
    calls: list[None] = []
    gate = threading.Barrier(THREADS)
    first_is_in = threading.Event()

    def make() -> TokenValidator:
        calls.append(None)
        first_is_in.wait(0.2)  # nobody sets it: time for the others to arrive
        return validator

    edge = Edge(make)

    def ask(_: int) -> TokenValidator:
        gate.wait(10)
        return edge.validator

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(ask, range(THREADS)))
    assert len(calls) == 1
    assert {id(one) for one in made} == {id(validator)}


def test_a_function_is_called_once_for_one_loop_and_does_not_stall_it(validator: TokenValidator) -> None:
    """Making a validator may take its time; the loop serves others meanwhile, and it is made once."""
    calls: list[None] = []
    served = threading.Event()

    def make() -> TokenValidator:
        calls.append(None)
        assert served.wait(10)  # which only the loop that waits for this can set
        return validator

    async def ask() -> list[TokenValidator]:
        edge = Edge(make)
        waiting = [asyncio.create_task(edge.validator_async()) for _ in range(THREADS)]
        await asyncio.sleep(0)
        served.set()
        return await asyncio.gather(*waiting)

    assert {id(one) for one in asyncio.run(ask())} == {id(validator)}
    assert len(calls) == 1


def test_a_function_that_fails_is_called_again(validator: TokenValidator) -> None:
    """What it raises is raised as it is, nothing of it is kept, and the next request gets its chance."""
    outcomes: list[Callable[[], object]] = [lambda: 1 / 0, lambda: "no validator", lambda: None, lambda: validator]

    def make() -> TokenValidator:
        return outcomes.pop(0)()  # type: ignore[return-value]

    edge = Edge(make)
    with pytest.raises(ZeroDivisionError):
        _ = edge.validator
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            _ = edge.validator
        assert caught.value.parameter == "validator"
    assert edge.validator is validator
    assert edge.validator is validator
    assert not outcomes


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_has_the_realm_and_the_document(validator: TokenValidator, code: str) -> None:
    """Both are the settings' own, in every challenge."""
    error = CODES[code]()
    plain = Edge(validator, realm="orders").refusal(error).headers.get("WWW-Authenticate", "")
    full = (
        Edge(validator, realm="orders", resource_metadata=METADATA).refusal(error).headers.get("WWW-Authenticate", "")
    )
    if error.status == 503:
        assert plain == full == ""
    else:
        assert plain.startswith('Bearer realm="orders"')
        assert full == plain + f', resource_metadata="{METADATA.url}"'


@pytest.mark.parametrize(
    ("source", "methods"),
    [
        (FromHeader(), ["header"]),
        (FromHeader("x-amzn-oidc-accesstoken"), []),
        (FromCookie("session", allowed_origins=["https://app.example.com"]), []),
        (FromSubprotocol(), []),
    ],
)
def test_the_document_names_the_current_issuer_and_how_tokens_come(
    issuer: RegionalIssuer, source: TokenSource, methods: list[str]
) -> None:
    """By default the issuers of the validator that new tokens name; the old house is not among them."""
    window = issuer.clock.now()  # type: ignore[attr-defined]
    with closing(validator_for(issuer, accept_legacy_until=window, http_get=HTTP_GET)) as validator:
        edge = Edge(validator, token_sources=[source], resource_metadata=METADATA)
        document = edge.metadata_document()
        assert (document.status, document.headers) == (200, {"Access-Control-Allow-Origin": "*"})
        assert json.loads(document.body) == {
            "resource": "https://api.example.com/v1",
            "authorization_servers": [issuer.updated_issuer],
            "bearer_methods_supported": methods,
        }
    assert issuer.count() == 0


def test_without_metadata_there_is_no_document(validator: TokenValidator) -> None:
    """An adapter that asks for it all the same is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        Edge(validator).metadata_document()
    assert caught.value.parameter == "resource_metadata"


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("startup", ["warn", "require"])
def test_start_fetches_the_keys(
    issuer: RegionalIssuer,
    validator: TokenValidator,
    startup: Startup,
    how: str,
) -> None:
    """Afterwards a token is validated without asking anybody."""
    start(Edge(lambda: validator, startup=startup), how)
    assert validator.status().ready
    fetched = issuer.count()
    assert fetched > 0
    validator.validate(issuer.access_token())
    assert issuer.count() == fetched


@pytest.mark.parametrize("how", ["sync", "async"])
def test_lazy_start_asks_nobody(issuer: RegionalIssuer, validator: TokenValidator, how: str) -> None:
    """Neither a key host nor the function that makes the validator."""
    calls: list[None] = []

    def make() -> TokenValidator:
        calls.append(None)
        return validator

    start(Edge(make, startup="lazy"), how)
    assert (issuer.count(), calls) == (0, [])


@pytest.mark.parametrize("how", ["sync", "async"])
def test_start_in_an_outage_warns_and_goes_on(
    issuer: RegionalIssuer, validator: TokenValidator, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """A service that starts during an outage serves as soon as that is over."""
    issuer.take_down("us-east-1")
    with caplog.at_level(logging.WARNING, "jwtmr"):
        start(Edge(validator), how)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not validator.status().ready


@pytest.mark.parametrize("how", ["sync", "async"])
def test_required_start_fails_in_an_outage(issuer: RegionalIssuer, validator: TokenValidator, how: str) -> None:
    """Where that is asked for, an application without keys does not start."""
    issuer.take_down("us-east-1")
    with pytest.raises(KeysUnavailable):
        start(Edge(validator, startup="require"), how)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_required_start_is_content_with_one_authority(issuer: RegionalIssuer, how: str) -> None:
    """One house that is down does not keep the tokens of another from being served."""
    with RegionalIssuer(["eu-west-1"], clock=issuer.clock) as other:
        other.take_down("eu-west-1")
        pools = [
            CognitoUserPool(
                pool.user_pool_id,
                issuer_type="original",
                client_ids=[pool.client_id],
                token_use="access",
                jwks_uris=pool.jwks_uris_for("original"),
            )
            for pool in (other, issuer)
        ]
        with closing(TokenValidator(*pools, http_get=HTTP_GET, clock=issuer.clock)) as validator:
            start(Edge(validator, startup="require"), how)
            assert [authority.ready for authority in validator.status().authorities] == [False, True]
