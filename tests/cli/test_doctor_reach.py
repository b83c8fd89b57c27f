"""Hosts that cannot be asked: each way in which that happens has a name, and none of them takes longer than it may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from cli_world import jwtmr
from doctor_world import World, good_world

from jwtmr.cli.doctor.certificate import Certificate, certificate_of
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.reach import DAY, reach_findings
from jwtmr.cli.doctor.targets import Target
from jwtmr.issuers import JwksEndpoint
from jwtmr.testing import RegionalIssuer
from jwtmr.testing.fault import Fault
from jwtmr.testing.faults import accept_silent, at, bad_tls, body, dns_fails, dns_hang, gzip_bomb, refuse, reset, status

URL = "https://keys.example/jwks.json"


@pytest.fixture
def world(issuer: RegionalIssuer, tmp_path: Path) -> Iterator[World]:
    """A world without a fault, and without a token."""
    with good_world(issuer, tmp_path) as made:
        made.token = ""
        yield made


TROUBLES: dict[str, tuple[Fault, str, tuple[str, ...]]] = {
    "not yet valid": (bad_tls("not_yet_valid"), "certificate_not_yet_valid", ("clock of this machine",)),
    "wrong host": (bad_tls("wrong_host"), "certificate_for_another_host", ("it names keys.example",)),
    "self-signed": (bad_tls("self_signed"), "certificate_not_trusted", ("CN=self-signed", "--ca-file")),
    "old protocol": (bad_tls("old_protocol"), "encryption_fails", ("TLS 1.2",)),
    "refused": (refuse(), "cannot_connect", ("nothing listens",)),
    "reset": (reset(), "connection_breaks", ("hangs up",)),
    "silent": (accept_silent(), "no_answer_in_time", ("waiting for an answer",)),
    "a name server that hangs": (dns_hang(), "no_answer_in_time", ("looking up the name",)),
    "a name server that fails": (dns_fails(), "dns_fails", ("DNS itself fails",)),
    "a bomb": (gzip_bomb(2 * 1024 * 1024), "too_large", ("larger than any key set",)),
    "too much": (body(b" " * 600_000), "too_large", ("larger than any key set",)),
    "busy": (status(503), "server_error", ("503",)),
}


@pytest.mark.parametrize(("fault", "code", "words"), TROUBLES.values(), ids=TROUBLES.keys())
def test_each_trouble_on_the_way_has_a_name(world: World, fault: Fault, code: str, words: tuple[str, ...]) -> None:
    """The other hosts answer, so the configuration works, and the one that does not is told of."""
    world.options["time-limit"] = ["1.5" if code == "no_answer_in_time" else "10"]  # the others must have answered
    world.faults.enter_context(at(world.issuer, "us-west-2", "original").let(fault))
    began = monotonic()
    ran = world.doctor("--json")
    assert monotonic() - began < 5
    (finding,) = ran.document["findings"]
    assert (finding["code"], finding["region"], ran.code) == (code, "us-west-2", 0)
    said = " ".join(finding[part] for part in ("what", "why", "do"))
    assert all(word in said for word in words), said


def test_where_nobody_answers_nothing_can_be_told(world: World) -> None:
    """All hosts are dark: that is exit 3, and said of this machine first."""
    world.faults.enter_context(at(world.issuer).let(refuse()))
    ran = world.doctor("--json")
    assert ran.code == 3
    assert ran.document["findings"][0]["code"] == "nobody_answers"
    assert {verdict["answer"] for verdict in ran.document["verdicts"]} == {"unknown"}
    world.faults.close()


def test_a_proxy_that_nobody_uses_is_told_of_where_hosts_are_silent(world: World) -> None:
    """Its address is not shown, as it may hold a password; and where all answer nobody needs it."""
    proxy = {"HTTPS_PROXY": "http://user:secret@127.0.0.1:1"}
    assert world.doctor("--json", environ=proxy).document["findings"] == []
    world.faults.enter_context(at(world.issuer, "us-west-2", "original").let(refuse()))
    ran = world.doctor("--json", environ=proxy)
    assert [finding["code"] for finding in ran.document["findings"]] == ["cannot_connect", "proxy_not_used"]
    assert "HTTPS_PROXY" in ran.out
    assert "secret" not in ran.out


def test_without_the_authority_nothing_is_trusted(world: World) -> None:
    """--ca-file is what makes these hosts trusted, and nothing is taken from them without it."""
    del world.options["ca-file"]
    ran = world.doctor("--json")
    assert {finding["code"] for finding in ran.document["findings"]} == {"certificate_not_trusted", "nobody_answers"}
    assert world.issuer.count() == 0


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), ("no PEM", "is no certificate in PEM"), ("", "is no certificate")]
)
def test_a_ca_file_that_is_none_is_a_usage_error(tmp_path: Path, content: str | None, said: str) -> None:
    """The error names the option and the file."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    settings = "--issuer-url https://a.example --audience a --client-id c --token-type JWT"
    ran = jwtmr(f"doctor {settings} --ca-file {path}")
    assert ran.code == 2
    assert "--ca-file: " in ran.err
    assert said in ran.err


@pytest.mark.parametrize("limit", ["0", "-1", "601", "nan"])
def test_a_time_limit_that_cannot_be_meant_is_a_usage_error(limit: str) -> None:
    """It has to be some time, and not for ever."""
    settings = "--issuer-url https://a.example --audience a --client-id c --token-type JWT"
    ran = jwtmr(f"doctor {settings} --time-limit={limit}")
    assert (ran.code, "--time-limit: must be" in ran.err) == (2, True)


def _codes(probe: Probe) -> list[str]:
    target = Target("pool", JwksEndpoint(URL), "keys")
    return [finding.code for finding in reach_findings(target, probe, 0.0)]


def test_a_certificate_is_told_of_two_weeks_before_its_end() -> None:
    """Early enough to act, and not while there is nothing to do yet."""
    certificate = Certificate(0.0, 13 * DAY, ("keys.example",), "CN=x", trusted=True)
    assert _codes(Probe(URL, "answer", certificate=certificate)) == ["certificate_ends_soon"]
    assert _codes(Probe(URL, "answer", certificate=replace(certificate, ends=15 * DAY))) == []


def test_an_answer_that_takes_almost_too_long_is_told_of() -> None:
    """All steps count together, as they do for a validator."""
    assert _codes(Probe(URL, "answer", seconds={"name": 1.5, "answer": 0.6})) == ["slow_answer"]
    assert _codes(Probe(URL, "answer", seconds={"name": 0.5, "answer": 0.6})) == []


def test_bytes_that_are_no_certificate_are_none() -> None:
    """Whatever a host shows, reading it raises nothing."""
    assert certificate_of(b"", trusted=False) is None
    assert certificate_of(b"0\x82\x01\x0a", trusted=False) is None


def test_steps_are_timed_one_by_one(world: World) -> None:
    """The document says how long each step took, for each address."""
    authority = json.loads(world.doctor("--json").out)["authorities"][0]
    for endpoint in authority["endpoints"]:
        assert list(endpoint["steps"][0]["milliseconds"]) == ["name", "connection", "encryption", "answer"]
