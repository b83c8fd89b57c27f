"""``ResourceMetadata``: where its document is, and what that says (RFC 9728)."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from jwtmr import ConfigurationError
from jwtmr.bearer import ResourceMetadata

WELL_KNOWN = "/.well-known/oauth-protected-resource"
ISSUERS = ("https://issuer.example.com/a", "https://issuer.example.com/b")


@pytest.mark.parametrize(
    ("resource", "base", "path"),
    [
        ("https://api.example.com", "https://api.example.com", WELL_KNOWN),
        ("https://api.example.com/", "https://api.example.com", WELL_KNOWN),
        ("https://api.example.com/v1", "https://api.example.com", WELL_KNOWN + "/v1"),
        ("https://api.example.com/v1/orders", "https://api.example.com", WELL_KNOWN + "/v1/orders"),
        # Section 3.1 removes the slash that follows the host, and no other: `/v1` is another resource than `/v1/`.
        ("https://api.example.com/v1/", "https://api.example.com", WELL_KNOWN + "/v1/"),
        ("https://api.example.com:8443/v1", "https://api.example.com:8443", WELL_KNOWN + "/v1"),
        ("http://localhost:8000/mcp", "http://localhost:8000", WELL_KNOWN + "/mcp"),
        ("http://[::1]:8000", "http://[::1]:8000", WELL_KNOWN),
        ("https://api.example.com/a%20b", "https://api.example.com", WELL_KNOWN + "/a%20b"),
        ("https://api.example.com/a;b=c'd", "https://api.example.com", WELL_KNOWN + "/a;b=c'd"),
    ],
)
def test_the_document_stands_between_host_and_path(resource: str, base: str, path: str) -> None:
    """Section 3.1: the well-known path is inserted, and a slash that follows the host is dropped."""
    metadata = ResourceMetadata(resource=resource)
    assert (metadata.path, metadata.decoded_path) == (path, unquote(path))
    assert metadata.url == base + path


def test_the_document_says_the_least_by_default() -> None:
    """The resource letter by letter, the issuers of now, and where tokens come."""
    metadata = ResourceMetadata(resource="https://api.example.com/v1/")
    assert metadata.document(ISSUERS, in_header=True) == {
        "resource": "https://api.example.com/v1/",
        "authorization_servers": list(ISSUERS),
        "bearer_methods_supported": ["header"],
    }


def test_what_is_configured_takes_the_place_of_the_issuers() -> None:
    """Servers and scopes in the order in which they were given."""
    metadata = ResourceMetadata(
        resource="https://api.example.com",
        authorization_servers=["https://b.example.com", "https://a.example.com"],
        scopes_supported=("orders/write", "orders/read"),
    )
    assert metadata.document(ISSUERS, in_header=True) == {
        "resource": "https://api.example.com",
        "authorization_servers": ["https://b.example.com", "https://a.example.com"],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["orders/write", "orders/read"],
    }


def test_a_token_in_no_header_is_no_method_of_the_rfc() -> None:
    """Cookies and subprotocols have no name in the document; an empty list says that."""
    document = ResourceMetadata(resource="https://api.example.com").document(ISSUERS, in_header=False)
    assert document["bearer_methods_supported"] == []


@pytest.mark.parametrize(
    "resource",
    [
        "",
        None,
        b"https://api.example.com",
        "api.example.com",
        "/v1",
        "http://api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user@api.example.com",
        "https://api.example.com#x",
        "https://api.example.com?",
        "https://api.example.com/?tenant=1",
        'https://api.example.com/"',
        "https://api.example.com/%3F",
        "https://api.example.com/{tenant}",
        "https://api.example.com/\\",
        "https://api.example.com/a b",
        "https://api.example.com/\r\nX: y",
        "https://api.example.com/\x7f",
        "https://api.example.com/\xe4",
        "https://[::1",
        "https://api.example.com:port",
    ],
    ids=ascii,
)
def test_a_resource_that_cannot_be_is_refused(resource: object) -> None:
    """An absolute https URL that can stand in a header, without user, query or fragment."""
    with pytest.raises(ConfigurationError) as caught:
        ResourceMetadata(resource=resource)  # type: ignore[arg-type]
    assert caught.value.parameter == "resource"


@pytest.mark.parametrize(
    "servers", ["https://a.example.com", [], (), [""], [7], ["http://a.example.com"], ["https://a b"], 7], ids=repr
)
def test_authorization_servers_are_a_collection_of_urls(servers: object) -> None:
    """None given means the issuers; an empty collection means nothing."""
    with pytest.raises(ConfigurationError) as caught:
        ResourceMetadata(resource="https://api.example.com", authorization_servers=servers)  # type: ignore[arg-type]
    assert caught.value.parameter == "authorization_servers"


@pytest.mark.parametrize("scopes", ["orders/read", [""], [None], None], ids=repr)
def test_scopes_supported_are_a_collection_of_names(scopes: object) -> None:
    """A bare string would be a collection of letters."""
    with pytest.raises(ConfigurationError) as caught:
        ResourceMetadata(resource="https://api.example.com", scopes_supported=scopes)  # type: ignore[arg-type]
    assert caught.value.parameter == "scopes_supported"


def test_settings_are_named() -> None:
    """Two URLs side by side are easily exchanged."""
    with pytest.raises(TypeError):
        ResourceMetadata("https://api.example.com")  # type: ignore[call-arg]
