"""What importing jwtmr takes, beyond importing PyJWT and cryptography, which it needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from measure import Timed
from subject import Subject

IMPORT_LIMIT: Final = 40_000.0
"""Microseconds."""

_IMPORT: Final = """
from time import process_time
began = process_time()
import jwt, cryptography
{}
print(process_time() - began)
"""


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """Each is that of a new process. Its clock starts after Python, and stands while others have the processor."""
    bare, full = _imports(""), _imports("import jwtmr")
    yield [Subject("import", "import jwtmr", "added", bare, full, IMPORT_LIMIT, rounds=3, calls=1)]


def _imports(line: str) -> Timed:
    def timed(calls: int) -> float:
        return sum(_seconds(_IMPORT.format(line)) for _ in range(calls))

    return timed


def _seconds(program: str) -> float:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return float(ran.stdout)
