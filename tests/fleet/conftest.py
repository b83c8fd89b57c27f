"""A fleet is many of what ``tests/keys`` has one of."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "keys"))
