"""All targets by name."""

from __future__ import annotations

from typing import Final

from fuzz_discovery import DISCOVERY
from fuzz_freshness import FRESHNESS
from fuzz_headers import HEADERS
from fuzz_json import JSON
from fuzz_keysets import MEMBERS, SETS
from fuzz_kit import Target
from fuzz_tokens import SIGNED, TOKEN

TARGETS: Final[dict[str, Target]] = {
    "token": TOKEN,
    "signed": SIGNED,
    "json": JSON,
    "keyset": SETS,
    "jwk": MEMBERS,
    "header": HEADERS,
    "freshness": FRESHNESS,
    "discovery": DISCOVERY,
}
