"""What observers cost is measured. How much it is, is no test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_cost_of_observers_is_measured() -> None:
    """Each way to count has its row; those that count have a figure for each kind of event."""
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("observer_cost.py")), "1"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    table = re.findall(r"^(\w.{35})((?: +\d+\.\d)+)$", ran.stdout, re.MULTILINE)
    assert [(name.strip(), len(figures.split())) for name, figures in table] == [
        *(("bare prometheus, one process", 1), ("prometheus, one process", 3)),
        *(("otel, API alone", 3), ("otel, SDK", 3)),
        *(("bare prometheus, several processes", 1), ("prometheus, several processes", 3)),
    ]
