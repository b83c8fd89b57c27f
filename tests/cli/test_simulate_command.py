"""``jwtmr simulate`` from the command line: how it starts and ends, and what it can be told while it runs."""

from __future__ import annotations

import io
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cli_world import Ran, jwtmr
from simulated import Simulated, simulated, verdict

from jwtmr import TokenValidator
from jwtmr.cli.app import run
from jwtmr.cli.simulate import client
from jwtmr.cli.simulate.command import COMMAND
from jwtmr.config import Settings
from jwtmr.testing import LoopbackServer

SERVING = [sys.executable, "-W", "error", "-m", "jwtmr", "simulate", "--json"]

LIMIT = 20
"""Seconds for a process to do what takes one."""


# -- a simulator that runs --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Generator[Simulated, None, None]:
    """A simulator that the tests of this file share; each heals what it spoils."""
    with simulated(user_pool_id="us-east-1_Ab12Cd34X", client_id="1example23456789") as running:
        yield running


def act(world: Simulated, line: str) -> Ran:
    """Run ``jwtmr simulate {line}`` against it."""
    return jwtmr(f"simulate {line} --control {world.control}")


def test_the_token_stands_alone(world: Simulated) -> None:
    """A shell can take what is printed: one token, which holds what was asked for, and not a word beside it."""
    ran = act(world, "token --group admins --group staff --scope orders/read --username bob --expires-in 600")
    assert (ran.code, ran.err, len(ran.out.split())) == (0, "", 1)
    with world.validator() as validator:
        principal = validator.validate(ran.out.strip())
    assert (principal.username, principal.groups, principal.scopes) == ("bob", {"admins", "staff"}, {"orders/read"})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--kind id", "legacy"),
        ("--kind machine", "legacy"),
        ("--issuer updated", "current"),
        ("--kind forged", "invalid_signature"),
        ("--kind foreign", "untrusted_issuer"),
        ("--expires-in -60", "expired"),
    ],
)
def test_tokens(world: Simulated, line: str, expected: str) -> None:
    """Each option changes what a validator says, and nothing else."""
    with world.validator() as validator:
        assert verdict(validator, act(world, f"token {line}").out.strip()) == expected


ORDERS: list[tuple[str, Callable[[Simulated], object], object]] = [
    ("switch", lambda it: it.state()["switched_to"], "updated"),
    ("switch original", lambda it: it.state()["switched_to"], "original"),
    ("rotate", lambda it: len(it.state()["keys"]), 4),
    ("rotate --drop-old", lambda it: len(it.state()["keys"]), 2),
    (
        "take-down us-east-1 --how accept_silent --form updated",
        lambda it: it.host("us-east-1", "updated")["outage"],
        "accept_silent",
    ),
    ("bring-up us-east-1", lambda it: it.host("us-east-1", "updated")["outage"], None),
    ("take-down", lambda it: {host["outage"] for host in it.state()["hosts"]}, {"refuse"}),
    ("fault stale us-west-2", lambda it: it.host("us-west-2", "original")["faults"], ["stale"]),
    ("heal", lambda it: {host["state"] for host in it.state()["hosts"]}, {"not_switched", "up"}),
]


def test_orders(world: Simulated) -> None:
    """Each order says what it did in one paragraph, and did it."""
    for line, look, expected in ORDERS:
        ran = act(world, line)
        assert (ran.code, ran.err) == (0, ""), line
        assert ran.out.strip()
        assert look(world) == expected, line


def test_withdraw(world: Simulated) -> None:
    """A key that is named is published no longer; one that is not there is a wrong word."""
    world.order("rotate")
    kid = world.state()["keys"][-1]["kid"]
    assert act(world, f"withdraw {shlex.quote(kid)}").code == 0
    assert kid not in {key["kid"] for key in world.state()["keys"]}
    ran = act(world, f"withdraw {shlex.quote(kid)}")
    assert (ran.code, ran.err) == (2, "jwtmr simulate: kid: must be one of the published keys\n")


@pytest.mark.parametrize("words", ["simulate --json {}", "simulate {} --json"])
@pytest.mark.parametrize(
    ("action", "schema", "member"),
    [
        ("state", "jwtmr.simulate.state/1", "hosts"),
        ("token", "jwtmr.simulate.order/1", "token"),
        ("settings", "jwtmr.simulate.order/1", "settings"),
        ("heal", "jwtmr.simulate.order/1", "says"),
    ],
)
def test_json(world: Simulated, words: str, action: str, schema: str, member: str) -> None:
    """``--json`` before the action or after it prints one document with its schema."""
    document = jwtmr(words.format(f"{action} --control {world.control}")).document
    assert document["schema"] == schema
    assert document[member]


def test_requests_of_strangers_do_nothing_to_a_terminal(world: Simulated) -> None:
    """What somebody asked for is shown with its escapes."""
    host, port = urlsplit(world.host("us-west-2", "original")["jwks_uri"]).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as connection:
        connection.sendall(b"GET /\x1b[2J\xff HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 404")
    ran = act(world, "state")
    assert "GET /\\x1b[2J\xff" in ran.out
    assert "\x1b" not in ran.out


def test_state_for_people(world: Simulated) -> None:
    """Hosts, keys and requests are tables that fit into the terminal, and name what is wrong."""
    world.order("fault", fault="stale", region="us-west-2", form="original")
    world.client.get(world.host("us-west-2", "original")["jwks_uri"])
    try:
        ran = jwtmr(f"simulate state --control {world.control}", environ={"COLUMNS": "72"}, terminal=True)
    finally:
        world.order("heal")
    plain = re.sub(r"\x1b\[\d+m", "", ran.out)
    assert ran.code == 0
    assert plain.startswith("pool us-east-1_Ab12Cd34X, switched to original\n")
    assert re.search(r"^us-west-2 original  stale +\d+ +http://127\.0\.0\.1:\d+$", plain, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d  us-west-2 original ", plain, re.MULTILINE)


# -- its settings -----------------------------------------------------------------------------------------------------


def from_toml(text: str, directory: Path) -> TokenValidator:
    """The validator of a file."""
    path = directory / "jwtmr.toml"
    path.write_text(text, "utf-8")
    return Settings.load(path, environ={}).validator()


def from_env(text: str, _: Path) -> TokenValidator:
    """The validator of variables, as a shell reads them."""
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return Settings.load(environ=dict(words[1].split("=", 1) for words in lines if words)).validator()


def from_python(text: str, _: Path) -> TokenValidator:
    """The validator of a program."""
    names: dict[str, Any] = {}
    exec(text, names)
    validator = names["validator"]
    assert isinstance(validator, TokenValidator)
    return validator


@pytest.mark.parametrize("regions", [("us-east-1", "us-west-2"), ("eu-west-1",)], ids=["two", "one"])
@pytest.mark.parametrize("read", [from_toml, from_env, from_python], ids=lambda read: read.__name__[5:])
def test_settings_are_right(
    read: Callable[[str, Path], TokenValidator], regions: tuple[str, ...], tmp_path: Path
) -> None:
    """Each form makes a validator that accepts what the simulator mints, of either issuer, and of no other pool."""
    with simulated(regions=regions) as world:
        text = act(world, f"settings --format {read.__name__[5:]}").out
        with closing(read(text, tmp_path)) as validator:
            asked = [{}, {"issuer": "updated"}, {"kind": "foreign"}]
            verdicts = [verdict(validator, world.token(**each)) for each in asked]
    assert verdicts == ["legacy", "current", "untrusted_issuer"]


# -- starting ---------------------------------------------------------------------------------------------------------


def test_start_for_people(tmp_path: Path) -> None:
    """It says where the page is, and shows settings that can be pasted as they stand."""
    ran = jwtmr("simulate --for 0 --region eu-west-1 --client-id abc")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^control page  http://127\.0\.0\.1:\d+$", ran.out, re.MULTILINE)
    settings = "\n".join(line[2:] for line in ran.out.splitlines() if line.startswith("  "))
    with closing(from_toml(settings, tmp_path)) as validator:
        assert [issuer.kind for issuer in validator.status().authorities[0].issuers] == ["current", "legacy"]


def test_start_for_programs() -> None:
    """With ``--json`` all is on the first line, so whoever waits for it reads one."""
    ran = jwtmr("simulate --for 0 --json --user-pool-id us-east-1_Ab12Cd34X")
    (line,) = ran.out.splitlines()
    document = json.loads(line)
    assert (document["schema"], document["user_pool_id"]) == ("jwtmr.simulate.started/1", "us-east-1_Ab12Cd34X")
    assert len(document["jwks_uris"]) == 3


def test_settings_at_the_start(tmp_path: Path) -> None:
    """``--print-config`` has stdout for itself, and ``--write-config`` a file, in the same form."""
    path = tmp_path / "settings"
    ran = jwtmr(f"simulate --for 0 --print-config env --write-config {path}")
    assert ran.out == path.read_text("utf-8")
    assert "control page" in ran.err
    with closing(from_env(ran.out, tmp_path)) as validator:
        assert validator.status().authorities


def test_files_of_its_own_are_written_anew(tmp_path: Path) -> None:
    """The settings of the last time give way to those of this time, in any form."""
    path, ready = tmp_path / "settings", tmp_path / "ready.json"
    for form in ("toml", "env", "python", "toml"):
        ran = jwtmr(f"simulate --for 0 --print-config {form} --write-config {path} --ready-file {ready}")
        assert (ran.code, ran.out) == (0, path.read_text("utf-8"))
        assert sorted(tmp_path.iterdir()) == [path]
        ready.write_text('{"schema": "jwtmr.simulate.started/1"}')  # of one that was killed


class Reader(io.StringIO):
    """Whoever reads what a simulator says, and does something with the first of it."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def write(self, text: str) -> int:
        """Read it."""
        if not self.tell():
            self._act()
        return super().write(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    """As soon as it says that it is ready; and afterwards signals mean what they meant before."""
    before = signal.getsignal(number)
    said = Reader(lambda: signal.raise_signal(number))
    assert run(["simulate", "--json"], {}, io.BytesIO(), said, io.StringIO()) == 0
    assert json.loads(said.getvalue())["control"]
    assert signal.getsignal(number) == before


def test_the_ready_file_of_another_stays(tmp_path: Path) -> None:
    """A simulator that ends takes its own file away, and not that of one that began meanwhile."""
    ready = tmp_path / "ready.json"
    said = Reader(lambda: ready.write_text("another"))
    assert run(["simulate", "--for", "0", "--ready-file", str(ready)], {}, io.BytesIO(), said, io.StringIO()) == 0
    assert ready.read_text("utf-8") == "another"


def test_ports_are_the_same_each_time() -> None:
    """``--port`` is the control page's, and the hosts take those after it."""
    with LoopbackServer(lambda _: (404, {}, b"")) as found:
        port = found.port
    shown = jwtmr(f"simulate --for 0 --json --port {port}")
    if shown.code == 2:
        pytest.skip("somebody else has taken a port meanwhile")
    document = shown.document
    ports = [int(url.split(":")[2].partition("/")[0]) for url in [document["control"] + "/", *document["jwks_uris"]]]
    assert ports == [port, port + 1, port + 2, port + 4]


def test_a_port_that_is_taken() -> None:
    """It is a wrong word, and says which."""
    with LoopbackServer(lambda _: (404, {}, b"")) as other:
        ran = jwtmr(f"simulate --for 0 --port {other.port}")
    assert (ran.code, ran.out) == (2, "")
    assert f"--port: {other.port} is for the control page" in ran.err
    assert f"jwtmr simulate state --control {other.port}" in ran.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("simulate --region 'a b'", "--region: must be letters"),
        ('simulate --client-id "x\'"', "--client-id: must be letters"),
        ("simulate --user-pool-id eu-west-1_x", "--user-pool-id: must begin"),
        ("simulate --for 0 --write-config /nowhere/at/all", "--write-config: /nowhere/at/all"),
        ("simulate --for 0 --ready-file /nowhere/at/all", "--ready-file: /nowhere/at/all"),
        ("simulate --port 65534", "--port: must be at most 65531"),
        ("simulate --for 0 --write-config {readme}", "was not written by this command"),
        ("simulate --for 0 --ready-file {readme}", "was not written by this command"),
        ("simulate --updated state --control {readme}", "--updated is for a simulator that starts"),
        ("simulate --region eu-west-1 heal eu-west-1 --control {readme}", "--region is for a simulator that starts"),
        ("simulate state --control https://127.0.0.1:1", "--control: must be http://127.0.0.1:PORT"),
        ("simulate state --control http://evil.example:80", "--control: must be"),
        ("simulate state --control 65536", "--control: must be"),
        ("simulate state --control 0", "--control: must be"),
        ("simulate state --control nowhere.json", "--control: nowhere.json is no port"),
        ("simulate state --control {readme}", "is no file that"),
    ],
)
def test_wrong_words(line: str, says: str, tmp_path: Path) -> None:
    """They are refused with 2 and with what would be right, before anything runs."""
    readme = tmp_path / "README.md"
    readme.write_text("# Nothing")
    ran = jwtmr(line.replace("{readme}", str(readme)))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, {}, b"<html>"), "is no simulator"),
        ((200, {}, b'{"schema": "\\u001b[2J"}'), "is no simulator of this version"),
        ((403, {}, b'{"error": "no\\u001b[2J"}'), "answers 403: no\\x1b[2J"),
        ((400, {}, b'{"error": 7}'), "is no simulator"),
    ],
)
def test_somebody_else_at_the_port(answer: tuple[int, dict[str, str], bytes], says: str) -> None:
    """What is no simulator is said to be none, with 3, and does nothing to the terminal."""
    with LoopbackServer(lambda _: answer) as other:
        ran = jwtmr(f"simulate state --control {other.url}")
    assert (ran.code, ran.out) == (3, "")
    assert says in ran.err
    assert "\x1b" not in ran.err


def test_one_that_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said to have stopped while somebody listens at its port."""
    monkeypatch.setattr(client, "TIMEOUT", 0.1)
    with LoopbackServer(lambda _: (200, {}, b"{}")) as other:
        ran = jwtmr(f"simulate stop --control {other.url}")
    assert (ran.code, ran.out) == (3, "")
    assert "was told to stop, and still listens" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--port x", "must be a whole number between 0 and 65535"),
        ("--port 65536", "must be a whole number between 0 and 65535"),
        ("--for x", "must be a number of seconds"),
        ("--for nan", "must be a number of seconds"),
        ("--for -1", "must be a number of seconds"),
        ("fault plague --control x", "invalid choice: 'plague'"),
        ("state", "the following arguments are required: --control"),
        ("token a.b --control x", "unrecognized arguments"),
    ],
)
def test_misspelt_words(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The parser says what would be right."""
    assert jwtmr(f"simulate {words}").code == 2
    assert says in capsys.readouterr().err


def test_it_runs_in_any_thread() -> None:
    """Where no signal can be listened to it does without."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(jwtmr("simulate --for 0").code))
    thread.start()
    thread.join(LIMIT)
    assert codes == [0]


def test_nobody_at_the_port() -> None:
    """It could not be told, and which port is named."""
    ran = jwtmr("simulate switch --control http://127.0.0.1:1/")
    assert ran.code == 3
    assert "no simulator answers at http://127.0.0.1:1:" in ran.err


# -- as a process -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stop", "SIGTERM"])
def test_it_ends_well(how: str, tmp_path: Path) -> None:
    """Told to stop, or by a signal, it ends with 0, says nothing more, and takes its ready file along."""
    ready = tmp_path / "simulator.json"
    command = [*SERVING, "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            assert json.loads(ready.read_text("utf-8")) == started
            assert jwtmr(f"simulate state --control {ready}").code == 0
            if how == "stop":
                assert jwtmr(f"simulate stop --control {ready}").code == 0
            else:
                process.send_signal(signal.Signals[how])
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert not ready.exists()


def test_examples_are_complete() -> None:
    """Each example names files that the directory of the examples has, or makes."""
    named = {word for example in COMMAND.examples for word in shlex.split(example.line) if "." in word}
    assert named <= {"0.1", "new.toml", "simulator.json", "http://127.0.0.1:1"}


def test_other_commands_load_no_servers() -> None:
    """The command line as such does not pay for what this command alone needs."""
    script = "import sys, jwtmr.cli; print([name for name in sys.modules if name.startswith('jwtmr.testing')])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=LIMIT)
    assert ran.stdout == "[]\n"
