"""What ``docs/operations.md`` says of the log is what the code writes: events, levels, fields, and the pace."""

from __future__ import annotations

import inspect
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from event_rows import ROWS
from test_operations_page import PAGE, table

from jwtmr import _lines
from jwtmr._calm import MAX_NEWS, MINUTE
from jwtmr._lines import FIELDS, Line, line_of_fetching, line_of_problem, lines_of
from jwtmr._log import Log, logger
from jwtmr.events import EndpointChanged, EndpointState, Event, KeysChanged
from jwtmr.settings import SystemClock


def all_lines() -> Iterator[Line]:
    """A line of every kind: of every event, in every state, and of what is no event."""
    events: list[Event] = [event for event, _ in ROWS]
    events += [EndpointChanged("pool", "https://a", "r", "cold", after) for after in get_args(EndpointState)]
    events += [KeysChanged("pool", "https://a", "r", 0, 0, ("private members present",))]
    for event in events:
        yield from lines_of(event, "timeout")
    for stranded in (True, False):
        yield line_of_fetching("pool", stranded=stranded)
    yield line_of_problem("pool", "it rains")


def test_every_event_of_every_type_was_asked() -> None:
    """And every function that makes a line: another one is added here."""
    assert {type(event) for event, _ in ROWS} == set(get_args(Event))
    made = {name for name, _ in inspect.getmembers(_lines, inspect.isfunction) if name.startswith("line")}
    assert made == {"lines_of", "line_of_fetching", "line_of_problem"}


def test_the_table_names_the_events_and_fields_of_the_code() -> None:
    """All of them, and no others."""
    fields: dict[str, set[str]] = defaultdict(set)
    for line in all_lines():
        assert "authority" in line.fields
        fields[f"`{line.event}`"] |= {f"jwtmr_{name}" for name in line.fields} - {"jwtmr_authority"}
    rows = {row[0]: set(re.findall(r"`(\w+)`", row[2])) for row in table("## The log")}
    assert rows == fields
    section = PAGE.split("## The log\n")[1].split("\n## ")[0]
    assert set(re.findall(r"jwtmr_\w+", section)) == {f"jwtmr_{name}" for name in FIELDS}


def test_the_table_names_the_levels() -> None:
    """A WARNING in which states, where it is not one in all of them."""
    levels: dict[str, set[tuple[int, object]]] = defaultdict(set)
    for line in all_lines():
        levels[f"`{line.event}`"].add((line.level, line.fields.get("state")))
    for event, level, *_ in table("## The log"):
        warned = {state for number, state in levels[event] if number == logging.WARNING}
        if {number for number, _ in levels[event]} == {logging.WARNING, logging.INFO}:
            assert level.startswith("WARNING for ")
            assert level.endswith(", else INFO")
            assert set(re.findall(r"`(\w+)`", level)) == warned
        else:
            assert {logging.getLevelName(number) for number, _ in levels[event]} == {level}


def test_the_pace_is_as_it_says() -> None:
    """In numbers, and in the words of a line."""
    section = PAGE.split("**The pace.**")[1].split("\n## ")[0]
    assert (MAX_NEWS, MINUTE) == (5, 60)
    assert "at most five lines a minute" in section
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        log = Log(_Stepping())
        for _ in range(5):
            log.problem("pool", "it rains")
    finally:
        logger.removeHandler(handler)
    said = [(record.getMessage().partition(";")[1:], record.__dict__["jwtmr_left_out"]) for record in heard]
    assert said == [(("", ""), 0), ((";", " 3 more left out"), 3)]
    assert "`; 3 more left out`" in section


class _Stepping(SystemClock):
    """A minute is over at the fifth time that it is asked."""

    def __init__(self) -> None:
        self._times = iter((0.0, 0.0, 0.0, 0.0, 60.0))

    def monotonic(self) -> float:
        """The next one."""
        return next(self._times)
