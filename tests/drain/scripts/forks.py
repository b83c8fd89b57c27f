"""Forks of a process that counts: at rest, in the middle of another thread's summing up, and in that of its own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from jwtmr import CognitoUserPool, DrainReport, TokenValidator
from jwtmr._calm import Calm
from jwtmr._lines import line_of_problem
from jwtmr._tally import _Book

TOKEN = sys.argv[4]
Act = Callable[[], object]


def validator_of(url: str, pool: str, client: str) -> TokenValidator:
    """A validator of ``pool`` that has its keys."""
    authority = CognitoUserPool(
        pool, issuer_type="original", client_ids=[client], token_use="access", jwks_uris=[url]
    )  # fmt: skip
    made = TokenValidator(authority)
    made.warm_up(require="all")
    return made


VALIDATOR = validator_of(*sys.argv[1:4])


def come(times: int) -> None:
    """Tokens."""
    for _ in range(times):
        VALIDATOR.validate(TOKEN)


def told() -> DrainReport:
    """The report of this process."""
    return VALIDATOR.drain_report()


def forked(act: Act) -> DrainReport:
    """What a child reports that does ``act``. It has half a minute."""
    inward, outward = os.pipe()
    child = os.fork()
    if not child:
        try:
            threading.Timer(30, os._exit, [9]).start()
            act()
            os.write(outward, told().to_json().encode())
        finally:
            os._exit(0)
    os.close(outward)
    with os.fdopen(inward) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return DrainReport.from_json(text)


def count(report: DrainReport) -> int:
    """Accepted tokens."""
    return sum(one.total.accepted for one in report.issuers if one.total)


def say(*words: object) -> None:
    """Write a line, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def at_rest() -> None:
    """The parent has tokens in its queue, and others that are summed up; a child has a child."""
    come(70)
    reports = [forked(lambda: come(3)), forked(lambda: come(100))]
    reports.append(forked(lambda: say("grandchild", count(forked(lambda: come(2))))))
    reports += [told(), *reports, told()]
    say("rest", *[count(report) for report in reports[:4]], count(DrainReport.merge(reports)))
    say("names", len({process.process for report in reports for process in report.processes}))


def in_the_middle_of_another() -> None:
    """Another thread is summing up."""
    inside, go_on, write = threading.Event(), threading.Event(), _Book.write

    def held(*args: Any) -> None:  # noqa: ANN401 - as it has them
        if threading.current_thread() is not threading.main_thread():
            inside.set()
            go_on.wait(30)
        write(*args)

    _Book.write = held
    before = count(told())
    come(5)
    other = threading.Thread(target=told)
    other.start()
    inside.wait(30)
    child = forked(lambda: come(70))
    go_on.set()
    other.join()
    _Book.write = write
    say("another", count(child), count(told()) - before)


def in_the_middle_of_its_own() -> None:
    """As a signal handler may that forks. The child goes on where its parent was."""
    write, before, children = _Book.write, count(told()), list[int]()
    inward, outward = os.pipe()

    def struck(*args: Any) -> None:  # noqa: ANN401 - as it has them
        if not children:
            children.append(os.fork())
        write(*args)

    _Book.write = struck
    come(64)
    if children == [0]:
        come(1)
        os.write(outward, told().to_json().encode())
        os._exit(0)
    os.close(outward)
    with os.fdopen(inward) as pipe:
        child = DrainReport.from_json(pipe.read())
    os.waitpid(children[0], 0)
    say("own", count(child), count(told()) - before)


def in_the_middle_of_the_log() -> None:
    """Another thread writes a line. The child is not kept waiting by it, and says what it has to say itself."""
    inside, go_on, calm, line = threading.Event(), threading.Event(), Calm(), line_of_problem("pool", "it rains")

    def held(now: float) -> list[object]:
        inside.set()
        go_on.wait(30)
        return Calm._overdue(calm, now)  # noqa: SLF001 - what runs with the lock held

    calm._overdue = held  # noqa: SLF001 - as above
    other = threading.Thread(target=calm.take, args=([line], 0.0))
    other.start()
    inside.wait(30)
    del calm._overdue  # noqa: SLF001 - as above
    forked(lambda: say("log", len(calm.take([line], 0.0)), len(calm.take([line], 0.0))))
    go_on.set()
    other.join()


at_rest()
in_the_middle_of_another()
in_the_middle_of_its_own()
in_the_middle_of_the_log()
