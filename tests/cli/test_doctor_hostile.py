"""Whatever hosts answer: doctor judges it without an exception, and shows it without a character that could do harm."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from jwtmr import CognitoUserPool, OidcProvider
from jwtmr.bearer import ResourceMetadata
from jwtmr.cli.doctor.asking import Asked
from jwtmr.cli.doctor.examine import MAX_ALIKE, Wanted, judge, merged
from jwtmr.cli.doctor.findings import Finding
from jwtmr.cli.doctor.mcp import visit
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.targets import Flow, flow_of, targets_of
from jwtmr.cli.output import Page
from jwtmr.http import HttpAnswer

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ISSUER = "https://login.example/tenant"
POOL = CognitoUserPool(
    "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["c"], token_use="access",
    replica_regions=["us-west-2"], accept_legacy_until=NOW + timedelta(days=9),
)  # fmt: skip
PROVIDER = OidcProvider(ISSUER, audience="api", client_ids=["c"], token_type="JWT")
WANTED = Wanted(
    authorities=[POOL, PROVIDER], leeway=30, mcp=ResourceMetadata(resource="https://api.example/mcp"), limit=1
)  # fmt: skip

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=300) | st.sampled_from([ISSUER, "S256", "RS256"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)
KEYS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("kid", "kty", "n", "e", "d", "alg", "use", "crv", "x", "y", "key_ops"), VALUES)
)
NAMES = (
    "keys", "issuer", "jwks_uri", "resource", "authorization_servers", "code_challenge_methods_supported",
    "id_token_signing_alg_values_supported",
)  # fmt: skip
DOCUMENTS = st.fixed_dictionaries({}, optional={**dict.fromkeys(NAMES, VALUES), "keys": st.lists(KEYS, max_size=9)})
BODIES = st.binary(max_size=200) | DOCUMENTS.map(lambda document: json.dumps(document).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["date", "age", "location", "content-type", "retry-after", "www-authenticate"]),
    st.text(max_size=300) | st.sampled_from(['Bearer resource_metadata="https://api.example/x"', "text/html", "9" * 9]),
)
ANSWERS = st.builds(HttpAnswer, st.sampled_from([200, 302, 401, 403, 404, 500]) | st.integers(), HEADERS, BODIES)
TROUBLES = st.sampled_from(["unknown_name", "timeout", "certificate", "encryption", "broken", "too_large", "refused"])


def _probe(data: st.DataObject, url: str) -> Probe:
    if data.draw(st.booleans()):
        trouble, words = data.draw(TROUBLES), data.draw(st.text(max_size=300))
        return Probe(url, "answer", trouble, words, data.draw(st.integers(0, 99)))
    return Probe(url, "answer", answer=data.draw(ANSWERS), sent_at=NOW.timestamp(), received_at=NOW.timestamp() + 1)


def _asked(data: st.DataObject, flow: Flow) -> Asked:
    probes = [_probe(data, next(flow))]
    try:
        while True:
            probes.append(_probe(data, flow.send(probes[-1])))
    except StopIteration:
        return tuple(probes)


@settings(max_examples=50)
@given(st.data())
def test_whatever_hosts_answer_is_judged_and_shown(data: st.DataObject) -> None:
    """No exception, no character that is not simply seen, no end of lines, and JSON that can be read."""
    flows = [flow_of(target) for authority in WANTED.authorities for target in targets_of(authority)]
    flows.append(visit(ResourceMetadata(resource="https://api.example/mcp"), [ISSUER]))
    diagnosis = judge(WANTED, [_asked(data, flow) for flow in flows], NOW.timestamp(), None)
    assert len(json.dumps(diagnosis.document())) < 200_000
    page = Page(80, colours=False)
    diagnosis.write(page)
    assert all(line.isprintable() for line in page.lines)
    assert len(page.lines) < 600


def test_a_host_that_is_wrong_in_a_hundred_ways_gets_a_few_lines() -> None:
    """What is alike is counted, and blocks all the same."""
    many = [
        Finding(severity="warning", code="key_refused", what=f"the key {number}", why="", do="", authority="a")
        for number in range(100)
    ]
    few = merged(many)
    assert len(few) == MAX_ALIKE
    assert few[-1].what == f"the key {MAX_ALIKE - 1} (and {100 - MAX_ALIKE} more like it)"
