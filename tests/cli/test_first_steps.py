"""What somebody new to the command line types wrong, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_world import jwtmr
from simulated import simulated

from jwtmr.testing import RegionalIssuer


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


def test_what_is_no_report_is_no_evidence(tmp_path: Path) -> None:
    """Where nothing could be read, nothing more is said than that."""
    (tmp_path / "jwtmr.toml").write_text("[cognito_user_pool]\n")
    ran = jwtmr(f"drain {tmp_path / 'jwtmr.toml'}")
    assert ran.code == 3
    assert ran.out.splitlines()[-1] == "could not tell: there is no evidence"
    assert "too early" not in ran.out


def test_nobody_needs_to_know_numbers_of_errors() -> None:
    """What the system says is told in its words."""
    ran = jwtmr("status http://127.0.0.1:1/readyz")
    assert ran.code == 3
    assert ran.err.endswith("no answer: Connection refused\n")


def test_one_reason_is_told_once(tmp_path: Path) -> None:
    """Both hosts of a region that is down are named; why that matters and what to do is the same, and stands once."""
    with simulated() as world:
        path = tmp_path / "jwtmr.toml"
        path.write_text(str(world.order("settings")["settings"]), "utf-8")
        world.order("take-down", region="us-east-1")
        ran = jwtmr(f"doctor --config {path}")
    assert ran.code == 0
    assert ran.out.count("[problem] cannot_connect") == 2
    assert ran.out.count("No keys come from there") == 1


def test_equal_key_sets_are_shown_once() -> None:
    """Three hosts of a pool list the same keys: the second and third say whose they share."""
    with RegionalIssuer(["us-east-1", "us-west-2"]) as issuer:
        issuer.switch_to_updated()
        first, *others = issuer.jwks_uris
        ran = jwtmr(f"jwks show {first} {' '.join(others)}")
    assert ran.code == 0
    assert ran.out.count("thumbprint") == 2
    assert " ".join(ran.out.split()).count(f"the same keys as at {first}") == 2
    assert ran.out.count("usable: 2 keys of 2") == 3
