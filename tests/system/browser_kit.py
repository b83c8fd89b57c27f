"""The browser in front of the pages of the tests. For programs that run with the Python of playwright alone."""

from __future__ import annotations

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
"""The browser itself asks nobody for anything, and no name but loopback can be looked up."""

PATIENCE = 20_000
"""Milliseconds for anything that has to happen on the page. It takes a few hundred."""
