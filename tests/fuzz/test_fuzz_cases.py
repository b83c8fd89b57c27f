"""Every input that was once interesting, through its target: what a fuzzer checks, without one."""

from __future__ import annotations

import pytest
from fuzz_kit import Target, verdict
from fuzz_targets import TARGETS

CASES = [
    pytest.param(target, data, expected, id=f"{name}: {case}")
    for name, target in TARGETS.items()
    for case, (data, expected) in target.cases.items()
]


@pytest.mark.parametrize(("target", "data", "expected"), CASES)
def test_each_case_has_its_verdict(target: Target, data: bytes, expected: str) -> None:
    """Nothing is raised that was not promised, within 50 ms, the oracle agrees, and the answer is the one meant."""
    assert verdict(target, data) == expected
