"""Rows that say what is supported."""

from __future__ import annotations

from importlib.metadata import metadata

import pytest


@pytest.mark.row("free-threaded", fault=None)
def test_nothing_claims_to_run_without_the_gil() -> None:
    """It has never been tried, so the distribution must not say so."""
    classifiers = metadata("jwtmr").get_all("Classifier") or []
    assert "Programming Language :: Python :: 3 :: Only" in classifiers
    assert not [text for text in classifiers if "Free Threading" in text]
