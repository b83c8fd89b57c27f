"""The document of RFC 9728 over the wire: for everybody, and never from what a caller says of this host."""

from __future__ import annotations

import pytest
from edge_adapters import ADAPTERS, Adapter, PortOf
from edge_checks import leaks, unprintable
from edge_sources import HOSTILE
from edge_table import RESOURCE, WELL_KNOWN
from edge_tokens import Town
from edge_wire import Client

from jwtmr.bearer import ResourceMetadata

OVER_HTTP = [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS if "http" in adapter.over]


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize(
    "lines",
    [
        (),
        HOSTILE,
        (b"Authorization: Bearer {forged}",),
        (b"Authorization: Bearer", b"Authorization: Basic YQ=="),
        (b"Origin: https://evil.example",),
    ],
    ids=["nothing", "hostile Host", "forged token", "two headers", "foreign page"],
)
def test_the_document_is_the_same_for_everybody(
    town: Town, port_of: PortOf, adapter: Adapter, lines: tuple[bytes, ...]
) -> None:
    """Whoever asks gets it, with whatever credentials, under whatever name of the host."""
    client = Client(port_of(adapter, "metadata"))
    reply = client.http("GET", WELL_KNOWN, [town.fill_in(line) for line in lines])
    assert (reply.status, reply.values("content-type")) == (200, ["application/json"])
    assert reply.content == {
        "resource": RESOURCE,
        "authorization_servers": [town.issuer.updated_issuer],
        "bearer_methods_supported": ["header"],
    }
    assert leaks(reply, ["evil.example", "app.test", "127.0.0.1", *town.hosts]) == []
    assert unprintable(reply) == []


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_the_document_can_be_asked_for_by_head(port_of: PortOf, adapter: Adapter) -> None:
    """The same without a body."""
    reply = Client(port_of(adapter, "metadata")).http("HEAD", WELL_KNOWN)
    assert (reply.status, reply.values("content-type"), reply.body) == (200, ["application/json"], b"")


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize("path", [WELL_KNOWN + b"/x", WELL_KNOWN + b"x", b"/me", b"/.well-known/openid-configuration"])
def test_nothing_beside_the_document_is_open(port_of: PortOf, adapter: Adapter, path: bytes) -> None:
    """Only that one path: a router may know no other, a middleware lets nobody through."""
    assert Client(port_of(adapter, "metadata")).http("GET", path).status in (401, 404)


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_the_document_cannot_be_written(port_of: PortOf, adapter: Adapter) -> None:
    """It answers GET and HEAD."""
    assert Client(port_of(adapter, "metadata")).http("POST", WELL_KNOWN, body=b"x").status in (401, 405)


@pytest.mark.parametrize("adapter", OVER_HTTP)
def test_without_metadata_there_is_no_document(port_of: PortOf, adapter: Adapter) -> None:
    """RFC 9728 is a choice."""
    assert Client(port_of(adapter, "header")).http("GET", WELL_KNOWN).status in (401, 404)


@pytest.mark.parametrize("adapter", OVER_HTTP)
@pytest.mark.parametrize(
    "resource",
    [
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com/v1/",
        "https://api.example.com:8443/a/b",
        "https://api.example.com/a%20b",
        "https://api.example.com/%C3%A4",
        "https://api.example.com/~a;b=c",
    ],
)
def test_the_document_is_where_the_challenge_says(town: Town, adapter: Adapter, resource: str) -> None:
    """Whoever follows a challenge arrives, whatever the path of the resource is, and finds that resource."""
    metadata = ResourceMetadata(resource=resource, scopes_supported=["orders/read"])
    with adapter.serving(town.validators["warm"], resource_metadata=metadata) as port:
        (challenge,) = Client(port).http("GET", b"/me").values("www-authenticate")
        address = challenge.partition('resource_metadata="')[2].removesuffix('"')
        path = "/" + address.split("/", 3)[3]
        reply = Client(port).http("GET", path.encode())
    assert address.startswith("/".join(resource.split("/")[:3]) + "/.well-known/oauth-protected-resource")
    assert reply.status == 200
    assert (reply.content["resource"], reply.content["scopes_supported"]) == (resource, ["orders/read"])
