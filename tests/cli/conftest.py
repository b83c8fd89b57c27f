"""The place of all commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from place import Place, place_in
from simulated import simulated


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The working directory of the test."""
    monkeypatch.chdir(tmp_path)
    with place_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def simulator_file() -> Iterator[str]:
    """What the ready file of a simulator that runs says. One for all, whatever they do to it."""
    with simulated() as running:
        yield json.dumps({"control": running.control})
