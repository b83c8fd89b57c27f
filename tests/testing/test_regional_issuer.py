"""The regional issuer over real sockets: what each host answers, the switch, outages, rotations and the record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import httpx
import jwt
import pytest

from jwtmr import ConfigurationError
from jwtmr.testing import HostForm, Outage, RegionalEndpoint, RegionalIssuer, SettableClock

PRIMARY, REPLICA = "us-east-1", "us-west-2"


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A started issuer, already switched to the updated issuer, with all its hosts answering."""
    with RegionalIssuer([PRIMARY, REPLICA], clock=SettableClock()) as started:
        started.switch_to_updated()
        yield started


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that opens a connection for each request, as one to several outages has to."""
    with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=0.3, trust_env=False) as made:
        yield made


def url_of(issuer: RegionalIssuer, region: str, form: HostForm) -> str:
    """The JWKS URL of one host."""
    (url,) = (host.url for host in issuer.endpoints if (host.region, host.form) == (region, form))
    return url


def statuses(issuer: RegionalIssuer, client: httpx.Client) -> dict[tuple[str, str], int | str]:
    """What each host answers to a request for its keys: a status, or the kind of silence."""
    found: dict[tuple[str, str], int | str] = {}
    for host in issuer.endpoints:
        try:
            found[host.region, host.form] = client.get(host.url).status_code
        except httpx.TransportError as problem:
            found[host.region, host.form] = type(problem).__name__
    return found


def test_begins_on_the_original_issuer(client: httpx.Client) -> None:
    """Before the switch the original hosts answer and the updated ones refuse with 403, and both change with it."""
    before = {("us-east-1", "updated"): 403, ("us-east-1", "original"): 200}
    before |= {("us-west-2", "updated"): 403, ("us-west-2", "original"): 200}
    with RegionalIssuer() as issuer:
        assert statuses(issuer, client) == before
        refused = client.get(issuer.jwks_uris[0])
        assert (refused.headers["content-type"], refused.json()) == ("application/json", {"message": "Forbidden"})
        assert client.get(issuer.jwks_uris[0].replace("jwks.json", "openid-configuration")).status_code == 403
        issuer.switch_to_updated()
        assert set(statuses(issuer, client).values()) == {200}
        issuer.switch_back()
        assert statuses(issuer, client) == before


def test_all_hosts_publish_the_keys_that_verify(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """Each host publishes the same set, and tokens of all kinds verify with it in plain PyJWT."""
    for host in issuer.endpoints:
        answer = client.get(host.url)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == issuer.jwks()
        keys = jwt.PyJWKSet.from_dict(answer.json())
        for token in (issuer.access_token(), issuer.id_token(), issuer.machine_token()):
            kid = jwt.get_unverified_header(token)["kid"]
            claims = jwt.decode(token, keys[kid], algorithms=["RS256"], options={"verify_aud": False})
            assert claims["iss"] == issuer.updated_issuer


def test_endpoints_and_their_order(issuer: RegionalIssuer) -> None:
    """URLs are on loopback with the pool in their path, and listed in the validator's order of precedence."""
    found = {(host.region, host.form): host.url for host in issuer.endpoints}
    assert len(set(found.values())) == len(found) == 4
    for url in found.values():
        host, pool, rest = url.removeprefix("http://127.0.0.1:").split("/", 2)
        assert host.isdigit()
        assert (pool, rest) == (issuer.user_pool_id, ".well-known/jwks.json")
    originals = [found[PRIMARY, "original"], found[REPLICA, "original"]]
    assert issuer.jwks_uris == issuer.jwks_uris_for("updated") == [found[PRIMARY, "updated"], *originals]
    assert issuer.jwks_uris_for("original") == originals
    assert issuer.endpoints[0] == RegionalEndpoint(PRIMARY, "updated", found[PRIMARY, "updated"])


def test_one_region_is_enough(client: httpx.Client) -> None:
    """A pool without replication has two hosts."""
    with RegionalIssuer(["eu-west-1"]) as issuer:
        assert statuses(issuer, client) == {("eu-west-1", "updated"): 403, ("eu-west-1", "original"): 200}


def test_discovery_names_this_host(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """The discovery document of a host names the issuer of that host and the keys on loopback."""
    expected = {
        (PRIMARY, "updated"): issuer.updated_issuer,
        (REPLICA, "updated"): issuer.updated_issuer,
        (PRIMARY, "original"): issuer.original_issuer,
        (REPLICA, "original"): issuer.replica_issuer(REPLICA),
    }
    for host in issuer.endpoints:
        document = client.get(host.url.replace("jwks.json", "openid-configuration")).json()
        assert (document["issuer"], document["jwks_uri"]) == (expected[host.region, host.form], host.url)


@pytest.mark.parametrize("path", ["/", "/.well-known/jwks.json", "/us-east-1_Other/.well-known/jwks.json"])
def test_other_paths_are_not_found(issuer: RegionalIssuer, client: httpx.Client, path: str) -> None:
    """A pool's hosts know its two documents and nothing else."""
    assert client.get(httpx.URL(issuer.jwks_uris[0]).copy_with(path=path)).status_code == 404


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_documents_are_read_only(issuer: RegionalIssuer, client: httpx.Client, method: str, status: int) -> None:
    """GET and HEAD are all that a document allows; a query does not matter."""
    answer = client.request(method, issuer.jwks_uris[0] + "?x=y")
    assert answer.status_code == status
    assert answer.headers.get("allow") == ("GET, HEAD" if status == 405 else None)


def test_an_unchanged_set_is_not_sent_again(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """A client that names the ETag gets 304 with the same cache headers, until the set changes."""
    url = issuer.jwks_uris[0]
    first = client.get(url)
    etag = first.headers["etag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get(url, headers={"If-None-Match": condition})
        assert (again.status_code, again.content) == (304, b"")
        assert [again.headers[name] for name in ("etag", "cache-control")] == [etag, "public, max-age=900"]
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    issuer.rotate()
    changed = client.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert changed.json() == issuer.jwks()


@pytest.mark.parametrize(("max_age", "header"), [(60, "public, max-age=60"), (0, "public, max-age=0"), (None, None)])
def test_cache_headers_can_be_set(
    issuer: RegionalIssuer, client: httpx.Client, max_age: int | None, header: str | None
) -> None:
    """How long answers may be kept is up to the test, and so is whether they say it at all."""
    issuer.max_age = max_age
    assert client.get(issuer.jwks_uris[0]).headers.get("cache-control") == header


def test_answers_are_dated_by_the_clock(client: httpx.Client) -> None:
    """``Date`` is the moment of the issuer's clock, as ages are computed from it."""
    clock = SettableClock(1_800_000_000)
    with RegionalIssuer(clock=clock) as issuer:
        clock.advance(90)
        date = client.get(issuer.jwks_uris_for("original")[0]).headers["date"]
    assert parsedate_to_datetime(date).timestamp() == 1_800_000_090


def test_one_host_can_publish_something_else(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """What one endpoint publishes can be replaced, by an empty set too, without touching the others."""
    url = url_of(issuer, REPLICA, "original")
    others: list[dict[str, object]] = [{"keys": issuer.jwks()["keys"][:1]}, {"keys": []}, {}]
    for own in others:
        issuer.publish(REPLICA, "original", own)
        assert client.get(url).json() == own
        assert client.get(issuer.jwks_uris[0]).json() == issuer.jwks()
    issuer.publish(REPLICA, "original", None)
    assert client.get(url).json() == issuer.jwks()


def test_a_published_set_is_a_copy(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """Changing a dict after publishing it changes no answer."""
    own = issuer.jwks()
    issuer.publish(PRIMARY, "updated", own)
    own["keys"].clear()
    assert client.get(issuer.jwks_uris[0]).json() == issuer.jwks()


def test_withdrawal_shows_everywhere(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """A withdrawn key is gone from every host."""
    issuer.withdraw(issuer.id_kid)
    for host in issuer.endpoints:
        assert [key["kid"] for key in client.get(host.url).json()["keys"]] == [issuer.access_kid]


@pytest.mark.parametrize(
    ("how", "silence"), [("refuse", "ConnectError"), ("drop_syn", "ConnectTimeout"), ("accept_silent", "ReadTimeout")]
)
def test_a_region_goes_down_and_comes_back(
    issuer: RegionalIssuer, client: httpx.Client, how: Outage, silence: str
) -> None:
    """Both hosts of a region fail in the way asked, the other region answers, and the region returns on its URLs."""
    endpoints = issuer.endpoints
    issuer.take_down(PRIMARY, how)
    assert statuses(issuer, client) == {
        (PRIMARY, "updated"): silence,
        (PRIMARY, "original"): silence,
        (REPLICA, "updated"): 200,
        (REPLICA, "original"): 200,
    }
    issuer.bring_up(PRIMARY)
    assert issuer.endpoints == endpoints
    assert set(statuses(issuer, client).values()) == {200}


def test_one_host_goes_down_alone(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """With a form only that host of the region fails, and a region is up when each of its hosts is."""
    issuer.take_down(PRIMARY, form="updated")
    issuer.take_down(PRIMARY, form="original")
    issuer.bring_up(PRIMARY, form="original")
    assert statuses(issuer, client)[PRIMARY, "updated"] == "ConnectError"
    assert list(statuses(issuer, client).values()).count(200) == 3


def test_records_by_host(issuer: RegionalIssuer, client: httpx.Client) -> None:
    """Requests are counted and recorded by region and form, in the order of their arrival, also unanswered ones."""
    replica, primary = url_of(issuer, REPLICA, "original"), url_of(issuer, PRIMARY, "updated")
    issuer.take_down(REPLICA, "accept_silent")
    for url in (primary, replica, primary):
        try:
            client.get(url)
        except httpx.ReadTimeout:
            assert url == replica
    assert [request.url for request in issuer.requests()] == [primary, replica, primary]
    assert [request.fault for request in issuer.requests()] == [None, "accept_silent", None]
    assert [request.url for request in issuer.requests(PRIMARY, "updated")] == [primary, primary]
    assert issuer.count() == 3
    assert (issuer.count(PRIMARY), issuer.count(REPLICA)) == (2, 1)
    assert (issuer.count(form="original"), issuer.count(form="updated")) == (1, 2)
    assert issuer.count(PRIMARY, "original") == 0
    issuer.forget_requests()
    assert (issuer.requests(), issuer.count()) == ([], 0)


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda issuer: issuer.take_down("us-east-2"), "region"),
        (lambda issuer: issuer.bring_up("us-east-2"), "region"),
        (lambda issuer: issuer.count("us-east-2"), "region"),
        (lambda issuer: issuer.requests(form="old"), "form"),
        (lambda issuer: issuer.publish("us-east-1", "new", {}), "form"),
        (lambda issuer: issuer.jwks_uris_for("new"), "issuer_type"),
        (lambda issuer: issuer.take_down("us-east-1", "off"), "how"),
    ],
)
def test_misspelt_hosts_are_refused(
    issuer: RegionalIssuer, call: Callable[[RegionalIssuer], object], parameter: str
) -> None:
    """A test that names a region or a host that is not there fails, and does not pass for nothing."""
    with pytest.raises(ConfigurationError) as refused:
        call(issuer)
    assert refused.value.parameter == parameter


def test_starts_once_and_closes_any_number_of_times() -> None:
    """Endpoints exist from the start on; an issuer is not started twice; closing is always safe."""
    issuer = RegionalIssuer()
    with pytest.raises(RuntimeError, match="not started"):
        _ = issuer.endpoints
    issuer.close()
    issuer.start()
    with pytest.raises(RuntimeError, match="started before"):
        issuer.start()
    issuer.close()
    issuer.close()


def test_a_closed_issuer_lends_its_key_material() -> None:
    """The next issuer need not make keys of its own, and names them anew."""
    with RegionalIssuer() as first:
        pass
    with RegionalIssuer() as second:
        assert {key["n"] for key in second.jwks()["keys"]} == {key["n"] for key in first.jwks()["keys"]}
        assert {first.access_kid, first.id_kid}.isdisjoint({second.access_kid, second.id_kid})


@pytest.mark.parametrize("how", [None, "refuse", "drop_syn", "accept_silent"])
def test_closing_is_quick_and_leaves_no_thread(how: Outage | None) -> None:
    """Up or down, an issuer is gone at once."""
    before = set(threading.enumerate())
    issuer = RegionalIssuer([PRIMARY, REPLICA, "eu-west-1"])
    issuer.start()
    if how:
        issuer.take_down(PRIMARY, how)
    started = time.monotonic()
    issuer.close()
    assert time.monotonic() - started < 0.5
    assert set(threading.enumerate()) == before
