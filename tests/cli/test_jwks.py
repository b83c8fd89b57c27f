"""``jwtmr jwks``: against real endpoints and files, in every outcome, and with sets that mean harm."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from cli_world import jwtmr

from jwtmr.cli.app import run
from jwtmr.testing import LoopbackServer, OidcIssuer, RegionalIssuer, SigningKey, validator_for
from jwtmr.testing.tls import TlsAuthority

KEY: Final = SigningKey.generate(kid="one")
OTHER: Final = SigningKey.generate("ES256", kid="two")
SECRET: Final = "s3cretMaterial"
NASTY: Final = "kid\x1b[2J\u202e\n"

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a set of members, or any text, into a file of the current directory."""
    monkeypatch.chdir(tmp_path)

    def writing(name: str, *members: object, text: str | None = None) -> str:
        Path(name).write_text(json.dumps({"keys": members}) if text is None else text)
        return name

    return writing


def names() -> list[str]:
    """What is in the current directory."""
    return sorted(file.name for file in Path().iterdir())


@pytest.fixture(scope="module")
def pool() -> Iterator[RegionalIssuer]:
    """A pool that has been switched."""
    with RegionalIssuer(["us-east-1", "us-west-2"]) as issuer:
        issuer.switch_to_updated()
        yield issuer


def settings(issuer: RegionalIssuer) -> str:
    """Options that name the endpoints of ``issuer``."""
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    uris = " ".join(f"--jwks-uri {uri}" for uri in issuer.jwks_uris)
    return (
        f"--pool-id {issuer.user_pool_id} --issuer-type updated --client-id app --token-use access "
        f"--accept-legacy-until {until} {uris}"
    )


def weak() -> dict[str, Any]:
    """A key that is too short."""
    return {"kty": "RSA", "kid": "weak", "alg": "RS256", "use": "sig", "e": "AQAB", "n": "w" + "A" * 170}


REFUSED: Final = [
    ({**KEY.jwk, "use": "enc"}, "use is not sig"),
    ({**KEY.jwk, "alg": "HS256"}, "alg is not allowed"),
    (
        {key: value for key, value in KEY.jwk.items() if key != "alg"},
        "give --alg RS256",
    ),
    (weak(), "RSA modulus is out of bounds"),
    ({**weak(), "n": "A"}, "n is no base64url"),
    ({**weak(), "n": 7}, "n is no base64url"),
    ({**weak(), "n": "A" * 20_000}, "RSA modulus is out of bounds"),
    ({**OTHER.jwk, "crv": "P-192"}, "unknown curve"),
    ({**OTHER.jwk, "kid": 7}, "kid missing or no string"),
    ({**OTHER.jwk, "kid": "x" * 5000}, "kid missing or no string"),
    ({**OTHER.jwk, "alg": [1], "kid": "odd"}, "alg is not allowed"),
    ("text", "member is no object"),
    (None, "member is no object"),
]


def test_a_served_set_is_shown_as_the_library_reads_it(pool: RegionalIssuer) -> None:
    """Each key with its thumbprint, and the hash that ``status()`` tells."""
    ran = jwtmr(f"jwks show {pool.jwks_uris[0]} --json")
    validator = validator_for(pool)
    endpoint = validator.warm_up().authorities[0].endpoints[0]
    validator.close()
    (found,) = ran.document["sets"]
    assert (ran.code, ran.document["schema"]) == (0, "jwtmr.jwks.show/1")
    assert (found["key_set_hash"], found["usable_keys"]) == (endpoint.key_set_hash, endpoint.keys)
    assert set(found) == {
        "source", "authority", "region", "outcome", "problem", "key_set_hash", "usable_keys", "private_keys", "keys",
    }  # fmt: skip
    assert set(found["keys"][0]) == {
        "kid", "kty", "crv", "bits", "alg", "use", "thumbprint", "refused", "usable", "secret",
    }  # fmt: skip
    shown = jwtmr(f"jwks show {pool.jwks_uris[0]}").out
    assert all(key["thumbprint"] in shown and key["kid"] in shown for key in found["keys"])
    assert "RSA 2048 bits, RS256, use sig" in shown


def test_the_thumbprint_is_that_of_the_rfc(write: Write) -> None:
    """RFC 7638 section 3.1 has an example; RFC 8037 appendix A.3 has one of Ed25519."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
        "apJzKnqDKgw"
    )
    rsa = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    okp = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "x", "use": "enc"}
    out = jwtmr(f"jwks show {write('rfc.json', rsa, okp)}").out
    assert "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" in out
    assert "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" in out


def test_the_settings_name_the_endpoints(pool: RegionalIssuer) -> None:
    """Without a source all of them are asked, each once, and compared."""
    pool.forget_requests()
    ran = jwtmr(f"jwks show {settings(pool)} --json")
    assert [found["source"] for found in ran.document["sets"]] == pool.jwks_uris
    assert ran.document["sets"][0]["authority"] == pool.user_pool_id
    assert (ran.code, pool.count()) == (0, len(pool.jwks_uris))
    assert jwtmr(f"jwks compare {settings(pool)}").code == 0
    environ = {"JWTMR_USER_POOL_ID": "nonsense"}
    assert "JWTMR_ISSUER_TYPE" in jwtmr("jwks show", environ=environ).err
    assert jwtmr(f"jwks show {settings(pool)} keys.json").code == 2
    assert "--alg goes with sources" in jwtmr(f"jwks show {settings(pool)} --alg RS256").err


def test_a_pool_before_its_switch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The updated issuer answers 403 then, which is no broken host; other authorities are compared by themselves."""
    monkeypatch.chdir(tmp_path)
    with RegionalIssuer(["us-east-1", "us-west-2"]) as one, RegionalIssuer(["us-east-1", "us-west-2"]) as two:
        two.switch_to_updated()
        Path("two.toml").write_text("".join(_table(issuer) for issuer in (one, two)))
        shown, compared = jwtmr("jwks show --config two.toml"), jwtmr("jwks compare --config two.toml --json")
        said = jwtmr("jwks compare --config two.toml").out
    assert (shown.code, compared.code) == (1, 1)
    assert "until the pool is switched to it" in " ".join(shown.out.split())
    assert f"of {two.user_pool_id}, in us-east-1" in shown.out
    assert [group["verdict"] for group in compared.document["groups"]] == ["different", "equal"]
    assert f"{two.user_pool_id}: equal" in said


def _table(issuer: RegionalIssuer) -> str:
    return (
        f'[[cognito_user_pool]]\nuser_pool_id = "{issuer.user_pool_id}"\nissuer_type = "updated"\n'
        f'client_ids = ["app"]\ntoken_use = "access"\nreplica_regions = ["us-west-2"]\n'
        f"jwks_uris = {json.dumps(issuer.jwks_uris)}\n"
    )


def test_a_provider_is_asked_where_its_keys_are() -> None:
    """Its discovery document says it; one that says nothing is no key set, one that is silent is none yet."""
    with OidcIssuer("/home", algorithms=["ES256"]) as issuer:
        line = (
            f"jwks show --issuer-url {issuer.url} --audience api --client-id app --token-type at+jwt "
            "--algorithm ES256 --json"
        )
        good = jwtmr(line)
        elsewhere = jwtmr(line.replace("/home", "/elsewhere"))
    gone = jwtmr(line)
    assert (good.code, good.document["sets"][0]["usable_keys"]) == (0, 1)
    assert elsewhere.code == 1
    assert "discovery document" in elsewhere.document["sets"][0]["problem"]
    assert (gone.code, gone.document["sets"][0]["outcome"]) == (3, "silent")


@pytest.mark.parametrize(("member", "why"), REFUSED)
def test_a_member_that_is_never_used_says_why(write: Write, member: object, why: str) -> None:
    """Beside a good one it spoils nothing; alone it makes a set of no use."""
    beside = jwtmr(f"jwks show {write('set.json', SigningKey.generate('EdDSA', kid='good').jwk, member)}")
    alone = jwtmr(f"jwks show {write('set.json', member)}")
    assert (beside.code, alone.code) == (0, 1)
    assert why in " ".join(beside.out.split())
    assert "never used" in alone.out


def test_alg_says_what_a_key_without_one_may_serve(write: Write) -> None:
    """Many providers leave it out, and then it is the configuration that says it."""
    file = write("set.json", SigningKey.generate(kid="bare", named=False).jwk)
    assert jwtmr(f"jwks show {file}").code == 1
    assert jwtmr(f"jwks show {file} --alg RS256").code == 0
    assert jwtmr(f"jwks show {file} --alg ES256").code == 1


def test_two_keys_under_one_kid_serve_neither(write: Write) -> None:
    """As in a validator, which cannot know which one was meant."""
    file = write("set.json", KEY.jwk, {**SigningKey.generate(kid="one").jwk}, OTHER.jwk)
    ran = jwtmr(f"jwks show {file} --json")
    assert [key["usable"] for key in ran.document["sets"][0]["keys"]] == [False, False, True]


PRIVATE: Final = [
    pytest.param([KEY.jwk, {**OTHER.jwk, "d": SECRET}], id="the private half of one"),
    pytest.param([KEY.jwk, {"kty": "oct", "kid": "hmac", "k": SECRET}], id="a symmetric key"),
    pytest.param([KEY.jwk, {**KEY.jwk, "p": SECRET, "oth": [{"r": SECRET}]}, OTHER.jwk], id="a twin"),
    pytest.param([KEY.jwk, {"more": [{"kty": "EC", "d": SECRET}]}], id="hidden in a member"),
]


@pytest.mark.parametrize("members", PRIVATE)
def test_private_members_are_called_out_and_never_shown_or_saved(write: Write, members: list[object]) -> None:
    """Whatever else is in the set: loud, without a character of them, and not one more copy on disk."""
    file = write("set.json", *members)
    for ran in (jwtmr(f"jwks show {file}"), jwtmr(f"jwks show {file} --json"), jwtmr(f"jwks save {file} copy.json")):
        assert ran.code == 1
        assert SECRET not in ran.out + ran.err
    assert "PRIVATE KEYS" in jwtmr(f"jwks show {file}").out
    assert "PRIVATE KEYS" in ran.err
    assert names() == ["set.json"]
    assert SECRET not in jwtmr(f"jwks compare {file} {write('b.json', KEY.jwk)}").out


def test_nothing_of_a_hostile_set_reaches_the_terminal(write: Write) -> None:
    """Names, types and algorithms are anybody's text."""
    odd = {**KEY.jwk, "kid": NASTY, "use": NASTY, "alg": NASTY, "crv": NASTY}
    file = write("set.json", odd, {**KEY.jwk, "kid": NASTY + "\ud800"}, {"kty": NASTY})
    for line in (f"jwks show {file}", f"jwks compare {file} {write('b.json', OTHER.jwk)}"):
        out = jwtmr(line).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert all(character == "\n" or character.isprintable() for character in out)
        assert jwtmr(line + " --json").document


HOSTILE: Final = [
    "[" * 100_000, '{"keys": [' + "{}," * 20_000 + "{}]}", '{"keys": [], "keys": []}', '{"keys": {}}', "\ufeff{}", "",
    json.dumps({"keys": [KEY.jwk] * 101}), '{"keys": [{"kty": "RSA", "n": "' + "A" * 400_000 + '", "e": "AQAB"}]}',
    "x" * 600_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_set_is_none(write: Write, text: str) -> None:
    """Deep, long, twice the same name: an answer, and it is no."""
    ran = jwtmr(f"jwks show {write('set.json', text=text)}")
    assert ran.code == 1
    assert "unusable" in ran.out


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [(302, 1, "redirect"), (403, 1, "403"), (404, 1, "404"), (429, 3, "429"), (503, 3, "503")],
)
def test_an_answer_without_a_set_says_what_it_means(pool: RegionalIssuer, status: int, code: int, word: str) -> None:
    """A redirect to a good set is not followed; a host that is busy has not said no."""
    target = {"Location": pool.jwks_uris[0]}
    pool.forget_requests()
    with LoopbackServer(lambda request: (status, target, json.dumps({"keys": [KEY.jwk]}).encode())) as server:
        ran = jwtmr(f"jwks show {server.url}/keys")
    assert ran.code == code
    assert word in ran.out
    assert pool.count() == 0


def test_a_silent_host_is_unknown_and_costs_its_time(pool: RegionalIssuer) -> None:
    """What the others say is shown nevertheless."""
    with LoopbackServer(lambda request: (200, {}, b"")) as server:
        server.take_down("accept_silent")
        ran = jwtmr(f"jwks compare {server.url} {pool.jwks_uris[0]} --timeout 0.2", terminal=True)
    assert ran.code == 3
    assert "no answer within 0.2 s" in ran.out
    assert "asking 2 addresses" in ran.err


def test_an_interrupt_ends_it_at_once() -> None:
    """Whoever presses Ctrl-C does not wait for a host that is silent."""
    asked, over = threading.Event(), threading.Event()

    def silent(request: object) -> tuple[int, dict[str, str], bytes]:
        asked.set()
        over.wait(30)
        return 200, {}, b""

    with LoopbackServer(silent) as server:
        line = [sys.executable, "-m", "jwtmr", "jwks", "show", server.url, "--timeout", "30"]
        with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                assert asked.wait(30)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=10)
            finally:
                process.kill()
                over.set()
    assert (process.returncode, out, err) == (130, b"", b"")


def test_https_is_verified_against_the_file_that_is_named(write: Write, tmp_path: Path) -> None:
    """An unknown certificate is a silent host; with ``--ca-file`` it is a known one."""
    authority = TlsAuthority()
    answer = json.dumps({"keys": [KEY.jwk]}).encode()
    with LoopbackServer(lambda request: (200, {}, answer), tls=authority) as server:
        pem = authority.client_context().get_ca_certs(binary_form=True)[0]
        write("ca.pem", text=ssl.DER_cert_to_PEM_cert(pem))
        assert jwtmr(f"jwks show {server.url}").code == 3
        assert "certificate" in jwtmr(f"jwks show {server.url}").out.lower()
        assert jwtmr(f"jwks show {server.url} --ca-file ca.pem").code == 0
        assert jwtmr(f"jwks show {server.url} --ca-file nope.pem").code == 2
        assert jwtmr(f"jwks show {server.url} --ca-file {write('no.pem', text='no')}").code == 2


@pytest.mark.parametrize(
    "line",
    [
        "jwks show http://example.com/keys", "jwks show ftp://127.0.0.1/keys", "jwks show https://a@example.com/",
        "jwks show", "jwks show nowhere.json", "jwks show .", "jwks show - -", "jwks compare one.json",
        "jwks save - one.json", "jwks save - .", "jwks save - -", "jwks save - sub/none.json", "jwks",
        "jwks show --timeout 0 -", "jwks show --timeout nan -", "jwks show --timeout x -", "jwks show --alg HS256 -",
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_usage(write: Write, line: str) -> None:
    """And is said before anybody is asked, with nothing on stdout."""
    write("one.json", KEY.jwk)
    ran = jwtmr(line, stdin=json.dumps({"keys": [KEY.jwk]}))
    assert (ran.code, ran.out) == (2, "")
    assert names() == ["one.json"]


def test_a_terminal_is_no_source() -> None:
    """Nobody types a key set, so it does not wait for one."""

    class Terminal(BytesIO):
        def isatty(self) -> bool:
            return True

    said = StringIO()
    assert run(["jwks", "show", "-"], {}, Terminal(), StringIO(), said) == 2
    assert "nothing is piped in" in said.getvalue()


def test_stdin_is_a_source(write: Write) -> None:
    """For a set that another program had."""
    assert jwtmr("jwks show -", stdin=json.dumps({"keys": [KEY.jwk]})).code == 0
    assert jwtmr("jwks show -", stdin=b"\xff\xfe").code == 1


def test_a_set_is_saved_byte_for_byte(pool: RegionalIssuer, write: Write) -> None:
    """Whole, readable for others as any file is, never over another one unless that is said."""
    first = jwtmr(f"jwks save {pool.jwks_uris[0]} set.json --json")
    assert first.code == 0
    assert set(first.document) == {"schema", "source", "file", "bytes", "usable_keys", "key_set_hash"}
    assert first.document["schema"] == "jwtmr.jwks.save/1"
    saved = Path("set.json").read_bytes()
    assert first.document["bytes"] == len(saved)
    assert jwtmr(f"jwks compare set.json {pool.jwks_uris[0]}").code == 0
    again = jwtmr(f"jwks save {write('other.json', KEY.jwk)} set.json")
    assert (again.code, Path("set.json").read_bytes()) == (2, saved)
    assert "--force" in again.err
    assert jwtmr("jwks save other.json set.json --force").code == 0
    assert Path("set.json").read_bytes() == Path("other.json").read_bytes() != saved
    assert names() == ["other.json", "set.json"]


def test_only_a_set_that_was_served_is_saved(write: Write) -> None:
    """What is no set, or does not come, leaves what was there as it was."""
    before = Path(write("set.json", KEY.jwk)).read_bytes()
    with LoopbackServer(lambda request: (200, {}, b"<html>")) as server:
        assert jwtmr(f"jwks save {server.url} set.json --force").code == 1
        server.take_down("refuse")
        assert jwtmr(f"jwks save {server.url} set.json --force").code == 3
    assert Path("set.json").read_bytes() == before
    assert names() == ["set.json"]


def test_a_file_that_appears_meanwhile_is_kept(write: Write) -> None:
    """Between the look and the write somebody else may save a set there."""

    def answer(request: object) -> tuple[int, dict[str, str], bytes]:
        Path("set.json").write_text("theirs")
        return 200, {}, json.dumps({"keys": [KEY.jwk]}).encode()

    with LoopbackServer(answer) as server:
        assert jwtmr(f"jwks save {server.url} set.json").code == 2
    assert Path("set.json").read_text() == "theirs"
    assert names() == ["set.json"]


SAME: Final = {**KEY.jwk, "kid": "renamed"}
DIFFERENT: Final = [
    ([KEY.jwk, OTHER.jwk], "two", "missing", "is not everywhere"),
    ([{**SigningKey.generate(kid="one").jwk}], "one", "two_keys", "names two keys"),
    ([{**KEY.jwk, "alg": "RS512"}], "one", "algorithms", "not for the same algorithms"),
    ([SAME], "renamed", "missing", "the keys are the same, but their kids"),
]


@pytest.mark.parametrize(("right", "kid", "kind", "words"), DIFFERENT, ids=[row[2] for row in DIFFERENT])
def test_a_difference_is_named(write: Write, right: list[Any], kid: str, kind: str, words: str) -> None:
    """Which kid it is about, what each source says of it, and what that does to tokens."""
    line = f"jwks compare {write('a.json', KEY.jwk)} {write('b.json', *right)}"
    ran = jwtmr(line + " --json")
    (group,) = ran.document["groups"]
    assert (ran.code, ran.document["verdict"], ran.document["schema"]) == (1, "different", "jwtmr.jwks.compare/1")
    assert set(group) == {"authority", "verdict", "sources", "differences"}
    found = {one["kid"]: one for one in group["differences"]}
    assert found[kid]["kind"] == kind
    assert set(found[kid]["where"]) == {"a.json", "b.json"}
    assert words in " ".join(jwtmr(line).out.split())


def test_order_and_what_nobody_uses_make_no_difference(write: Write) -> None:
    """Keys for encryption verify nothing."""
    write("a.json", KEY.jwk, OTHER.jwk)
    write("b.json", OTHER.jwk, KEY.jwk, {**KEY.jwk, "kid": "enc", "use": "enc"})
    assert jwtmr("jwks compare a.json b.json").code == 0


def test_a_key_that_says_no_algorithm_is_used_by_somebody(write: Write) -> None:
    """By whose settings say RS256; so two of them under one name are no equal sets, whatever else is the same."""
    bare, other = (SigningKey.generate(kid="bare", named=False).jwk for _ in range(2))
    for right, code, words in ((other, 1, "names two keys"), (KEY.jwk, 1, "not everywhere"), (bare, 0, "equal")):
        ran = jwtmr(f"jwks compare {write('a.json', KEY.jwk, bare)} {write('b.json', KEY.jwk, right)}")
        assert (ran.code, words in ran.out) == (code, True), ran.out
        assert "the keys are the same" not in ran.out


def test_a_region_that_lags_behind_is_a_difference(write: Write) -> None:
    """As after a rotation that only one region tells of, and a silent third one does not change that."""
    with RegionalIssuer(["us-east-1", "us-west-2"]) as issuer:
        issuer.switch_to_updated()
        line = f"jwks compare {settings(issuer)} --json"
        issuer.publish("us-west-2", "original", {"keys": [KEY.jwk]})
        differs = jwtmr(line)
        issuer.take_down("us-east-1")
        silent = jwtmr(line)
    assert (differs.code, differs.document["verdict"]) == (1, "different")
    assert {one["outcome"] for one in silent.document["groups"][0]["sources"]} == {"usable", "silent"}


def test_no_usable_set_is_no_equal_set(write: Write) -> None:
    """An answer without keys is an answer."""
    ran = jwtmr(f"jwks compare {write('a.json', KEY.jwk)} {write('b.json')}")
    assert ran.code == 1
    assert "without a single key" in ran.out
