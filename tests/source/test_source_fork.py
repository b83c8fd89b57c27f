"""Forks at bad moments. Each scenario is a script in a process of its own: pytest itself has threads."""

from __future__ import annotations

import re
import subprocess

import pytest
from source_kit import HeldEndpoint, command, run_script

from jwtmr.testing import SUBJECT, RegionalIssuer

CHILD = re.compile(r"child (?P<said>.*) (?P<seconds>[0-9.]+)")


def arguments(url: str, issuer: RegionalIssuer) -> list[str]:
    """What a script needs to know."""
    return [url, issuer.user_pool_id, issuer.client_id, issuer.access_token()]


def children(output: str) -> list[tuple[str, float]]:
    """What each child said, and how many seconds it took."""
    return [(match["said"], float(match["seconds"])) for match in CHILD.finditer(output)]


@pytest.mark.row("fork", fault=None)
def test_a_fork_in_the_middle_of_a_flight(issuer: RegionalIssuer) -> None:
    """The child asks for itself and validates within 2 seconds, while the parent's flight is held, and then lands."""
    with HeldEndpoint(issuer, held=1) as endpoint:
        line = command("fork_in_flight.py", *arguments(endpoint.url, issuer))
        pipe = subprocess.PIPE
        with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert endpoint.asked.wait(10)
            process.stdin.write("fork\n")
            process.stdin.flush()
            child = process.stdout.readline()
            assert endpoint.server.count() == 2, "the child has to ask for itself"
            endpoint.let_go()
            rest, complaints = process.communicate(timeout=30)
        ((said, seconds),) = children(child)
        assert (said, seconds < 2) == (SUBJECT, True)
        assert rest.splitlines() == ["exit 0", f"parent {SUBJECT}"]
        assert (process.returncode, complaints) == (0, "")
        assert endpoint.server.count() == 2


def test_a_fork_after_the_warm_up(issuer: RegionalIssuer) -> None:
    """Children and grandchildren have the parent's keys and ask nobody; a closed validator is closed there too."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        output = run_script("fork_warm.py", *arguments(endpoint.url, issuer)).stdout
        assert [said for said, _ in children(output)] == [SUBJECT, SUBJECT, f"{SUBJECT} 0", "closed"]
        assert all(seconds < 2 for _, seconds in children(output))
        assert output.count("exit 0\n") == 3
        assert f"parent {SUBJECT}\n" in output
        assert endpoint.server.count() == 1


@pytest.mark.row("fork", fault=None)
def test_children_refresh_at_times_of_their_own() -> None:
    """Each process draws its own time between 70 and 90 % of the lifetime, so a fleet of workers does not march."""
    output = run_script("fork_jitter.py").stdout
    times = [int(said) for said, _ in children(output)]
    parent = int(output.rpartition("parent ")[2])
    assert (len(times), output.count("exit 0\n")) == (6, 6)
    assert all(630 <= seconds <= 811 for seconds in (*times, parent)), (times, parent)
    assert len({*times, parent}) >= 3, (times, parent)


@pytest.mark.slow
def test_forks_while_threads_use_the_validator(issuer: RegionalIssuer) -> None:
    """No child ever hangs on a lock that one of the parent's threads held."""
    unknown = issuer.access_token(header={"kid": "nobody's"})
    with HeldEndpoint(issuer, held=0) as endpoint:
        output = run_script("fork_hammer.py", *arguments(endpoint.url, issuer), unknown)
    lines = output.stdout.splitlines()
    assert lines.count("exit 0") == 25, output.stdout
    assert [said for said, _ in children(output.stdout)] == [f"{SUBJECT} ok"] * 25
    assert (lines[-1], output.stderr) == ("alive 0", "")


def test_a_fork_does_not_wait_for_ever_for_the_lock(issuer: RegionalIssuer) -> None:
    """A thread that is stuck inside the lock stops neither the fork nor the child, and goes on in the parent."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        output = run_script("fork_stuck.py", *arguments(endpoint.url, issuer))
    assert [said for said, _ in children(output.stdout)] == [f"{SUBJECT} ok"]
    assert output.stdout.splitlines()[1:] == ["exit 0", "parent ok ok"]
    assert output.stderr == ""
