"""What MCP clients need of an API and of its authorization servers. Pure: a flow of addresses, and findings.

MCP authorization, revisions 2025-06-18 and 2025-11-25: a 401 that tells where the metadata of the resource is (RFC 9728
section 5.1), that metadata (section 2), the metadata of the authorization server that it names (RFC 8414, or OpenID
Connect Discovery 1.0) with PKCE by S256, and tokens that are made for this resource alone (RFC 8707 section 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jwtmr._strictjson import object_of
from jwtmr.bearer.metadata import ResourceMetadata
from jwtmr.cli.doctor.findings import NOTHING, Finding, Question, Severity, listed, shortened
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.seen import texts
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.doctor.targets import Flow
from jwtmr.errors import ConfigurationError
from jwtmr.issuers import check_url

NOW: Final = frozenset[Question]({"now"})
MAX_SERVERS: Final = 3
"""Authorization servers that are asked. Documents name one or two."""

_NAMED: Final = re.compile(r'\bresource_metadata\s*=\s*"([^"\\]{1,2048})"', re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a client of MCP comes upon."""

    resource: ResourceMetadata
    probes: tuple[Probe, ...]
    """Of the resource, of its metadata, and of the metadata of each server; as far as it came."""

    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the resource; empty where there is none."""
        return {} if len(self.probes) < 2 else content(self.probes[1])


def content(probe: Probe) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    answer = probe.answer
    return {} if answer is None or answer.status != 200 else object_of(answer.body) or {}


def resource_of(url: str) -> ResourceMetadata:
    """The address given with ``--mcp``. Raises :class:`ConfigurationError`."""
    try:
        return ResourceMetadata(resource=url)
    except ConfigurationError as error:
        raise ConfigurationError("--mcp", str(error).partition(": ")[2]) from None


def visit(resource: ResourceMetadata, issuers: Sequence[str]) -> Flow:
    """Go the way of a client. Of the servers that the metadata names only those that are configured are asked."""
    challenge = yield resource.resource
    named = _named(challenge)
    metadata = content((yield named if _same_origin(named, resource.resource) and named else resource.url))
    for server in texts(metadata.get("authorization_servers"))[:MAX_SERVERS]:
        if server not in issuers:
            continue
        for url in server_metadata_urls(server):
            said = content((yield url))
            if said.get("issuer") == server:
                break


def server_metadata_urls(issuer: str) -> Iterator[str]:
    """Where the metadata of an authorization server may be, in the order in which clients look."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    yield f"{origin}/.well-known/oauth-authorization-server{path}"
    yield f"{origin}/.well-known/openid-configuration{path}"
    if path:
        yield f"{origin}{path}/.well-known/openid-configuration"


def _named(probe: Probe) -> str | None:
    """The address of the metadata that a challenge names."""
    header = "" if probe.answer is None else probe.answer.headers.get("www-authenticate", "")[:8192]
    found = _NAMED.search(header) if "bearer" in header.lower() else None
    return None if found is None else found[1]


def _same_origin(url: str | None, other: str) -> bool:
    """Whether ``url`` can be asked, and is of the server that the caller named: a stranger sends nobody elsewhere."""
    try:
        check_url("resource_metadata", url)
    except ConfigurationError:
        return False
    return url is not None and urlsplit(url)[:2] == urlsplit(other)[:2]


def mcp_findings(seen: Visit, standings: Sequence[Standing]) -> list[Finding]:
    """What a client will stumble over."""
    return [*_challenge(seen), *_metadata(seen), *_servers(seen, standings), *_audiences(seen, standings)]


def _challenge(seen: Visit) -> Iterator[Finding]:
    url, probe = seen.resource.resource, seen.probes[0]
    status = 0 if probe.answer is None else probe.answer.status
    if probe.answer is None:
        yield _finding(
            "mcp_unreachable", url, f"{shortened(url)} does not answer ({probe.trouble}, at the step {probe.step})",
            "So it cannot be told what clients would get.", "Start the service, and look at the address.",
            severity="unknown",
        )  # fmt: skip
    elif 200 <= status < 300:
        yield _finding(
            "mcp_not_protected", url, f"{shortened(url)} answers without a token (status {status})",
            "Clients log in when they get a 401, and everybody else may read this too.",
            "Protect the address, or give --mcp the one that is protected.",
        )  # fmt: skip
    elif status != 401:
        yield _finding(
            "mcp_no_challenge", url, f"without a token {shortened(url)} answers with status {status}, and not with 401",
            "Clients look for the challenge of a 401. Perhaps only POST gets one here; doctor sends a GET.",
            "Try `curl -i -X POST` without a token, and see that it gets a 401.", severity="unknown",
        )  # fmt: skip
    else:
        yield from _pointer(seen.resource, _named(probe))


def _pointer(resource: ResourceMetadata, named: str | None) -> Iterator[Finding]:
    """What the challenge of a 401 says of the metadata."""
    add = "Give the adapter resource_metadata=ResourceMetadata(resource=…), which adds it to every 401."
    if named is None:
        yield _finding(
            "mcp_no_challenge", resource.resource, "the 401 has no WWW-Authenticate: Bearer … resource_metadata=…",
            "Clients then do not know where to log in.", add,
        )  # fmt: skip
    elif named != resource.url:
        yield _finding(
            "mcp_no_challenge", resource.resource,
            f"the 401 names the metadata at {shortened(named)}, and clients expect {resource.url}",
            "Some clients look at the expected place only (RFC 9728 section 3).", add, severity="warning",
        )  # fmt: skip


def _metadata(seen: Visit) -> Iterator[Finding]:
    if len(seen.probes) < 2 or seen.probes[0].answer is None:  # then that has been said
        return
    url, document = seen.probes[1].url, seen.metadata()
    answer = seen.probes[1].answer
    if not document:
        status = "no answer" if answer is None else f"status {answer.status}"
        yield _finding(
            "mcp_no_metadata", url, f"there is no metadata at {shortened(url)} ({status})",
            "It tells clients which authorization server to go to (RFC 9728).",
            "Give the adapter resource_metadata=ResourceMetadata(resource=…): it serves the document too.",
        )  # fmt: skip
        return
    said = document.get("resource")
    if said != seen.resource.resource:
        yield _finding(
            "mcp_other_resource", url,
            f"the metadata is about {shortened(str(said))!r}, and not about {seen.resource.resource!r}",
            "Clients must not use it then (RFC 9728 section 3.3).",
            "Write the same address in ResourceMetadata(resource=…) as clients use, slash and all.",
        )  # fmt: skip
    if not texts(document.get("authorization_servers")):
        yield _finding(
            "mcp_no_servers", url, "the metadata names no authorization server",
            "Clients do not know where to get a token.", "Leave authorization_servers to jwtmr, or name the issuer.",
        )  # fmt: skip


def _servers(seen: Visit, standings: Sequence[Standing]) -> Iterator[Finding]:
    servers = texts(seen.metadata().get("authorization_servers"))
    accepted = {
        issuer.url: standing
        for standing in standings
        for issuer in standing.authority.issuers
        if standing.now < issuer.accept_until_unix
    }
    foreign = [server for server in servers if server not in accepted]
    if foreign:
        yield _finding(
            "mcp_foreign_server", seen.resource.url,
            f"the metadata sends clients to {listed(foreign)}, whose tokens are refused here",
            "Clients log in there, and their token is refused.",
            f"Name accepted issuers: {listed(sorted(accepted))}.",
        )  # fmt: skip
    for server in servers[:MAX_SERVERS]:
        if server in accepted:
            yield from _server(seen, server, accepted[server])


def _server(seen: Visit, server: str, standing: Standing) -> Iterator[Finding]:
    places = list(server_metadata_urls(server))
    asked = [probe for probe in seen.probes[2:] if probe.url in places]
    document = next((said for probe in asked if (said := content(probe)).get("issuer") == server), None)
    if document is None:
        early = standing.switched is False and server == standing.authority.current_issuer
        yield _finding(
            "mcp_no_server_metadata", server,
            f"{shortened(server)} publishes no metadata under its own name"
            + (", as it is not switched on yet" if early else ""),
            "Clients find there where to log in, and stop without it.",
            "Until the switch, name the old issuer in ResourceMetadata(authorization_servers=[…])." if early
            else f"One of these must answer with a JSON object whose issuer is exactly that: {listed(places)}.",
        )  # fmt: skip
        return
    if "S256" not in texts(document.get("code_challenge_methods_supported")):
        yield _finding(
            "mcp_no_pkce", server, f"the metadata of {shortened(server)} does not say that it does PKCE with S256",
            "Clients must stop when code_challenge_methods_supported is absent.",
            "Many servers do PKCE and do not say so: ask their owner, or serve the metadata with that member yourself.",
        )  # fmt: skip
    if not any(document.get(way) for way in ("registration_endpoint", "client_id_metadata_document_supported")):
        yield _finding(
            "mcp_no_registration", server, f"{shortened(server)} lets no client register by itself",
            "Clients that nobody registered cannot log in.", "Register the clients that you want by hand.",
            severity="ok", blocks=NOTHING,
        )  # fmt: skip


def _audiences(seen: Visit, standings: Sequence[Standing]) -> Iterator[Finding]:
    resource = seen.resource.resource
    for standing in standings:
        for use, rules in standing.authority.claim_rules.items():
            if use == "id":
                continue
            audience = rules.audience
            if isinstance(audience, frozenset):
                if resource not in audience:
                    yield _audience(standing, f"audience is {listed(sorted(audience))}, and not {resource}")
            elif audience is None:
                yield _audience(standing, "no audience is set, so tokens that name one are refused")
            else:
                yield _finding(
                    "mcp_audience_open", standing.authority.id, "audience is UNCHECKED",
                    "A token that was made for another API is accepted here, and a server of MCP must not do that.",
                    f"Set audience to {resource}.", authority=standing.authority.id,
                )  # fmt: skip


def _audience(standing: Standing, what: str) -> Finding:
    return _finding(
        "mcp_audience_differs", standing.authority.id, what,
        "Clients ask for a token for the address of this server (RFC 8707), so aud says that, and it is refused.",
        "Set audience to the address that was given with --mcp.", authority=standing.authority.id,
    )  # fmt: skip


def _finding(
    code: str,
    url: str,
    what: str,
    why: str,
    do: str,
    *,
    severity: Severity = "problem",
    blocks: frozenset[Question] = NOW,
    authority: str | None = None,
) -> Finding:
    return Finding(
        severity=severity, code=code, what=what, why=why, do=do, blocks=blocks, authority=authority,
        url=None if authority else url,
    )  # fmt: skip
