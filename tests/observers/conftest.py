"""An observer that is let go in the end, whatever became of the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from observer_kit import PATIENCE, Held


@pytest.fixture
def inner() -> Iterator[Held]:
    """It is let go in the end."""
    made = Held()
    yield made
    made.let_go()
    for thread in made.threads:
        thread.join(PATIENCE)
