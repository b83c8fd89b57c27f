"""Workers come, fall silent and go, and the run says who and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from crew import Post, crew

GOOD = """
import json, sys
print(json.dumps({"python": "3.11.7", "subjects": [{"group": "g", "name": "n", "kind": "ratio"}]}), flush=True)
for number, line in enumerate(sys.stdin):
    if number == LAST:
        sys.exit("it fell over")
    print(json.dumps([[1.0, 2.0 + number]]), flush=True)
"""


def post(name: str, program: str) -> Post:
    """A worker that runs a program."""
    return Post(name, [sys.executable, "-c", program])


def test_pairs_are_kept_after_the_warm_up(tmp_path: Path) -> None:
    """What is measured to get warm does not count."""
    with crew([post("good", GOOD.replace("LAST", "99"))], tmp_path) as together:
        together.go_round(pairs=3, share=1.0, warm_up=2)
        (worker,) = together.workers
        ((told, result),) = worker.results()
    assert (told["name"], result.ratio.least, result.ratio.most) == ("n", 4.0, 6.0)
    assert together.absent == {}


def test_who_does_not_start_or_ends_early_is_named_with_the_reason(tmp_path: Path) -> None:
    """A missing library, a worker that says that there is nothing to measure, and one that falls over half-way."""
    posts = [
        post("missing", "import no_such_library"),
        post("declines", f"print({json.dumps({'absent': 'not today'})!r})"),
        Post("not there", ["/no/such/program"]),
        post("foreign", "import sys; sys.exit('Error [ERR]: no package\\n  at loader:1\\n\\nNode.js v20')"),
        post("falls", GOOD.replace("LAST", "1")),
        post("stays", GOOD.replace("LAST", "99")),
    ]
    with crew(posts, tmp_path) as together:
        together.go_round(pairs=2, share=1.0, warm_up=0)
        assert [worker.post.name for worker in together.workers] == ["stays"]
    assert together.absent == {
        "missing": "ModuleNotFoundError: No module named 'no_such_library'",
        "declines": "not today",
        "not there": "/no/such/program: No such file or directory",
        "foreign": "Error [ERR]: no package",
        "falls": "it fell over",
    }


def test_who_says_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that hangs holds nobody up for good."""
    monkeypatch.setattr("crew.ANSWER_WITHIN", 0.5)
    with crew([post("sleepy", "input()")], tmp_path) as together:
        assert together.absent == {"sleepy": "it ended without a word"}


def test_nothing_runs_on_afterwards(tmp_path: Path) -> None:
    """Every worker has ended when the run has."""
    with crew([post("good", GOOD.replace("LAST", "99"))], tmp_path) as together:
        (worker,) = together.workers
        assert not worker.ended
    assert worker.ended
