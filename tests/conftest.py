"""What every test file shares: the programs of the system tests, and Hypothesis without a stopwatch."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

collect_ignore = ["typing"]  # read by type checkers only

# A loaded machine is no finding, and a failure that cannot be replayed is none either.
settings.register_profile("jwtmr", deadline=None, print_blob=True)
settings.load_profile("jwtmr")


def find_program(name: str) -> str | None:
    """Return the path of ``name``: where ``JWTMR_<NAME>`` says, else beside this Python, else on ``PATH``."""
    told = os.environ.get("JWTMR_" + name.upper().replace("-", "_"))
    if told:
        return shutil.which(told)
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)


def require_program(name: str) -> str:
    """Return the path of ``name``. Skips the test without it; under ``JWTMR_REQUIRE_SYSTEM=1`` that is a failure."""
    path = find_program(name)
    if path is None:
        (pytest.fail if os.environ.get("JWTMR_REQUIRE_SYSTEM") == "1" else pytest.skip)(f"needs {name}")
    return path


@pytest.fixture(scope="session")
def needs() -> Callable[[str], str]:
    """``needs("ministack")`` is the path of that program; without it the test is skipped."""
    return require_program


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the programs of ``@pytest.mark.system("ministack")`` before any fixture is made."""
    for mark in item.iter_markers("system"):
        for program in mark.args:
            require_program(program)
