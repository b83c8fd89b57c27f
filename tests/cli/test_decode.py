"""``jwtmr decode``: says UNVERIFIED, never the signature, and does nothing to a terminal."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cli_world import jwtmr
from place import Place


def made(header: object, payload: object, signature: str = "c2lnbmF0dXJl") -> str:
    """A token of whatever."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, payload))
    return ".".join((*parts, signature))


def test_a_token_is_shown_without_its_signature(place: Place) -> None:
    """Header and payload as they are, and the third part nowhere, on a terminal and as JSON."""
    token = place.issuer.access_token()
    signature = token.rpartition(".")[2]
    ran = jwtmr("decode", stdin=token)
    assert ran.code == 0
    assert ran.out.startswith("UNVERIFIED")
    document = jwtmr("decode --json", stdin=token).document
    assert document["schema"] == "jwtmr.decode/1"
    assert document["verified"] is False
    assert document["header"]["alg"] == "RS256"
    assert document["payload"]["username"] == "alice"
    assert signature[:16] not in ran.out + json.dumps(document)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_of_another_editor_is_read(place: Place, encoding: str) -> None:
    """Windows marks text files, and PowerShell writes two bytes for a letter."""
    Path("other.txt").write_text(f"Bearer {place.issuer.access_token()}\r\n", encoding=encoding)
    assert jwtmr("decode --token-file other.txt").code == 0


def test_a_text_without_end_is_cut_for_people() -> None:
    """A page is for reading; a program gets all of it."""
    token = made({}, {"x": "a" * 500_000})
    assert "... (480002 more characters)" in " ".join(jwtmr("decode", stdin=token).out.split())
    assert len(jwtmr("decode --json", stdin=token).document["payload"]["x"]) == 500_000


def test_nobody_is_asked(place: Place) -> None:
    """An unverified token makes nobody fetch anything, whatever it names."""
    place.issuer.forget_requests()
    assert jwtmr("decode --token-file token.txt").code == 0
    assert place.issuer.count() == 0


def test_hostile_characters_are_escaped() -> None:
    """Names and values come from a stranger: escapes of a terminal and of text direction are shown, not sent."""
    ran = jwtmr("decode", stdin=made({"alg": "\x1b[2J", "\u202e": 1}, {"sub": "\x07\u2066\ufffe"}), terminal=True)
    assert ran.code == 0
    plain = ran.out.replace("\x1b[33m", "").replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert plain.replace("\n", "").isprintable()
    assert "\\u001b[2J" in ran.out


@pytest.mark.parametrize(
    ("claim", "value", "said"),
    [
        ("exp", 0, "1970-01-01 00:00:00 UTC"),
        ("exp", 10**15, "no time between 1970 and 9999"),
        ("exp", -1, "no time between 1970 and 9999"),
        ("exp", 253402300799, "9999-12-31 23:59:59 UTC"),
        ("auth_time", 1.5, "1970-01-01 00:00:01 UTC"),
    ],
)
def test_times_are_explained(claim: str, value: float, said: str) -> None:
    """A claim that is a time is shown as one, if it is one."""
    assert said in jwtmr("decode", stdin=made({}, {claim: value})).out


@pytest.mark.parametrize("value", [True, "1", None, [1]])
def test_what_is_no_number_is_no_time(value: object) -> None:
    """It is shown as it is."""
    assert "UTC" not in jwtmr("decode", stdin=made({}, {"exp": value})).out


@pytest.mark.parametrize("given", ["a.b", "a.b.c.d", "e30.e30.", "e30.W10.AAAA", "W10.e30.AAAA", "ÿ.ÿ.ÿ"])
def test_what_is_no_token_is_told(given: str) -> None:
    """Exit code 1, a reason on stderr, and nothing on stdout."""
    ran = jwtmr("decode", stdin=given)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("jwtmr decode: this is no signed JWT: ")


def test_a_token_as_an_argument_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused with what to do, and the message, which may end in a log, does not hold it."""
    token = made({"alg": "RS256"}, {"sub": "somebody"})
    assert jwtmr(f"decode {token}").code == 2
    said = capsys.readouterr().err
    assert "a token is no argument" in said
    assert token[:20] not in said
