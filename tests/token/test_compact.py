"""Step 1 of the checks: size and shape of the compact form."""

from __future__ import annotations

import base64
import string
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from silence import MARKER, as_json, assert_silent, base64url, compact

from jwtmr._token.compact import UnverifiedToken, header_of, parse
from jwtmr.errors import MalformedToken

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
ROOM = 16384
EMPTY = base64url(b"{}")
GOOD = compact(as_json({"alg": "RS256"}), as_json({"sub": MARKER}))
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")


def take_apart(token: object, max_bytes: int = ROOM) -> tuple[dict[str, Any], UnverifiedToken]:
    """The header of ``token`` and the rest of it."""
    taken = parse(token, max_bytes)
    return header_of(taken), taken


def assert_refused(token: object, max_bytes: int = ROOM) -> None:
    """The token is refused as malformed, and the refusal says nothing of it."""
    with pytest.raises(MalformedToken) as caught:
        take_apart(token, max_bytes)
    assert_silent(caught.value)


def accepts(token: str) -> bool:
    """Whether ``token`` has a right shape; nothing but a ``MalformedToken`` says that it has not."""
    try:
        take_apart(token)
    except MalformedToken:
        return False
    return True


def reads_back(part: str) -> bool:
    """Whether ``part`` is how its bytes are written."""
    return base64url(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) == part


def test_takes_a_token_apart() -> None:
    """Header, payload, the very bytes that were sent, what is signed, and the signature."""
    payload = b'{ "sub":"\\u0061" }'
    token = compact(b'{"kid":"a/+="}', payload, b"\x00\xff")
    header, taken = take_apart(token)
    assert (header, taken.payload, taken.payload_bytes) == ({"kid": "a/+="}, {"sub": "a"}, payload)
    assert (taken.signed, taken.signature) == (token.rpartition(".")[0].encode(), b"\x00\xff")


@pytest.mark.parametrize(("residue", "allowed"), [(0, 64), (1, 0), (2, 4), (3, 16)])
def test_last_character_of_a_signature_is_canonical(residue: int, allowed: int) -> None:
    """By length modulo 4, exactly those last characters pass whose unused bits are zero."""
    stem = "A" * ((residue or 4) - 1)
    for before in ("", "AAAA"):
        good = [last for last in ALPHABET if accepts(f"{EMPTY}.{EMPTY}.{before}{stem}{last}")]
        assert len(good) == allowed
        assert all(reads_back(before + stem + last) for last in good)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("text", "spellings"), [(b"{ }", 1), (b"{  }", 16), (b"{}", 4)], ids=["0", "2", "3"])
def test_header_and_payload_have_one_spelling(place: int, text: bytes, spellings: int) -> None:
    """Of all ways to write the same bytes only the canonical one is a token."""
    written = base64url(text)
    parts = [EMPTY, EMPTY, "AAAA"]
    same = [
        written[:-1] + last for last in ALPHABET
        if base64.urlsafe_b64decode(written[:-1] + last + "=" * (-len(written) % 4)) == text
    ]  # fmt: skip
    assert len(same) == spellings
    for spelling in same:
        parts[place] = spelling
        assert accepts(".".join(parts)) == (spelling == written)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_alphabet_is_that_of_base64url(place: int) -> None:
    """In every part, every other character of Latin-1 and some beyond are refused, wherever they stand."""
    parts = [HEADER, PAYLOAD, SIGNATURE]
    for character in [chr(code) for code in range(256)] + ["\u2028", "\u0660", "\uff21", "😀", "\ud800"]:
        for at in (0, 2, len(parts[place])):
            spoilt = parts[place][:at] + character + parts[place][at:]
            if character not in ALPHABET:
                assert_refused(".".join([*parts[:place], spoilt, *parts[place + 1 :]]))
    assert all(accepts(f"{HEADER}.{PAYLOAD}.{character}AAA") for character in ALPHABET)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        HEADER,
        f"{HEADER}.{PAYLOAD}",
        f"{HEADER}.{PAYLOAD}.",
        f"{HEADER}..{SIGNATURE}",
        f".{PAYLOAD}.{SIGNATURE}",
        f"{GOOD}.",
        f".{GOOD}",
        f"{GOOD}.{SIGNATURE}",
        f"{HEADER}.{SIGNATURE}.{SIGNATURE}.{PAYLOAD}.{SIGNATURE}",
        f"{HEADER}....",
        f"{HEADER}..{SIGNATURE}.{PAYLOAD}.{SIGNATURE}",
        f"{GOOD}=",
        f"{GOOD}==",
        f"{EMPTY}=.{PAYLOAD}.{SIGNATURE}",
        f"{HEADER}.{EMPTY}=.{SIGNATURE}",
        f" {GOOD}",
        f"{GOOD} ",
        f"{GOOD}\n",
        f"{GOOD}\r\n",
        f"\t{GOOD}",
        f"{GOOD}\0",
        f"\ufeff{GOOD}",
        f"{HEADER}.{PAYLOAD}\n.{SIGNATURE}",
        f"Bearer {GOOD}",
        f"{HEADER}\u3002{PAYLOAD}\uff0e{SIGNATURE}",
        "eyJhbGciOiJSUzI1NiJ9.\ud800.AAAA",
    ],
    ids=ascii,
)
def test_refuses_other_shapes(token: str) -> None:
    """Other numbers of parts, empty parts, padding, blanks around and characters beyond ASCII are refused."""
    assert_refused(token)


@pytest.mark.parametrize("token", [GOOD.encode(), bytearray(GOOD.encode()), None, 7, True, 1.5, [GOOD], {GOOD: 1}, b""])
def test_refuses_what_is_no_string(token: object) -> None:
    """A token that is not a ``str`` is malformed, not a ``TypeError``."""
    assert_refused(token)


def test_a_kind_of_string_is_a_string() -> None:
    """A subclass of ``str``, as some frameworks hand out, is read like its text, whatever its methods say."""

    class Text(str):
        __slots__ = ()

        def __len__(self) -> int:
            return 0

        def encode(self, *_: object) -> bytes:
            return b"other"

    assert take_apart(Text(GOOD)) == take_apart(GOOD)
    assert_refused(Text(GOOD + "="))
    assert_refused(Text(GOOD), len(GOOD) - 1)


def test_size_has_an_end() -> None:
    """A token of exactly the allowed size passes, one character more does not; whatever its characters."""
    assert take_apart(GOOD, len(GOOD))[1].payload == {"sub": MARKER}
    assert_refused(GOOD, len(GOOD) - 1)
    assert_refused("é" * 300, 256)
    assert_refused("é" * 200, 256)


@pytest.mark.parametrize(
    "text",
    [b"[]", b"1", b'"{}"', b"null", b"", b"\xef\xbb\xbf{}", b'{"a":1,"a":1}', b'{"a":NaN}', b'{"a":"\xff"}', b"{}\0"],
    ids=repr,
)
@pytest.mark.parametrize("place", ["header", "payload"])
def test_header_and_payload_are_strict_objects(place: str, text: bytes) -> None:
    """What the strict parser refuses is no header and no payload."""
    assert accepts(compact())
    assert_refused(compact(**{place: text}))


@settings(max_examples=250)
@given(st.one_of(st.text(max_size=60), st.text(ALPHABET + ".=", max_size=60), st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*")))
@example(GOOD)
@example(".".join(["A"] * 3))
def test_no_text_raises_anything_else(token: str) -> None:
    """Whatever the characters: taken apart and the same when put together again, or malformed."""
    try:
        _, taken = take_apart(token, 50)
    except MalformedToken as error:
        assert_silent(error)
    else:
        assert len(token) <= 50
        header, payload, signature = token.split(".")
        assert (base64url(taken.payload_bytes), base64url(taken.signature)) == (payload, signature)
        assert taken.signed == f"{header}.{payload}".encode()
