"""A simulator on a machine that others use too: its files, its ends, and what a stranger at its port may say."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import pytest
from cli_world import jwtmr
from simulated import simulated
from test_simulate_command import Reader

from jwtmr.cli.app import run
from jwtmr.cli.simulate import client
from jwtmr.cli.simulate.control import names_of
from jwtmr.cli.simulate.watch import KEPT_BYTES, SHOWN
from jwtmr.testing import LoopbackServer
from jwtmr.testing.faults import at, drip

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


@pytest.mark.parametrize(
    ("action", "member", "said"),
    [
        ("token", "token", "a.b.c; rm -rf ~"),
        ("token", "token", "$(id)"),
        ("token", "token", "a.b.c\nid"),
        ("token", "token", ["a.b.c"]),
        ("settings --format env", "settings", "# settings\nexport JWTMR_REALM='x'; id\n"),
        ("settings --format env", "settings", "# settings\nexport JWTMR_REALM='x'\nid\n"),
        ("settings --format env", "settings", "export JWTMR_REALM='$(id)'\n"),
        ("settings --format env", "settings", "export PATH='/tmp/evil'\n"),
        ("settings --format env", "settings", "# settings\rid\n"),
    ],
)
def test_a_stranger_at_the_port_gives_a_shell_nothing(action: str, member: str, said: object) -> None:
    """What goes into a shell is only printed if it is a token, or settings, and nothing else."""
    with LoopbackServer(lambda _: (200, {}, json.dumps({"says": "done", member: said}).encode())) as other:
        ran = jwtmr(f"simulate {action} --control {other.url}")
    assert (ran.code, ran.out) == (3, "")
    assert "is no simulator of this version" in ran.err


def test_redirects_lead_nowhere() -> None:
    """A stranger at the port cannot send us to another server."""
    with LoopbackServer(lambda _: (200, {}, b"{}")) as other:
        target = other.url
        with LoopbackServer(lambda _: (302, {"Location": target}, b"{}")) as first:
            ran = jwtmr(f"simulate heal --control {first.url}")
        assert other.count() == 0
    assert ran.code == 3


def test_pages_cannot_fill_the_memory() -> None:
    """A page in a browser can send much to a host; no more than a little of it is kept, and all of it is counted."""
    with simulated(("eu-west-1",)) as world:
        url = world.host("eu-west-1", "original")["jwks_uri"]
        for _ in range(4):
            world.client.post(url, content=b"x" * 900_000)
        world.client.get(f"{url}?{'y' * 40_000}")
        (server,) = world.simulator.issuer.servers("eu-west-1", "original")
        kept = server.requests()
        state = world.state()
    assert sum(len(request.body) for request in kept) <= KEPT_BYTES
    assert world.simulator.watch.count(world.simulator.issuer.endpoints[1]) == 5
    assert len(state["requests"]) == 5 <= SHOWN
    assert len(json.dumps(state)) < 20_000


def test_the_usual_port_is_not_named() -> None:
    """At port 80 browsers leave the port out of ``Host``; at any other one that is somebody else's name."""
    assert "127.0.0.1" in names_of(80)
    assert "localhost:80" in names_of(80)
    assert names_of(8080) == {"127.0.0.1:8080", "localhost:8080"}


def test_closed_streams_are_no_reason_to_stop(tmp_path: Path) -> None:
    """Started as a daemon is, with all streams closed, it serves, and tells nobody a verdict by its exit code."""
    path = tmp_path / "jwtmr.toml"
    line = f"exec {sys.executable} -m jwtmr {SERVE} --write-config {path} <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], check=False, timeout=20).returncode == 0
    assert "[cognito_user_pool]" in path.read_text("utf-8")


def test_settings_that_do_not_fit_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken lines could not be pasted. A command that saves them is always shown, and the file if there is one."""
    monkeypatch.setenv("COLUMNS", "60")
    narrow = jwtmr(SERVE, terminal=True)
    assert "[cognito_user_pool]" not in narrow.out
    assert "jwtmr simulate settings --control" in narrow.out
    monkeypatch.setenv("COLUMNS", "300")
    written = jwtmr(f"{SERVE} --write-config {tmp_path / 'a.toml'}")
    assert "[cognito_user_pool]" not in written.out
    assert f"jwtmr validate --config {tmp_path / 'a.toml'} < token.txt" in written.out


def test_the_hosts_of_a_new_pool_pass_the_doctor(tmp_path: Path) -> None:
    """Whoever follows the page about it is ready for the switch, with a window that is long enough."""
    with simulated() as world:
        path = tmp_path / "jwtmr.toml"
        path.write_text(str(world.order("settings")["settings"]), "utf-8")
        ran = jwtmr(f"doctor --config {path} --for switch")
    assert ran.code == 0, ran.out


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_stranger_who_drips_is_not_heard_out(
    part: Literal["headers", "body"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of an answer is that of all of it, not of each byte."""
    monkeypatch.setattr(client, "TIMEOUT", 0.3)
    with LoopbackServer(lambda _: (200, {}, b"{}" + b" " * 1000)) as other, at(other).let(drip(20, of=part)):
        began = time.monotonic()
        ran = jwtmr(f"simulate heal --control {other.url}")
    assert (ran.code, ran.out) == (3, "")
    assert time.monotonic() - began < 3
