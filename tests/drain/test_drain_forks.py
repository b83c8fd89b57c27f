"""A child counts what it accepts itself, under a name of its own, wherever its parent was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jwtmr.testing import RegionalIssuer

SCRIPT = Path(__file__).parent / "scripts" / "forks.py"


def test_forks(issuer: RegionalIssuer) -> None:
    """At rest, while another thread sums up, and in the middle of that: no token is counted twice, and none is lost."""
    known = [issuer.jwks_uris_for("original")[0], issuer.user_pool_id, issuer.client_id, issuer.access_token()]
    # Python 3.12 and newer warn when a process with threads forks. That is what the script is for.
    ignored = ("-W", "ignore:This process:DeprecationWarning")
    line = [sys.executable, *ignored, str(SCRIPT), *known]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "grandchild 2",
        "rest 3 100 0 70 173",
        "names 4",
        "another 70 5",
        "own 1 64",
        "log 1 0",
    ]
