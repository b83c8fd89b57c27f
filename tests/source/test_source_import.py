"""What is imported when. A fork while another thread is inside a first import leaves a child that hangs for good."""

from __future__ import annotations

import json
from functools import cache

from source_kit import run_script


@cache
def report() -> list[list[str]]:
    """What a fresh interpreter loads: after the import, with an own client, with the default one; who; in flight."""
    found: list[list[str]] = json.loads(run_script("imports.py").stdout)
    return found


def test_the_import_is_light() -> None:
    """``import jwtmr`` loads neither a framework nor an HTTP library."""
    assert report()[0] == []


def test_an_own_client_needs_no_other() -> None:
    """Making and using a validator with its own ``http_get`` loads no HTTP library."""
    assert report()[1] == []


def test_the_default_client_is_loaded_by_who_makes_the_validator() -> None:
    """The first validator without an ``http_get`` loads httpx there and then, in the caller's thread."""
    assert {"httpx", "httpcore", "h11"} <= set(report()[2])
    assert report()[3] == ["MainThread"]


def test_a_flight_imports_nothing() -> None:
    """The first fetch finds all that it needs loaded: its thread may be the one that a child does not have."""
    assert report()[4] == []
