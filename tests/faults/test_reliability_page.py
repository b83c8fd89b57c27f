"""``docs/reliability.md`` and the tests agree: no row without a test, no test for a row that is not there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parents[1]
PAGE: Final = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS: Final[dict[str, str]] = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", PAGE, re.MULTILINE))
"""What the page says of each row."""
COUNT: Final = 67
"""Rows are added, and none goes away unnoticed."""


def marked() -> dict[str, set[str]]:
    """The tests of each row, as ``file.py::test``."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                for row in rows_of(node):
                    found[row].add(f"{path.name}::{node.name}")
    return found


def rows_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The rows that are named in the decorators of a test, those of single parameters among them."""
    for decorator in test.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.row"):
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), f"{test.name}: a row is named as it is"
                    yield str(argument.value)


MARKED: Final = marked()


def test_the_page_has_all_rows() -> None:
    """As many as there were, and each once."""
    assert len(re.findall(r"^\| `[a-z0-9-]+` \|", PAGE, re.MULTILINE)) == len(ROWS) == COUNT


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_its_tests(row: str) -> None:
    """The tests that the page names are there, and are marked with the row."""
    named = set(re.findall(r"`(test_\w+\.py::test_\w+)`", ROWS[row]))
    assert named, "the page names no test"
    assert named <= MARKED[row]


def test_no_test_has_a_row_that_is_not_on_the_page() -> None:
    """A marker that nothing explains is a mistake, of the page or of the test."""
    assert MARKED.keys() - ROWS.keys() == set()


def test_the_game_day_runs() -> None:
    """The snippet of the page is as good as it says."""
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert snippet.count("assert ") == 1
    exec(snippet, {})
