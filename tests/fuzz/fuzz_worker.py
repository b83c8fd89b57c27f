"""One target under atheris, in a process of its own: libFuzzer ends it at the first find, or when its time is over.

    python fuzz_worker.py TARGET [libFuzzer's options and directories]

Only jwtmr is instrumented, so that its branches lead and nobody else's; and the date parser that it hands headers to.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import atheris

sys.path.append(str(Path(__file__).resolve().parent.parent))  # what all tests share

BESIDES: Final = {"freshness": "email"}

with atheris.instrument_imports(include=["jwtmr", "fuzz_planted", *filter(None, [BESIDES.get(sys.argv[1])])]):
    from fuzz_kit import verdict
    from fuzz_planted import PLANTED
    from fuzz_targets import TARGETS


def main(name: str, options: list[str]) -> None:
    """Fuzz. Never returns."""
    target = (TARGETS | PLANTED)[name]
    atheris.Setup([name, *options], lambda data: verdict(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
