"""``python -m jwtmr`` is the command ``jwtmr``."""

import sys

from jwtmr.cli import main

if __name__ == "__main__":
    sys.exit(main())
