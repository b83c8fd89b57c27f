"""The generic provider on the move: its names, the place of its keys, the keys, and what its document says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from oidc_client import AUDIENCE, WELL_KNOWN, new_client, origin, verified

from jwtmr.testing import MISSING, OidcIssuer, SettableClock


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """A started provider for tenants, so that its path shows."""
    with OidcIssuer("/tenant", clock=SettableClock()) as started:
        yield started


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that opens a connection for each request, as one to several outages has to."""
    with new_client() as made:
        yield made


def test_a_move_changes_the_name_of_new_tokens(issuer: OidcIssuer, client: httpx.Client) -> None:
    """After each move tokens have the new name, and all names have a document that names them exactly."""
    names = [issuer.url]
    documents = [issuer.discovery_url]
    assert issuer.former_urls == ()
    before = issuer.access_token()
    for path in ("/next", ""):
        issuer.move_to(path)
        assert issuer.former_urls == tuple(names)
        names.append(issuer.url)
        documents.append(issuer.discovery_url)
    assert [name.removeprefix(origin(names[0])) for name in names] == ["/tenant", "/next", ""]
    for name, document in zip(names, documents, strict=True):
        verified(issuer.access_token(issuer=name), client, name, document)
    verified(issuer.access_token(), client, names[2], documents[2])
    verified(issuer.id_token(claims={"aud": AUDIENCE}), client, names[2], documents[2])
    verified(before, client, names[0], documents[0])


def test_a_move_back_makes_the_other_name_the_former_one(issuer: OidcIssuer) -> None:
    """A name is current or former, never both, and never twice."""
    first = issuer.url
    issuer.move_to("/next")
    second = issuer.url
    issuer.move_to("/tenant")
    assert (issuer.url, issuer.former_urls) == (first, (second,))
    issuer.move_to("/tenant")
    assert (issuer.url, issuer.former_urls) == (first, (second,))


def test_names_that_differ_by_a_slash_share_one_document(issuer: OidcIssuer, client: httpx.Client) -> None:
    """Two names whose documents have one path are two names all the same; the document is the newer one's."""
    issuer.move_to("/tenant/")
    assert issuer.former_urls == (issuer.url.removesuffix("/"),)
    verified(issuer.access_token(), client, issuer.url, issuer.discovery_url)
    issuer.move_to("/tenant")
    verified(issuer.access_token(), client, issuer.url, issuer.discovery_url)


def test_a_name_of_its_own(client: httpx.Client) -> None:
    """With a name that is not on loopback tokens say it, and keys and document are had on loopback."""
    with OidcIssuer(issuer_url="https://login.example.com/") as issuer:
        assert issuer.url == "https://login.example.com/"
        assert issuer.discovery_url == origin(issuer.discovery_url) + WELL_KNOWN
        verified(issuer.access_token(), client, "https://login.example.com/", issuer.discovery_url)
        issuer.move_to(issuer_url="https://example.com/auth")
        assert issuer.former_urls == ("https://login.example.com/",)
        assert issuer.discovery_url == origin(issuer.discovery_url) + "/auth" + WELL_KNOWN
        verified(issuer.access_token(), client, "https://example.com/auth", issuer.discovery_url)
        issuer.move_to("/here")
        assert issuer.url == origin(issuer.discovery_url) + "/here"
        verified(issuer.access_token(), client, issuer.url, issuer.discovery_url)


def test_keys_move_and_leave_nothing_behind(issuer: OidcIssuer, client: httpx.Client) -> None:
    """The documents of all names give the new URI, where the keys are; the old one is gone."""
    old, first, first_document = issuer.jwks_uri, issuer.url, issuer.discovery_url
    issuer.move_to("/next")
    issuer.move_keys("/v2/keys")
    assert issuer.jwks_uri == origin(old) + "/v2/keys"
    assert client.get(old).status_code == 404
    assert client.get(issuer.jwks_uri).json() == issuer.jwks()
    for name, document in ((first, first_document), (issuer.url, issuer.discovery_url)):
        verified(issuer.access_token(issuer=name), client, name, document)


def test_keys_can_stay_at_the_old_place_too(issuer: OidcIssuer, client: httpx.Client) -> None:
    """With ``keep_old`` both URIs publish the keys in force, until the place is left for good."""
    old = issuer.jwks_uri
    issuer.move_keys("/second", keep_old=True)
    second = issuer.jwks_uri
    issuer.rotate()
    assert client.get(old).json() == client.get(second).json() == issuer.jwks()
    issuer.move_keys("/third")
    assert [client.get(url).status_code for url in (old, second, issuer.jwks_uri)] == [200, 404, 200]
    issuer.move_keys("/jwks.json")
    assert issuer.jwks_uri == old
    assert [client.get(url).status_code for url in (old, second)] == [200, 404]
    assert client.get(issuer.discovery_url).json()["jwks_uri"] == old


def test_a_place_that_was_kept_can_be_taken_and_left_again(issuer: OidcIssuer, client: httpx.Client) -> None:
    """A place that the keys return to is left like any other."""
    first = issuer.jwks_uri
    issuer.move_keys("/second", keep_old=True)
    second = issuer.jwks_uri
    issuer.move_keys("/jwks.json", keep_old=True)
    assert [client.get(url).status_code for url in (first, second)] == [200, 200]
    issuer.move_keys("/third")
    assert [client.get(url).status_code for url in (first, second, issuer.jwks_uri)] == [404, 200, 200]


def test_rotation_and_withdrawal_show(issuer: OidcIssuer, client: httpx.Client) -> None:
    """A new key signs and is published, the old one is until it is withdrawn, and an emergency leaves none of it."""

    def published() -> list[str]:
        return [key["kid"] for key in client.get(issuer.jwks_uri).json()["keys"]]

    first = issuer.key().kid
    assert published() == [first]
    before = issuer.access_token()
    issuer.rotate()
    second = issuer.key().kid
    assert published() == [second, first]
    for token in (before, issuer.access_token()):
        verified(token, client, issuer.url, issuer.discovery_url)
    issuer.withdraw(first)
    assert published() == [second]
    issuer.rotate(keep_old=False)
    assert published() == [issuer.key().kid]
    assert len({first, second, issuer.key().kid}) == 3


def test_members_of_the_document_can_be_changed(issuer: OidcIssuer, client: httpx.Client) -> None:
    """Changes are laid over the documents of all names, can be of any type, leave members out, and can end."""
    first = issuer.discovery_url
    issuer.move_to("/next")
    usual = client.get(issuer.discovery_url).json()
    issuer.discovery["issuer"] = "https://evil.example.com"
    issuer.discovery |= {"jwks_uri": MISSING, "new": [None]}
    rest = {name: value for name, value in usual.items() if name != "jwks_uri"}
    changed = {**rest, "issuer": "https://evil.example.com", "new": [None]}
    for url in (first, issuer.discovery_url):
        assert client.get(url).json() == changed
    issuer.discovery = {}
    assert client.get(issuer.discovery_url).json() == usual
