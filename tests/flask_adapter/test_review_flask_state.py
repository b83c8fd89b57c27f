"""What an application and a process keep: no cycle, no lock of another process; and what type checkers are told."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
from flask import Flask
from flask_kit import Place, ask, whoami

import jwtmr_flask
from jwtmr_flask import get_principal

WITHIN = 20
"""Seconds for a child that should take a few."""
FORK = """
import os, signal, threading, warnings
from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.bearer import Edge

warnings.simplefilter("ignore")  # of forking beside threads
validator = TokenValidator(
    CognitoUserPool("us-east-1_Ab12Cd34", issuer_type="original", client_ids=["a"], token_use="access")
)
parent, entered, leave = os.getpid(), threading.Event(), threading.Event()

def make():
    if os.getpid() == parent:
        entered.set()
        leave.wait()
    return validator

edge = Edge(make)
thread = threading.Thread(target=lambda: edge.validator)
thread.start()
entered.wait()
child = os.fork()
if child == 0:
    signal.alarm(5)
    edge.validator
    os._exit(0)
status = os.waitpid(child, 0)[1]
leave.set()
thread.join()
print("hangs" if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
"""


@pytest.mark.slow
def test_fork_while_a_validator_is_made() -> None:
    """A child has no thread that would ever let go of its parent's lock: it makes its own validator."""
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=WITHIN, check=True)
    assert done.stdout.strip() == "0"


def test_application_goes_without_the_collector(place: Place) -> None:
    """Flask takes care that an application is in no cycle; an extension should not put it into one."""
    auth = place.auth()

    def made(*, initialised: bool) -> weakref.ref[Flask]:
        app = Flask(__name__)
        if initialised:
            auth.init_app(app)
        return weakref.ref(app)

    gc.collect()
    gc.disable()
    try:
        assert made(initialised=False)() is None  # Flask's own part of it
        assert made(initialised=True)() is None
    finally:
        gc.enable()


def test_package_says_that_it_is_typed() -> None:
    """Without the marker type checkers take everything of an installed package for ``Any``."""
    assert (Path(jwtmr_flask.__file__).parent / "py.typed").is_file()


def test_view_that_answers_preflights_itself_is_entered_by_anybody(place: Place) -> None:
    """``allow_preflights``: Flask's own answer runs no view, a route that lists OPTIONS is asked without a token."""
    auth, app = place.auth(), Flask(__name__)
    entered: list[object] = []

    def view() -> list[str | None]:
        entered.append(get_principal())
        return whoami()

    auth.protect(app, allow_preflights=True)
    app.add_url_rule("/usual", "usual", view, methods=["GET"])
    app.add_url_rule("/own", "own", view, methods=["GET", "OPTIONS"])
    preflight = {"origin": "https://app.example", "access-control-request-method": "GET"}
    assert ask(app, "/usual", preflight, method="OPTIONS").status_code == 200
    assert entered == []
    assert ask(app, "/own", preflight, method="OPTIONS").json == [None]
    assert entered == [None]
    assert ask(app, "/own", preflight).status_code == 401
