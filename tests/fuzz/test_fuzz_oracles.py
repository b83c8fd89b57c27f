"""The checks of each target see a parser that is wrong: without a fault nobody knows whether they could."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import fuzz_discovery
import fuzz_freshness
import fuzz_json
import fuzz_keysets
import fuzz_tokens
import pytest
from cases_tokens import ACCESS
from fuzz_kit import Find, verdict
from fuzz_log import read_log
from fuzz_planted import PLANTED
from fuzz_targets import TARGETS
from fuzz_world import validator

from jwtmr import Principal
from jwtmr._keys.jwk import Key, parse_jwk
from jwtmr._keys.keyset import KeySet, UnusableSet, parse_key_set
from jwtmr.bearer import sources
from jwtmr.errors import Expired
from jwtmr.issuers import ALGORITHMS


class Credulous:
    """Takes anything for the one token that it knows."""

    def validate(self, *_: object, **__: object) -> Principal:
        """Accept."""
        return validator().validate(ACCESS.decode())


class Timid:
    """Takes everything for an old token."""

    def validate(self, *_: object, **__: object) -> Principal:
        """Refuse."""
        raise Expired("because")


def any_algorithm(body: bytes, allowed: frozenset[str]) -> KeySet:
    """Read a set as if everything were allowed."""
    return parse_key_set(body, frozenset(ALGORITHMS))


def no_key(body: bytes, allowed: frozenset[str]) -> KeySet:
    """Find none, whatever is there."""
    raise UnusableSet("no usable key")


def any_algorithm_of_one(member: object, allowed: frozenset[str]) -> list[Key]:
    """Read a member as if everything were allowed."""
    return parse_jwk(member, frozenset(ALGORITHMS))


def last_word(values: Sequence[str]) -> str:
    """Take whatever stands last."""
    return values[-1].split()[-1]


def a_week(headers: Mapping[str, str], wall: float) -> float:
    """Believe in long lives."""
    return 7 * 86400.0


def wherever(status: int, headers: Mapping[str, str], body: bytes, *_: object) -> str:
    """Go where one is sent."""
    return str(json.loads(body)["jwks_uri"])


Fault = tuple[str, str, object, str, object]
FAULTS: list[Fault] = [
    ("token", "another's signature", fuzz_tokens, "validator", Credulous),
    ("token", "an access token", fuzz_tokens, "validator", Timid),
    ("token", "no signature", fuzz_tokens, "validator", Timid),
    ("signed", "a forger's", fuzz_tokens, "validator", Credulous),
    ("signed", "one byte more", fuzz_tokens, "validator", Credulous),
    ("signed", "EdDSA", fuzz_tokens, "validator", Credulous),
    ("signed", "a scope that is not", fuzz_tokens, "validator", Credulous),
    ("signed", "a legacy token", fuzz_tokens, "validator", Timid),
    ("token", "an access token", fuzz_tokens, "remembering", Timid),
    ("signed", "a scope that is not", fuzz_tokens, "remembering", Credulous),
    ("json", "one name twice", fuzz_json, "object_of", json.loads),
    ("json", "a list", fuzz_json, "object_of", json.loads),
    ("json", "1e400", fuzz_json, "object_of", json.loads),
    ("json", "half a surrogate pair", fuzz_json, "object_of", json.loads),
    ("json", "a plain object", fuzz_json, "object_of", lambda _: None),
    ("keyset", "PS256 where it is not allowed", fuzz_keysets, "parse_key_set", any_algorithm),
    ("keyset", "a pool's", fuzz_keysets, "parse_key_set", no_key),
    ("jwk", "RSA", fuzz_keysets, "parse_jwk", any_algorithm_of_one),
    ("header", "two", sources, "token_from", last_word),
    ("header", "a NUL behind the token", sources, "token_from", last_word),
    ("header", "Basic", sources, "token_from", last_word),
    ("freshness", "max-age and age", fuzz_freshness, "lifetime", a_week),
    ("freshness", "max-age and age", fuzz_freshness, "age_header", lambda _: 7.0),
    ("discovery", "plain http", fuzz_discovery, "read_document", wherever),
    ("discovery", "another issuer", fuzz_discovery, "read_document", wherever),
    ("discovery", "loopback in hexadecimal from afar", fuzz_discovery, "read_document", wherever),
]


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row[0]}: {row[1]}")
def test_a_parser_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, row: Fault) -> None:
    """With the fault in place the case is a find."""
    name, case, module, attribute, fault = row
    target = TARGETS[name]
    data = target.cases[case][0]
    monkeypatch.setattr(module, attribute, fault)
    with pytest.raises(Find):
        verdict(target, data)


def test_an_exception_that_nobody_promised_is_a_find() -> None:
    """It is raised as it is."""
    assert verdict(PLANTED["planted-raises"], b"jw!") == "2 letters"
    with pytest.raises(ValueError, match="a planted fault"):
        verdict(PLANTED["planted-raises"], b"jwt")


def test_taking_too_long_is_a_find() -> None:
    """Though the answer would be right."""
    with pytest.raises(Find, match=r"took [6-9][0-9] ms of processor time"):
        verdict(PLANTED["planted-slow"], b"jwt")


STATUS = "#12\tINITED cov: 5 ft: 6 corp: 3/40b exec/s: 0 rss: 40Mb\n#90\tNEW    cov: 7 ft: 9 corp: 4/2Kb lim: 4\n"
STATS = "stat::number_of_executed_units: 95\nstat::average_exec_per_sec:     31\n"


def test_figures_are_read_from_a_log_without_a_find() -> None:
    """How much was tried, and how far the seeds and the corpus reach."""
    outcome = read_log(
        f"INFO: seed\n{STATUS}#95\tDONE   cov: 7 ft: 10 corp: 5/3Kb lim: 4 exec/s: 31 rss: 41Mb\n{STATS}"
    )
    assert (outcome.executions, outcome.per_second, outcome.found, outcome.complaint) == (95, 31, None, "")
    assert outcome.seeds
    assert outcome.corpus
    assert (outcome.seeds.features, outcome.seeds.inputs) == (6, 3)
    assert (outcome.corpus.edges, outcome.corpus.features, outcome.corpus.size) == (7, 10, "3Kb")


@pytest.mark.parametrize(
    ("ending", "complaint"),
    [
        (" === Uncaught Python exception: ===\nKeyError: 'a'\nTraceback\n==1== ERROR: libFuzzer: fuzz target exited\n",
         "KeyError: 'a'\nTraceback"),
        ("==1== ERROR: libFuzzer: timeout after 61 seconds\n", "libFuzzer: timeout after 61 seconds"),
        ("==1==ERROR: libFuzzer: out-of-memory (used: 2049Mb; limit: 2048Mb)\n",
         "libFuzzer: out-of-memory (used: 2049Mb; limit: 2048Mb)"),
    ],
)  # fmt: skip
def test_a_find_is_read_from_a_log(ending: str, complaint: str) -> None:
    """Where its input is, and what was wrong."""
    outcome = read_log(STATUS + ending + "artifact_prefix='/w/'; Test unit written to /w/crash-1\n" + STATS)
    assert (str(outcome.found), outcome.complaint, outcome.executions) == ("/w/crash-1", complaint, 95)


def test_a_target_that_did_not_run_has_no_figures() -> None:
    """So that it cannot pass for one without finds."""
    outcome = read_log("ModuleNotFoundError: No module named 'atheris'\n")
    assert (outcome.executions, outcome.seeds, outcome.corpus, outcome.found) == (0, None, None, None)
