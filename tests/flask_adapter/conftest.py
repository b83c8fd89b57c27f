"""A pool for the tests of the Flask adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask_kit import Place, a_place


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A pool that no test of the module changes."""
    with a_place() as made:
        yield made


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Place]:
    """Another one, with other keys."""
    with a_place() as made:
        yield made


@pytest.fixture
def outcomes(place: Place) -> list[str]:
    """How the verifications of this test end."""
    place.outcomes.seen.clear()
    return place.outcomes.seen
