"""The demo as a user runs it: in a pipe, on a terminal, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Final

import demo
import pytest
from demo import STORY
from pseudo_terminal import read_on

DEMO: Final = Path(demo.__file__)
STEPS: Final = [step for phase in STORY for step in phase.steps]
LIMIT: Final = 15
"""Seconds that the demo may take."""

CODES: Final = {
    "the original issuer is refused": "legacy_issuer_retired (401)",
    "a forged one": "invalid_signature (401)",
    "an expired one": "expired (401)",
    "one of a foreign pool": "untrusted_issuer (401)",
    "a new instance cannot tell": "keys_unavailable (503)",
}
"""What an operator must be able to read, by the name of the step."""


# -- as a user runs it ------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """This environment, without a wish to have no colour."""
    return {**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, "TERM": "xterm"}


def on_terminal() -> tuple[int, str]:
    """Run the demo on a pseudo-terminal; return its exit code and what a user sees."""
    ours, theirs = pty.openpty()
    command = [sys.executable, DEMO]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment()) as child:
        os.close(theirs)
        shown = read_on(ours)
        return child.wait(LIMIT), shown.decode().replace("\r\n", "\n")


def test_pipe() -> None:
    """In a pipe it prints a plain line for each step, warns of nothing, shows no token, and ends with 0 in time."""
    command = [sys.executable, "-W", "error", DEMO]
    run = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=LIMIT, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    lines = {line[9:].split("  ")[0]: line for line in run.stdout.splitlines() if line.startswith("  ")}
    assert list(lines) == [step.name for step in STEPS]
    assert all(re.match(r"  ok     \S.*  \S", line) for line in lines.values())
    assert all(code in lines[name] for name, code in CODES.items())
    assert not re.search(r"\x1b|✓|eyJ", run.stdout)
    note, *headlines, _ = [line for line in run.stdout.splitlines() if line[:1].strip()]
    assert headlines == [phase.headline for phase in STORY]
    assert re.fullmatch(r"The pool in a browser: http://127\.0\.0\.1:\d+ \(--stay keeps it up\)", note)
    summary = rf"ok     {len(STEPS)} of {len(STEPS)} steps came out as expected, in \d+\.\d s; exit code 0"
    assert re.fullmatch(summary, run.stdout.splitlines()[-1])


@pytest.mark.slow
def test_terminal() -> None:
    """On a terminal each step has a green tick, and no line is longer than the 80 columns of a nameless terminal."""
    code, shown = on_terminal()
    assert code == 0
    assert len(re.findall(r"^  \x1b\[32m✓\x1b\[0m ", shown, re.MULTILINE)) == len(STEPS)
    plain = re.sub(r"\x1b\[\d+m", "", shown).splitlines()
    assert max(map(len, plain)) <= 80
    assert plain[-1].startswith(f"✓ {len(STEPS)} of {len(STEPS)} steps")


@pytest.mark.slow
def test_nothing_is_left_running() -> None:
    """When the demo has ended, so have all threads that it had started, at most a moment later."""
    before = set(threading.enumerate())
    assert demo.main() == 0
    for thread in set(threading.enumerate()) - before:
        thread.join(2)
        assert not thread.is_alive(), thread.name


@pytest.mark.slow
def test_it_can_stay() -> None:
    """With ``--stay`` the page goes on showing the pool as the story left it, and Ctrl-C ends the demo well."""
    command = [sys.executable, "-W", "error", DEMO, "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as child:
        try:
            assert child.stdout is not None
            lines = iter(child.stdout.readline, "")
            url = next(lines).split()[-1]
            assert any(line == "The page stays up until Ctrl-C\n" for line in lines)
            with urllib.request.urlopen(f"{url}/state", timeout=LIMIT) as answer:
                state = json.load(answer)
            child.send_signal(signal.SIGINT)
            assert child.wait(LIMIT) == 0
        finally:
            child.kill()
    assert state["switched_to"] == "updated"
    assert {host["outage"] for host in state["hosts"]} == {"refuse"}
