"""A process that times its subjects when it is told to: ``python worker.py MODULE [ARGUMENT ...]``.

Everything that is measured is measured in such a process, whatever its Python, and under Node.js by one that speaks the
same lines of JSON. So what one library loads burdens no other, and one command can go round all of them, pair by pair.

``MODULE.subjects(*ARGUMENTS)`` is a context manager: the list of subjects, or with a dict of facts about them.
``MODULE.REMARK``, if there is one, is what a reader has to know besides. First comes a line that says what they are,
then one pair per subject for each line of input, until there is no more input.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from measure import interleave
from subject import Absent, Subject

PEERS: Final = Path(__file__).with_name("peers")
ROUND: Final = 1e-3
"""Seconds of a round, about: less than the system lets a process run without a break, even where others wait."""
MOST_CALLS: Final = 50


def main(arguments: Sequence[str]) -> None:
    """Serve the subjects of a module."""
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)  # whatever a library prints is no answer
        sys.path.append(str(PEERS))
        module = importlib.import_module(arguments[0])
        try:
            with module.subjects(*arguments[1:]) as made:
                subjects, facts = made if isinstance(made, tuple) else (made, {})
                facts["remark"] = getattr(module, "REMARK", None)
                _serve(subjects, facts, answers)
        except Absent as reason:
            print(json.dumps({"absent": str(reason)}), file=answers)


def _serve(subjects: Sequence[Subject], facts: dict[str, Any], answers: TextIO) -> None:
    about = {"python": platform.python_version(), **facts, "subjects": [subject.told() for subject in subjects]}
    print(json.dumps(about), file=answers)
    gc.collect()
    gc.freeze()  # what was there before is nobody's garbage now; collecting goes on, as in a service
    calls = [subject.calls or _calls(subject) for subject in subjects]
    for line in sys.stdin:
        asked = zip(subjects, calls, strict=True)
        print(json.dumps([_pair(subject, count, **json.loads(line)) for subject, count in asked]), file=answers)


def _calls(subject: Subject) -> int:
    """As many as a round has room for, by how long one takes that is not the first."""
    slowest = max(min(timed(1) for _ in range(5)) for timed in (subject.bare, subject.full))
    return min(MOST_CALLS, max(1, round(ROUND / slowest)))


def _pair(subject: Subject, calls: int, share: float) -> tuple[float, float]:
    """One pair, of a share of the rounds that the subject asks for."""
    rounds = max(1, round(subject.rounds * share))
    return interleave(subject.bare, subject.full, pairs=1, rounds=rounds, calls=calls)[0]


if __name__ == "__main__":
    main(sys.argv[1:])
