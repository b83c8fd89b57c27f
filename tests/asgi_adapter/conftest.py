"""A pool for the tests of the ASGI adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from asgi_kit import Place, a_place


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A pool that no test of the module changes."""
    with a_place() as made:
        yield made
