"""The model by itself: timelines written by hand, and what each of them allows."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Final

import pytest
from soak_facts import Moment, Span, Token
from soak_kleene import MAYBE, NO, YES, Truth, lapsed, later
from soak_model import cheap
from soak_model_keys import DARK, DISPUTED, UNLISTED, WITHDRAWN, Said, Sent, Word, fates, heard, read, read_keys

from jwtmr.http import HttpAnswer

HOUR: Final = 3600
Line = tuple[float, str]
"""When an endpoint was asked, and the kids that it listed; ``-`` for a failure, ``/`` for a 4xx. ``k*`` is ``k`` with
another key."""


def span(early: float, late: float | None = None) -> Span:
    """From one moment to another, all clocks alike."""
    return Span(*(Moment(t, t, t) for t in (early, early if late is None else late)))


def said(line: Line) -> Said:
    """One line of a timeline."""
    t, words = line
    sent = Sent((t - 0.5, t), span(t))
    if words in ("-", "/"):
        return Said("failure" if words == "-" else "nothing", sent)
    return Said("keys", sent, {word[0]: f"key of {word}" for word in words.split()}, fresh_for=900)


def word(*lines: Line) -> Word:
    """What an endpoint has said."""
    spoken = Word()
    for line in lines:
        spoken = heard(spoken, said(line))
    return spoken


K: Final = "key of k"
ELSE: Final = "key of k*"


@pytest.mark.parametrize(
    ("why", "endpoints", "now", "expected"),
    [
        ("nobody has been asked", [[], []], 10, {DARK}),
        ("everybody failed", [[(0, "-")], [(0, "-")]], 10, {DARK}),
        ("one lists it", [[(0, "-")], [(0, "k")]], 10, {K}),
        ("another kid is listed", [[(0, "a")], []], 10, {UNLISTED}),
        ("keys serve for an hour", [[(0, "k")], []], HOUR - 1, {K}),
        ("and no longer", [[(0, "k")], []], HOUR, {DARK}),
        ("each endpoint has an age of its own", [[(0, "k")], [(600, "a")]], HOUR, {UNLISTED}),
        ("a failure does not extend it", [[(0, "k"), (900, "-")], []], HOUR, {DARK}),
        ("an empty answer of one that never worked is no set", [[(0, "/")], []], 10, {DARK}),
        ("a success replaces the set whole", [[(0, "k"), (5, "a")], []], 10, {UNLISTED}),
        ("an overtaken answer changes nothing", [[(5, "a"), (0, "k")], []], 10, {UNLISTED}),
        ("dropped by the first, listed by a later one", [[(0, "k a"), (5, "a")], [(6, "k")]], 10, {DISPUTED}),
        ("dropped by a later one, listed by the first before", [[(0, "k")], [(1, "k a"), (5, "a")]], 10, {DISPUTED}),
        ("dropped by a later one, listed by the first since", [[(0, "k"), (9, "k")], [(1, "k a"), (5, "a")]], 10, {K}),
        ("nobody can tell which of the two was sent first", [[(5.2, "k")], [(1, "k a"), (5, "a")]], 10, {K, DISPUTED}),
        ("listed again by the one that dropped it", [[(0, "k"), (5, "a"), (9, "k")], [(1, "k")]], 10, {K}),
        ("who never listed it drops nothing", [[(0, "a"), (5, "a")], [(1, "k")]], 10, {K}),
        ("dropped by all", [[(0, "k"), (5, "a")], [(1, "k"), (6, "a")]], 10, {UNLISTED}),
        ("disputed for an hour", [[(0, "k"), (5, "a")], [(HOUR - 9, "k")]], HOUR + 5, {WITHDRAWN}),
        ("the one that dropped it is silent", [[(0, "k"), (5, "a"), (9, "-")], [(HOUR, "k")]], HOUR + 10, {K}),
        (
            "silence begins with the first failure",
            [[(0, "k"), (5, "a"), (99, "-")], [(90, "k")]],
            HOUR + 10,
            {WITHDRAWN},
        ),
        ("of two keys the first is right", [[(0, "k*")], [(1, "k")]], 10, {ELSE}),
        ("of two keys the fresh one is right", [[(0, "k*")], [(900, "k")]], 910, {K}),
        ("of two keys past their lifetime the first is right", [[(0, "k*")], [(1, "k")]], 1000, {ELSE}),
    ],
)
def test_what_a_kid_means(why: str, endpoints: list[list[Line]], now: float, expected: set[str]) -> None:
    """Each timeline has one outcome, or two where nobody can tell."""
    assert fates("k", [word(*lines) for lines in endpoints], span(now)) == expected, why


@pytest.mark.parametrize(
    ("endpoints", "now", "expected"),
    [
        ([[(0, "k")]], (HOUR - 1, HOUR), {K, DARK}),
        ([[(0, "k")], [(9, "a")]], (HOUR - 1, HOUR), {K, UNLISTED}),
        ([[(0, "k*")], [(1, "k")]], (899, 900), {K, ELSE}),
        ([[(0, "k a"), (5, "a")], [(HOUR, "k")]], (HOUR + 4, HOUR + 6), {DISPUTED, WITHDRAWN}),
    ],
)
def test_both_sides_of_a_boundary(endpoints: list[list[Line]], now: tuple[float, float], expected: set[str]) -> None:
    """Who asks while a moment passes may see either side of it."""
    assert fates("k", [word(*lines) for lines in endpoints], span(*now)) == expected


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        (span(0), span(9), NO),
        (span(0), span(10), YES),
        (span(0), span(9, 10), MAYBE),
        (span(0, 1), span(10), MAYBE),
        (None, span(99), NO),
    ],
)
def test_time_has_gone_by(since: Span | None, now: Span, expected: Truth) -> None:
    """For sure, not at all, or perhaps."""
    assert lapsed(since, now, 10) == expected


@pytest.mark.parametrize(("one", "expected"), [((5, 6), YES), ((4, 6), MAYBE), ((3, 3.5), MAYBE), ((1, 2), NO)])
def test_which_came_first(one: tuple[float, float], expected: Truth) -> None:
    """Two moments that are not known exactly may have been either way round."""
    assert later(one, (3, 4)) == expected


SET: Final = json.dumps({"keys": [{"kid": "k", "n": "abc"}]}).encode()


@pytest.mark.parametrize(
    ("answer", "condition", "expected"),
    [
        (None, None, "failure"),
        (HttpAnswer(200, {}, SET), None, "keys"),
        (HttpAnswer(200, {}, b'{"keys": []}'), None, "failure"),
        (HttpAnswer(200, {}, b"<html>"), None, "failure"),
        (HttpAnswer(304, {}, b""), '"known"', "keys"),
        (HttpAnswer(304, {"etag": '"other"'}, b""), '"known"', "failure"),
        (HttpAnswer(304, {}, b""), '"never seen"', "failure"),
        (HttpAnswer(304, {}, b""), None, "failure"),
        (HttpAnswer(302, {}, b""), None, "failure"),
        (HttpAnswer(403, {}, SET), None, "nothing"),
        (HttpAnswer(429, {}, SET), None, "failure"),
        (HttpAnswer(503, {}, SET), None, "failure"),
    ],
)
def test_what_an_answer_says(answer: HttpAnswer | None, condition: str | None, expected: str) -> None:
    """Only 200 with keys, and 304 to an ``ETag`` that came with them, are sets; a 4xx may say that there are none."""
    kind, keys = read(answer, {'"known"': {"k": "abc"}}, condition)
    assert kind == expected
    assert keys == ({"k": "abc"} if kind == "keys" else {})


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": "none"}', b'{"keys": [', b"\xff", b'{"keys": [7]}'])
def test_what_is_no_set(body: bytes) -> None:
    """No keys, whatever it is."""
    assert read_keys(body) == {}


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, span(0), (set(), False)),
        ({"issuer": "foreign", "expires": -99.0}, span(0), ({"untrusted_issuer"}, True)),
        ({"issuer": "legacy"}, span(999), (set(), False)),
        ({"issuer": "legacy"}, span(1000), ({"legacy_issuer_retired"}, True)),
        ({"issuer": "legacy", "expires": 0.0}, span(1000), ({"legacy_issuer_retired"}, True)),
        ({"issuer": "legacy"}, span(999, 1000), ({"legacy_issuer_retired"}, False)),
        ({"expires": 500.0}, span(529), (set(), False)),
        ({"expires": 500.0}, span(530), ({"expired"}, True)),
        ({"right_client": False}, span(0), ({"wrong_client"}, True)),
    ],
)
def test_cheap_checks(changes: dict[str, object], now: Span, expected: tuple[set[str], bool]) -> None:
    """The refusals that need no key, in the order of the steps; a boundary within the request allows both."""
    token = Token(
        **{"kind": "valid", "text": "", "kid": "k", "signer": K, "issuer": "current", "expires": 5000.0, "subject": ""}
        | changes
    )  # type: ignore[arg-type]
    assert cheap(token, now, legacy_ends=1000) == expected


def test_the_model_knows_nothing_of_the_code() -> None:
    """Its modules import no private part of the library: it is written from the design."""
    for name in ("facts", "kleene", "model_keys", "history", "obstacles", "duties", "model"):
        tree = ast.parse(Path(__file__).with_name(f"soak_{name}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        assert {module for module in imported if "._" in module} == set()
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import) and "jwtmr" in ast.dump(node)]
