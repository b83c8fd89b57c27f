"""Whatever is piped in: each command ends with an exit code of its own, and shows nothing that could do harm."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any, Final

import pytest
from cli_world import jwtmr
from drain_files import DAY, HOUR, report
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from place_files import evidence

from jwtmr.testing import RegionalIssuer, SettableClock

CLOCK: Final = SettableClock()
NOW: Final = CLOCK.wall()
NASTY: Final = ["\x1b[2J", "\u202e", "\n", "\0", "\ud800", "\u2028", "a" * 3000, ""]
ODD: Final = [2**53, 2**64, -1, 1e308, 10**30, 10**4000, NOW, -1e12, True, None, [], {}, [[]], {"d": "x"}]
TEXTS: Final = st.text(max_size=20) | st.sampled_from(NASTY)
LEAVES: Final = st.sampled_from(ODD) | st.floats() | TEXTS
POOL: Final = "--pool-id us-east-1_Ab12Cd34 --client-id a --token-use access --issuer-type updated"
UNKEYED: Final = f"validate {POOL} --jwks-uri http://127.0.0.1:1/k --key-policy-wait 0.1"
ENDPOINT: Final = {
    "url": "https://a.example", "jwks_uri": None, "region": "eu", "state": "ok", "keys": 1, "age": 3,
    "seconds_left": 9, "failures": 2, "last_outcome": "timeout",
}  # fmt: skip
VIEW: Final = {
    "status": "ok",
    "authorities": [{"state": "ok", "ready": True, "seconds_left": 3, "id": "a", "endpoints": [ENDPOINT]}],
}


def seeds() -> dict[str, tuple[Any, ...]]:
    """What each command takes, before it is spoilt."""
    with RegionalIssuer(["us-east-1"], clock=CLOCK) as issuer:
        files = evidence(issuer, NOW)
    keys = json.loads(files["other-keys.json"])
    return {
        "jwks show -": (keys, {"keys": [{**keys["keys"][-1], "d": "c2VjcmV0"}]}),
        "drain -": tuple(json.loads(report(NOW, last).to_json()) for last in (0, HOUR, 2 * DAY, None)),
        "status -": (VIEW, {**VIEW, "status": "degraded"}),
    }


SEEDS: Final = seeds()


def spoilt(data: st.DataObject, document: Any) -> Any:  # noqa: ANN401
    """``document`` with a few members that are others, or more, or gone."""
    document = json.loads(json.dumps(document))
    for _ in range(data.draw(st.integers(0, 3))):
        inner = document
        while True:
            places = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not places:
                break
            place = data.draw(st.sampled_from(places))
            if isinstance(inner[place], (dict, list)) and data.draw(st.booleans()):
                inner = inner[place]
                continue
            inner[place] = deepcopy(data.draw(LEAVES))  # the next one may be put into it
            if isinstance(inner, dict) and data.draw(st.booleans()):
                inner[data.draw(TEXTS)] = inner.pop(place)
            break
    return document


def check(line: str, given: bytes | str) -> None:
    """Run it for people and for programs."""
    shown, read = jwtmr(line, stdin=given, clock=CLOCK), jwtmr(f"{line} --json", stdin=given, clock=CLOCK)
    assert shown.code == read.code
    assert shown.code in (0, 1, 3)
    said = shown.out + shown.err + read.err
    assert "this is a bug" not in said
    assert "c2VjcmV0" not in said + read.out
    assert said.replace("\n", "").isprintable()
    if read.out:
        json.loads(read.out, parse_constant=pytest.fail)


@pytest.mark.parametrize("line", SEEDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_documents(line: str, data: st.DataObject) -> None:
    """Sound ones that are spoilt in some places, with everything that JSON can say."""
    document = spoilt(data, data.draw(st.sampled_from(SEEDS[line])))
    check(line, json.dumps(document).encode("utf-8", "surrogatepass"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_tokens(data: st.DataObject) -> None:
    """Whose parts are spoilt, or that are none."""
    header = spoilt(data, {"alg": "RS256", "kid": "k"})
    payload = spoilt(data, {"iss": "https://a.example", "exp": NOW, "iat": 1, "nbf": 2.5, "aud": ["a"]})
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, payload))
    token = ".".join((*parts, "c2lnbmF0dXJl")).encode()
    one = data.draw(st.just(token) | st.binary(max_size=99).map(lambda noise: b"x" + noise))
    check("decode", one)
    check(UNKEYED, one)
