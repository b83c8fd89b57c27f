"""A report comes out of a file: what is none is refused by name, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from drain_kit import NEW, OLD, issuer, process, report, seen
from hypothesis import given
from hypothesis import strategies as st

from jwtmr import ConfigurationError, DrainReport
from jwtmr.drain import MAX_JSON_CHARACTERS, SCHEMA

GOOD = report(
    process("1-a", issuer(OLD, seen(), others=seen(), would_have_refused=2), issuer(NEW, seen())), process("2-b")
)


def refused(text: object) -> None:
    """``text`` is no report."""
    with pytest.raises(ConfigurationError) as caught:
        DrainReport.from_json(text)
    assert caught.value.parameter == "report"


@pytest.mark.parametrize("form", [str, str.encode])
def test_there_and_back(form: Callable[[str], str | bytes]) -> None:
    """As text and as bytes."""
    assert DrainReport.from_json(form(GOOD.to_json())) == GOOD
    assert json.loads(GOOD.to_json())["schema"] == SCHEMA


def test_blanks_and_later_fields_do_no_harm() -> None:
    """Somebody may have laid it out, and a later version may say more."""
    told = json.loads(GOOD.to_json())
    told["more"] = told["processes"][0]["more"] = {"deep": [1, {"deeper": None}]}
    assert DrainReport.from_json(json.dumps(told, indent=2)) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "null", "[]", "{}", "1", '"report"', "{", "nonsense", '{"schema":1}', '{"processes":[]}',
        '{"schema":1,"processes":{}}', '{"schema":1,"processes":null}', '{"schema":1,"processes":[1]}',
        '{"schema":"1","processes":[]}', '{"schema":true,"processes":[]}', '{"schema":1.5,"processes":[]}',
        '{"schema":1,"processes":[]}x', '\ufeff{"schema":1,"processes":[]}', "\x00", "\ud800", "{'schema':1}",
    ],
)  # fmt: skip
def test_garbage(text: str) -> None:
    """Text that is no report."""
    refused(text)


@pytest.mark.parametrize("given", [None, 1, True, [], {}, GOOD, b"\xff", b"\xfe\xff", bytearray(b"{}"), object()])
def test_no_text_at_all(given: object) -> None:
    """Other types, and bytes that are no UTF-8."""
    refused(given)


@pytest.mark.parametrize("schema", [0, 2, -1, 10**30, 10**400])
def test_another_schema(schema: int) -> None:
    """Is told apart from garbage: a newer version wrote it, and may mean something else by the same words."""
    with pytest.raises(ConfigurationError, match="must have schema 1"):
        DrainReport.from_json(f'{{"schema":{schema},"processes":"whatever"}}')


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"schema":1,"x":' + "[" * 100_000 + "]" * 100_000 + "}"]
)
def test_deep(text: str) -> None:
    """A parser's stack is not the writer's to spend."""
    refused(text)


def test_huge() -> None:
    """Something else was taken for a report. What is just as long as allowed is looked at."""
    blank = GOOD.to_json().ljust(MAX_JSON_CHARACTERS)
    assert DrainReport.from_json(blank) == GOOD
    refused(blank + " ")
    refused((blank + " ").encode())


SPOILT: list[tuple[str, list[object]]] = [
    ("process", ["", "a b", "a\n", "\x1b[31m", "x" * 201, 7, None]),
    ("since", ["0", None, "NaN", 1e13, -1e13, [], True]),
    ("taken_at", ["0", None, 1e13, True]),
    ("leeway", [-1, 301, None]),
    ("issuers", [None, {}, [1], [[]]]),
    ("issuers.0.authority", [None, 1]),
    ("issuers.0.issuer", [None, 1, "", "https://a.example/\x1b[2J", "https://a.example/\n", "https://ä.example"]),
    ("issuers.0.kind", [None, "", "Legacy", "old", 1]),
    ("issuers.0.region", [1, []]),
    ("issuers.0.accept_until", ["soon", 1e13, True]),
    ("issuers.0.clients", [None, [], {"app": None}, {"app": {}}]),
    ("issuers.0.others", [1, {}]),
    ("issuers.0.would_have_refused", [-1, 1.5, True, 2**53 + 1, 10**400]),
    ("issuers.0.clients.app.accepted", [0, -1, 1.5, True, "1", 2**53 + 1, 10**400]),
    ("issuers.0.clients.app.first_seen", [None, "1", 1e13]),
    ("issuers.0.clients.app.last_seen", [None, "1", 1e13]),
    ("issuers.0.clients.app.latest_expiry", [None, "1", 1e13]),
    ("issuers.0.clients.app.latest_issue", [None, "1", 1e13]),
    ("issuers.0.clients.app.longest_life", [None, "1", -1, 1e13]),
]


def spoilt(path: str, value: object) -> str:
    """A good report but for one thing."""
    told: Any = json.loads(GOOD.to_json())
    *way, last = path.split(".")
    place = told["processes"][0]
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    assert last in place
    place[last] = value
    return json.dumps(told)


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in SPOILT for value in values])
def test_one_thing_is_wrong(path: str, value: object) -> None:
    """Of the wrong type, out of bounds, or with characters that a terminal would obey."""
    refused(spoilt(path, value))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400])
def test_what_is_no_number(number: str) -> None:
    """A comparison with NaN is always false, and would be taken for safety."""
    text = GOOD.to_json()
    stem = text[text.index('"last_seen":') :]
    refused(text.replace(stem, '"last_seen":' + number + stem[stem.index(",") :]))


def test_too_many_clients() -> None:
    """No process counts more than a hundred by name."""
    many = {
        f"c{number}": json.loads(json.dumps(json.loads(GOOD.to_json())["processes"][0]["issuers"][0]["others"]))
        for number in range(101)
    }
    refused(spoilt("issuers.0.clients", many))
    many.popitem()
    assert len(DrainReport.from_json(spoilt("issuers.0.clients", many)).processes[0].issuers[0].clients) == 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(max_size=50) | st.text(max_size=50))
def test_any_bytes(data: bytes | str) -> None:
    """Nothing but a ``ConfigurationError`` comes of it."""
    refused(data)


@given(st.sampled_from([path for path, _ in SPOILT]), JSON)
def test_any_value_anywhere(path: str, value: object) -> None:
    """It is refused, or it is a report of which a verdict and JSON can be had."""
    text = spoilt(path, value)
    try:
        told = DrainReport.from_json(text)
    except ConfigurationError:
        refused(text)
    else:
        assert DrainReport.from_json(told.to_json()) == told
        assert str(told.verdict(1.7e9))
        assert told.issuers is not None
