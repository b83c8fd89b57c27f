"""The place of all commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_world import World, good_world, pool
from place import Place, place_in
from simulated import simulated

from jwtmr.testing import RegionalIssuer


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


@pytest.fixture(scope="module")
def issuer() -> Iterator[RegionalIssuer]:
    """The pool of all worlds of doctor in one file."""
    with pool() as made:
        yield made


@pytest.fixture
def world(issuer: RegionalIssuer, tmp_path: Path) -> Iterator[World]:
    """A world of doctor without a fault."""
    with good_world(issuer, tmp_path) as made:
        yield made
