"""Findings that need no host: clocks, windows, refused keys, forms of hosts. Pure functions, by table."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from jwtmr import CognitoUserPool
from jwtmr.cli.doctor.answers import answer_findings
from jwtmr.cli.doctor.certificate import certificate_of
from jwtmr.cli.doctor.clocks import clock_findings, offset_of
from jwtmr.cli.doctor.findings import listed, shortened
from jwtmr.cli.doctor.probe import Course, Probe, Tools, probe
from jwtmr.cli.doctor.reach import blocked_by, day
from jwtmr.cli.doctor.seen import content_of, see
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.doctor.targets import targets_of
from jwtmr.cli.doctor.windows import window_findings
from jwtmr.http import HttpAnswer
from jwtmr.testing import SettableClock, SigningKey
from jwtmr.testing.tls import TlsAuthority

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
WALL = NOW.timestamp()
POOL = "us-east-1_Ab12Cd34"
GOOD = SigningKey.generate(kid="good").jwk
OTHER = SigningKey.generate(kid="other").jwk


def _answered(made: float | None, *, age: int | None = None, took: float = 0.2) -> Probe:
    headers = {} if made is None else {"date": formatdate(made, usegmt=True)}
    headers |= {} if age is None else {"age": str(age)}
    return Probe(
        "https://a.example", "answer", answer=HttpAnswer(200, headers, b""), sent_at=WALL, received_at=WALL + took
    )


@pytest.mark.parametrize(
    ("answered", "offset"),
    [
        pytest.param(_answered(WALL), 0, id="the same"),
        pytest.param(_answered(WALL - 1), 0, id="the second before: Date has whole seconds"),
        pytest.param(_answered(WALL - 60), 59, id="this machine is fast"),
        pytest.param(_answered(WALL + 60), -59.8, id="this machine is slow"),
        pytest.param(_answered(WALL - 600, age=600), 0, id="out of a cache, which says so"),
        pytest.param(_answered(WALL - 600, age=590), 9, id="out of a cache, and fast"),
        pytest.param(_answered(WALL + 2, took=3.0), 0, id="a slow answer tells nothing"),
        pytest.param(_answered(None), None, id="no Date"),
        pytest.param(Probe("https://a.example", "name", "timeout"), None, id="no answer"),
    ],
)
def test_the_difference_of_the_clocks(answered: Probe, offset: float | None) -> None:
    """What could be the way, or the seconds that Date does not have, counts for nothing."""
    assert offset_of(answered) == (None if offset is None else pytest.approx(offset))


@pytest.mark.parametrize(
    ("made", "leeway", "found"),
    [
        pytest.param([0, 0, 0], 30, [], id="right"),
        pytest.param([-21, -21, -21], 30, [("clock_skew", "warning")], id="more than half the leeway"),
        pytest.param([-61, -61, -61], 30, [("clock_skew", "problem")], id="more than the leeway"),
        pytest.param([-61], 30, [("clock_skew", "problem")], id="one host is enough to doubt"),
        pytest.param([-4], 0, [], id="no leeway, and the accuracy of Date"),
        pytest.param([-61, 0], 30, [("host_clock_skew", "warning")], id="of two, the one that says so is wrong"),
        pytest.param([90, 0], 30, [("host_clock_skew", "warning")], id="or the other way round"),
        pytest.param([0, 90, 0], 30, [("host_clock_skew", "warning")], id="one of three"),
        pytest.param([], 30, [], id="nobody answered"),
    ],
)
def test_whose_clock_is_wrong(made: list[float], leeway: float, found: list[tuple[str, str]]) -> None:
    """This machine's, if the hosts agree; else that of the host which stands alone."""
    probes = [_answered(WALL + seconds) for seconds in made]
    assert [(finding.code, finding.severity) for finding in clock_findings(probes, leeway)] == found


def _pool(**settings: Any) -> CognitoUserPool:  # noqa: ANN401
    usual: dict[str, Any] = {"issuer_type": "updated", "client_ids": ["client"], "token_use": "access"}
    return CognitoUserPool(POOL, **{**usual, **settings})


def _standing(pool: CognitoUserPool, answers: Mapping[str, HttpAnswer]) -> Standing:
    looks = [
        see(target, pool, (Probe(target.url, "answer", answer=answers.get(target.form, HttpAnswer(403, {}, b""))),))
        for target in targets_of(pool)
    ]
    return Standing(pool, tuple(looks), WALL)


@pytest.mark.parametrize(
    ("away", "switched", "found"),
    [
        pytest.param(timedelta(days=8), True, [], id="long"),
        pytest.param(timedelta(days=6), True, [("window_ends_soon", "warning")], id="a week"),
        pytest.param(timedelta(days=6), False, [("window_ends_soon", "warning")], id="a week, not switched"),
        pytest.param(timedelta(0), True, [("window_closed", "ok")], id="over"),
        pytest.param(
            timedelta(0), False, [("window_closed", "problem"), ("refuses_everything", "problem")],
            id="over, not switched",
        ),
    ],
)  # fmt: skip
def test_windows_are_told_of_in_time(away: timedelta, switched: bool, found: list[tuple[str, str]]) -> None:
    """A week ahead, and what it means depends on whether the pool is switched."""
    keys = HttpAnswer(200, {}, json.dumps({"keys": [GOOD]}).encode())
    answers = {"original": keys, "updated": keys} if switched else {"original": keys}
    standing = _standing(_pool(accept_legacy_until=NOW + away), answers)
    findings = window_findings(standing)
    assert [(finding.code, finding.severity) for finding in findings] == found
    if len(found) == 1 and not switched:
        assert "every token is refused" in findings[0].why


@pytest.mark.parametrize(
    ("member", "found"),
    [
        pytest.param({**GOOD, "kid": "x", "use": "enc"}, [], id="for others"),
        pytest.param({**GOOD, "kid": 7}, [("key_refused", "warning")], id="a kid that is none"),
        pytest.param({**GOOD, "kid": "x", "e": "Aw"}, [("weak_key", "problem")], id="a small exponent"),
        pytest.param({"kid": "x", "kty": "oct", "k": "AAAA"}, [("private_key_published", "problem")], id="a secret"),
        pytest.param(
            {**SigningKey.generate(kid="x").jwk, "d": "AAAA"},
            [("private_key_published", "problem")],
            id="a private half",
        ),
    ],
)
def test_refused_keys_are_told_of(member: dict[str, Any], found: list[tuple[str, str]]) -> None:
    """By how much they matter; keys that are meant for others are none of it."""
    keys = HttpAnswer(200, {}, json.dumps({"keys": [GOOD, member]}).encode())
    standing = _standing(_pool(issuer_type="original"), {"original": keys})
    findings = answer_findings(standing, standing.looks[0])
    assert [(finding.code, finding.severity) for finding in findings] == found


def test_a_set_of_nothing_but_weak_keys_has_both_findings() -> None:
    """That there is no usable key, and why."""
    keys = HttpAnswer(200, {}, json.dumps({"keys": [{**GOOD, "e": "Aw"}]}).encode())
    standing = _standing(_pool(issuer_type="original"), {"original": keys})
    assert [finding.code for finding in answer_findings(standing, standing.looks[0])] == ["no_key_set", "weak_key"]


def test_which_hosts_of_a_pool_are_asked() -> None:
    """Those of the validator, and the updated one of an original pool, unless addresses were replaced."""
    asked = {"issuer_type": "original", "replica_regions": ["us-west-2"]}
    forms = [(target.form, target.asked_by_validator) for target in targets_of(_pool(**asked))]
    assert forms == [("original", True), ("replica", True), ("updated", False)]
    assert targets_of(_pool(**asked))[-1].url.startswith("https://issuer-cognito-idp.us-east-1.amazonaws.com/")
    for replaced in ({"jwks_uris": ["https://a.example/k"]}, {"issuer_url": "https://a.example"}):
        assert all(target.asked_by_validator for target in targets_of(_pool(**asked, **replaced)))
    several = _pool(jwks_uris=[f"https://a.example/{number}" for number in range(3)])
    assert [target.form for target in targets_of(several)] == ["updated", "keys", "keys"]


def _tools(error: Exception | None = None) -> Tools:
    def fail(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        raise error or AssertionError("nobody is asked")

    return Tools(fail, TlsAuthority().client_context(), SettableClock())


@pytest.mark.parametrize(
    ("error", "trouble"), [(RuntimeError("\x1b[2J"), "broken"), (TimeoutError("\x1b[2J"), "timeout")], ids=repr
)
def test_a_client_that_fails_in_its_own_way_is_no_answer(error: Exception, trouble: str) -> None:
    """Whatever it raises, and nothing of its text is kept."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        came = probe(Course(f"http://127.0.0.1:{listening.getsockname()[1]}/"), _tools(error))
    assert (came.step, came.trouble, came.detail) == ("answer", trouble, "")


def test_a_host_that_is_gone_when_its_certificate_is_looked_at() -> None:
    """What was wrong with it is known all the same."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def once() -> None:
            connection, _ = listening.accept()
            listening.close()
            with suppress(OSError), TlsAuthority().server_context().wrap_socket(connection, server_side=True):
                pass

        thread = threading.Thread(target=once)
        thread.start()
        came = probe(Course(f"https://127.0.0.1:{listening.getsockname()[1]}/"), _tools())
        thread.join()
    assert (came.step, came.trouble, came.certificate) == ("encryption", "certificate", None)


@pytest.mark.parametrize(
    ("addresses", "trouble"),
    [
        pytest.param([], "unreachable", id="a name without an address"),
        pytest.param([(socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/no/way")], "unreachable", id="no way there"),
    ],
)
def test_addresses_that_lead_nowhere(
    addresses: list[tuple[Any, ...]], trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS may know a name, and there is no way to what it says."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    came = probe(Course("https://keys.example/"), _tools())
    assert (came.step, came.trouble) == ("connection", trouble)


def test_a_certificate_without_names_has_none() -> None:
    """Old ones have only a common name, which counts for nothing (RFC 9525 section 2)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    read = certificate_of(made.public_bytes(Encoding.DER), trusted=False)
    assert read is not None
    assert (read.names, read.issued_by, read.ends) == ((), "CN=x", WALL + 9 * 86400)


def test_what_nobody_asks_for_keys_is_in_nobodys_way() -> None:
    """The updated host of an original pool may be silent; and what was not answered is no page."""
    (_, unasked) = targets_of(_pool(issuer_type="original"))
    silent = Probe(unasked.url, "name", "unknown_name")
    assert blocked_by(unasked) == frozenset()
    assert content_of(silent) == "other"


def test_strangers_words_have_an_end() -> None:
    """Whatever is shown of them is cut, and a date beyond the calendar is no crash."""
    assert shortened("x" * 200, 5) == "xxxx…"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert day(1e300) == "a date beyond all calendars"
