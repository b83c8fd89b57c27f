"""A simulator on a machine that others use too: its files, its ends, and what a stranger at its port may say."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest
from cli_world import jwtmr
from test_simulate_command import Reader

from jwtmr.cli.app import run

SERVE = "simulate --for 0"


@pytest.mark.parametrize("option", ["--write-config", "--ready-file"])
def test_no_link_is_followed(option: str, tmp_path: Path) -> None:
    """Neither a link at the name itself, nor one at a name that could be guessed, leads to another file."""
    victim, name = tmp_path / "victim", tmp_path / "file"
    victim.write_text("mine: A made-up user pool, jwtmr.simulate.started/1")
    (tmp_path / "file.new").symlink_to(victim)
    assert jwtmr(f"{SERVE} {option} {name}").code == 0
    name.unlink(missing_ok=True)
    name.symlink_to(victim)
    ran = jwtmr(f"{SERVE} {option} {name}")
    assert (ran.code, ran.out) == (2, "")
    assert "was not written by this command" in ran.err
    assert victim.read_text("utf-8").startswith("mine")


@pytest.mark.parametrize("option", ["--write-config", "--ready-file"])
def test_nobody_waits_for_a_pipe(option: str, tmp_path: Path) -> None:
    """A named pipe is no file of ours, and is not opened to find that out."""
    os.mkfifo(tmp_path / "pipe")
    ran = jwtmr(f"{SERVE} {option} {tmp_path / 'pipe'}")
    assert (ran.code, ran.out) == (2, "")
    assert "was not written by this command" in ran.err


def test_nothing_stays_beside_its_files(tmp_path: Path) -> None:
    """What is written first is gone afterwards, where the file cannot be written too."""
    (tmp_path / "directory").mkdir()
    assert jwtmr(f"{SERVE} --write-config {tmp_path / 'a.toml'} --ready-file {tmp_path / 'directory'}").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "directory"]


def test_a_closed_terminal_ends_it_well(tmp_path: Path) -> None:
    """The ready file goes with it; under nohup, which ignores that signal, it runs on."""
    ready = tmp_path / "ready.json"
    command = ["simulate", "--for", "0.2", "--ready-file", str(ready)]
    before = signal.getsignal(signal.SIGHUP)
    for handler in (signal.SIG_DFL, signal.SIG_IGN):
        signal.signal(signal.SIGHUP, handler)
        try:
            said = Reader(lambda: signal.raise_signal(signal.SIGHUP))
            assert run(command, {}, io.BytesIO(), said, io.StringIO()) == 0
            assert not ready.exists()
            assert signal.getsignal(signal.SIGHUP) == handler
        finally:
            signal.signal(signal.SIGHUP, before)
