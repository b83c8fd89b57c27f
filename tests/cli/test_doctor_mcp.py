"""What MCP clients need: a real middleware behind a real server, and a provider whose document says it all."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from cli_world import Ran, jwtmr
from serving import served

from jwtmr import UNCHECKED, CognitoUserPool, OidcProvider, TokenValidator
from jwtmr.bearer import ResourceMetadata
from jwtmr.cli.doctor.examine import Wanted, judge
from jwtmr.cli.doctor.mcp import server_metadata_urls, visit
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.targets import targets_of
from jwtmr.http import HttpAnswer
from jwtmr.testing import MISSING, OidcIssuer
from jwtmr_asgi import BearerAuthMiddleware


@dataclass
class McpWorld:
    """A protected server, what its metadata says, and what the command line says of both."""

    issuer: OidcIssuer
    url: str
    mount: Callable[..., None]
    """Put the middleware in force again, with other keywords."""
    serve: Callable[[Any], None]
    """Put another application in its place."""
    options: dict[str, str] = field(default_factory=dict[str, str])

    def doctor(self, url: str | None = None) -> Ran:
        """Run ``jwtmr doctor --mcp`` on it."""
        words = [word for name, value in self.options.items() for word in (f"--{name}", value)]
        return jwtmr(f"doctor --mcp {url or self.url} {shlex.join(words)} --json")


async def _hello(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@dataclass
class Stage:
    """A provider, and a server whose application can be changed."""

    issuer: OidcIssuer
    url: str
    validator: TokenValidator
    app: list[Any]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Where all worlds are played, as a server takes its time to stop."""
    app: list[Any] = [_hello]

    async def front(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        await app[0](scope, receive, send)

    with ExitStack() as stack:
        issuer = stack.enter_context(OidcIssuer("/tenant"))
        provider = OidcProvider(issuer.url, audience=UNCHECKED, client_ids=UNCHECKED, token_type=UNCHECKED)
        validator = TokenValidator(provider)
        stack.callback(validator.close)
        yield Stage(issuer, f"http://{stack.enter_context(served(front, lifespan='off'))}/mcp", validator, app)


@pytest.fixture
def world(stage: Stage) -> McpWorld:
    """A world in which a client of MCP gets through."""
    issuer, url = stage.issuer, stage.url
    issuer.discovery = {
        "code_challenge_methods_supported": ["S256"], "registration_endpoint": f"{issuer.url}/register",
    }  # fmt: skip

    def mount(**keywords: Any) -> None:  # noqa: ANN401
        usual = {"resource_metadata": ResourceMetadata(resource=url), "startup": "lazy"}
        stage.app[0] = BearerAuthMiddleware(_hello, stage.validator, **{**usual, **keywords})

    mount()
    options = {
        "issuer-url": issuer.url, "jwks-uri": issuer.jwks_uri, "audience": url,
        "client-id": issuer.client_id, "token-type": "UNCHECKED",
    }  # fmt: skip
    return McpWorld(issuer, url, mount, partial(stage.app.__setitem__, 0), options)


def test_a_world_that_suits_clients_has_no_finding(world: McpWorld) -> None:
    """A challenge, the metadata, a server with S256 and an audience of one's own are all that it takes."""
    ran = world.doctor()
    assert ran.document["findings"] == []
    assert [step["status"] for step in ran.document["mcp"]] == [401, 200, 404, 404, 200]
    assert ran.code == 0


def _metadata(**settings: Any) -> Callable[[McpWorld], None]:  # noqa: ANN401
    return lambda world: world.mount(
        resource_metadata=ResourceMetadata(**{"resource": world.url, **settings}),
    )


def _discovery(**members: object) -> Callable[[McpWorld], None]:
    return lambda world: world.issuer.discovery.update(members)


def _app(status: int, document: object = None) -> Callable[[McpWorld], None]:
    """Another application, with this status and this metadata."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        known = document is not None and "well-known" in scope["path"]
        challenge = (b"www-authenticate", b'Bearer resource_metadata="https://elsewhere.example/metadata"')
        start = {"type": "http.response.start", "status": 200 if known else status, "headers": [challenge]}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(document).encode() if known else b""})

    return lambda world: world.serve(answer)


def _option(name: str, value: str) -> Callable[[McpWorld], None]:
    return lambda world: world.options.update({name: value})


SPOILT: dict[str, tuple[Callable[[McpWorld], object], set[str]]] = {
    "no metadata": (lambda world: world.mount(resource_metadata=None), {"mcp_no_challenge", "mcp_no_metadata"}),
    "another resource": (_metadata(resource="https://api.example/mcp"), {"mcp_no_challenge", "mcp_other_resource"}),
    "a foreign server": (_metadata(authorization_servers=["https://other.example"]), {"mcp_foreign_server"}),
    "no token needed": (lambda world: world.mount(optional=True), {"mcp_not_protected"}),
    "nothing there": (_app(404), {"mcp_no_challenge", "mcp_no_metadata"}),
    "no servers": (
        _app(401, {"resource": "x" * 900, "authorization_servers": []}),
        {"mcp_no_challenge", "mcp_other_resource", "mcp_no_servers"},
    ),
    "no S256": (_discovery(code_challenge_methods_supported=["plain"]), {"mcp_no_pkce"}),
    "no word of PKCE": (_discovery(code_challenge_methods_supported=MISSING), {"mcp_no_pkce"}),
    "another issuer's document": (_discovery(issuer="https://other.example"), {"mcp_no_server_metadata"}),
    "no registration": (_discovery(registration_endpoint=MISSING), {"mcp_no_registration"}),
    "any audience": (_option("audience", "UNCHECKED"), {"mcp_audience_open"}),
    "another audience": (_option("audience", "https://api.example"), {"mcp_audience_differs"}),
}


@pytest.mark.parametrize(("spoil", "codes"), SPOILT.values(), ids=SPOILT.keys())
def test_what_stops_a_client_is_named(world: McpWorld, spoil: Callable[[McpWorld], object], codes: set[str]) -> None:
    """One thing is missing, and what clients will stumble over has a name."""
    spoil(world)
    ran = world.doctor()
    assert {finding["code"] for finding in ran.document["findings"]} == codes
    assert ran.code == (0 if codes == {"mcp_no_registration"} else 1)


def test_a_server_that_is_down_tells_nothing(world: McpWorld) -> None:
    """Nothing can be said of what clients would get from a port where nobody listens."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        world.options["audience"] = url
        ran = world.doctor(url)
    assert {finding["code"] for finding in ran.document["findings"]} == {"mcp_unreachable"}
    assert ran.code == 3


@pytest.mark.parametrize(
    ("issuer", "paths"),
    [
        ("https://a.example", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
        ("https://a.example/", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
        (
            "https://a.example/t",
            [
                "/.well-known/oauth-authorization-server/t", "/.well-known/openid-configuration/t",
                "/t/.well-known/openid-configuration",
            ],
        ),
    ],
)  # fmt: skip
def test_where_the_metadata_of_a_server_is_looked_for(issuer: str, paths: list[str]) -> None:
    """In the places, and the order, that the specification of MCP gives to clients."""
    assert list(server_metadata_urls(issuer)) == [f"https://a.example{path}" for path in paths]


def test_before_the_switch_clients_are_sent_to_the_old_issuer() -> None:
    """The updated issuer publishes nothing yet; and of a pool only the audience of access tokens counts."""
    url = "https://api.example/mcp"
    pool = CognitoUserPool(
        "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["c"], token_use=("access", "id"), audience=url,
        accept_legacy_until=datetime.now(UTC) + timedelta(days=9),
    )  # fmt: skip
    wanted = Wanted(authorities=[pool], leeway=30, mcp=ResourceMetadata(resource=url), limit=1)
    refused = HttpAnswer(403, {}, b"")
    metadata = json.dumps({"resource": url, "authorization_servers": [pool.current_issuer]}).encode()
    challenge = {"www-authenticate": f'Bearer resource_metadata="{ResourceMetadata(resource=url).url}"'}
    said = [HttpAnswer(401, challenge, b""), HttpAnswer(200, {}, metadata), refused, refused, refused]
    flow, probes = visit(ResourceMetadata(resource=url), [pool.current_issuer]), list[Probe]()
    asked = next(flow)
    with suppress(StopIteration):
        for answer in said:
            probes.append(Probe(asked, "answer", answer=answer))
            asked = flow.send(probes[-1])
    hosts = [(Probe(target.url, "answer", answer=refused),) for target in targets_of(pool)[:1]]
    hosts += [(Probe(target.url, "answer", answer=HttpAnswer(500, {}, b"")),) for target in targets_of(pool)[1:]]
    found = judge(wanted, [*hosts, tuple(probes)], datetime.now(UTC).timestamp(), None).findings
    (finding,) = [one for one in found if one.code.startswith("mcp_")]
    assert finding.code == "mcp_no_server_metadata"
    assert "not switched on yet" in finding.what
    assert "authorization_servers" in finding.do


@pytest.mark.parametrize("url", ["ftp://x", "http://api.example/", "https://api.example/?a", "nonsense"])
def test_what_is_no_address_of_a_resource_is_a_usage_error(world: McpWorld, url: str) -> None:
    """The error names the option."""
    ran = world.doctor(url)
    assert ran.code == 2
    assert "--mcp: must" in ran.err
