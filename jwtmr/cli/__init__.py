"""The command ``jwtmr``: a file per command, ``command`` says what one is, ``output`` how it speaks.

Data goes to stdout, talk to stderr. Exit codes: 0 yes, 1 no, 2 usage, 3 could not tell. Tokens are never arguments, as
those show in the list of processes.
"""

from jwtmr.cli.app import main

__all__ = ["main"]
