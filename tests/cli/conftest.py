"""The place of all commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from place import Place, place_in


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The working directory of the test."""
    monkeypatch.chdir(tmp_path)
    with place_in(tmp_path) as made:
        yield made
