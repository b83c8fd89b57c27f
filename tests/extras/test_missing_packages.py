"""Extras that are not installed: one sentence says which, and nobody else notices."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{package!r}] = None  # as if it were not installed
import jwtmr, jwtmr.bearer
assert not [name for name in sys.modules if name.startswith("jwtmr.extras")]
try:
    import {module}
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "package", "sentence"),
    [
        ("jwtmr.extras.prometheus", "prometheus_client", 'needs prometheus-client: pip install "jwtmr[prometheus]"'),
        ("jwtmr.extras.otel", "opentelemetry", 'needs opentelemetry-api: pip install "jwtmr[otel]"'),
    ],
)
def test_what_is_missing_is_said(module: str, package: str, sentence: str) -> None:
    """At the import of the extra, and not before."""
    script = WITHOUT.format(module=module, package=package)
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout, run.stderr) == (f"{module} {sentence}\n", "")
