"""What somebody new to the command line types wrong, and what they are told."""

from __future__ import annotations

import pytest
from cli_world import jwtmr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "required: COMMAND"),
        ("validat", "'validat' (choose from"),
        ("validat", "; the nearest is validate"),
        ("--config jwtmr.toml validate", "; --config comes after the command"),
        ("--config=jwtmr.toml validate", "; --config=jwtmr.toml comes after the command"),
        ("simulate --control 9480 token", "; --control comes after the action"),
        ("simulate tokn", "; the nearest is token"),
        ("simulate fault bussy --control 1", "; the nearest is busy-503"),
        ("validate --tokn-file token.txt", "jwtmr validate: error: unrecognized arguments: --tokn-file token.txt; the"),
        ("validate --confg=x", "; the nearest is --config"),
        ("jwks show --config x --verbos", "jwtmr jwks show: error: unrecognized arguments: --verbos\n`"),
        ("simulate take-down --region us-east-1 --control 1", "usage: jwtmr simulate take-down "),
        ("status", "`jwtmr status --help` says more"),
        ("validate \x1b[2J", "unrecognized arguments: \\x1b[2J"),
    ],
)
def test_wrong_words(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The parser of the command that is meant says what is wrong, what may have been meant, and where there is more."""
    assert jwtmr(line).code == 2
    assert says in capsys.readouterr().err
