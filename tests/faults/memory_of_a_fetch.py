"""Run as a process: fetch keys from each URL, and say how that ended and by how much the peak of memory grew.

The first URL is asked once before: whatever is loaded or reserved once and for all is there afterwards. Linux only, as
nobody else tells the peak since a moment.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from jwtmr import UNCHECKED, OidcProvider, TokenValidator
from jwtmr.http import httpx_get

STATUS: Final = Path("/proc/self/status")
RESET: Final = Path("/proc/self/clear_refs")


def measured(field: str) -> int:
    """Bytes: ``VmRSS`` or ``VmHWM``, its peak."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Print a list of an outcome and a number of bytes for each URL of the command line."""
    http_get, told = httpx_get(), list[tuple[str, int]]()
    for url in [sys.argv[1], *sys.argv[1:]]:
        provider = OidcProvider(
            "https://issuer.example", audience=UNCHECKED, client_ids=UNCHECKED, token_type="at+jwt", jwks_uris=[url]
        )
        with closing(TokenValidator(provider, http_get=http_get)) as validator:
            RESET.write_text("5")
            before = measured("VmRSS")
            outcome = validator.warm_up().authorities[0].endpoints[0].last_outcome
            told.append((str(outcome), measured("VmHWM") - before))
    print(json.dumps(told[1:]))  # noqa: T201 - the process that started this one reads it


if __name__ == "__main__":
    main()
