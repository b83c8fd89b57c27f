"""The factory: served by gunicorn as its first lines say, and tested as any such application can be."""

from __future__ import annotations

import logging
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import flask_factory
import httpx
import pytest
from flask import Flask
from flask_factory import auth, create_app
from served_example import LIMIT

from jwtmr import ConfigurationError, Principal, TokenValidator
from jwtmr.testing import RegionalIssuer, make_principal, validator_for

HERE: Final = Path(flask_factory.__file__).parent
READER: Final = make_principal(username="rob", subject="r", scopes=["orders/read"])
ADMIN: Final = make_principal(username="ada", subject="a", groups=["admins"])


def no_validator() -> TokenValidator:
    """In place of a validator: these tests need none."""
    raise AssertionError("a token was looked at")


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application of somebody who has no network."""
    monkeypatch.setenv("ORDERS_JWTMR_STARTUP", "lazy")
    return create_app(no_validator)


@pytest.mark.parametrize(
    ("principal", "method", "path", "expected"),
    [
        (None, "GET", "/health", 200),
        (None, "GET", "/orders", 401),
        (None, "GET", "/nowhere", 401),
        (None, "DELETE", "/orders/admin/17", 401),
        (READER, "GET", "/orders", 200),
        (READER, "GET", "/nowhere", 404),
        (READER, "DELETE", "/orders/admin/17", 403),
        (ADMIN, "GET", "/orders", 403),
        (ADMIN, "GET", "/orders/me", 200),
        (ADMIN, "DELETE", "/orders/admin/17", 200),
    ],
)
def test_who_may_do_what(app: Flask, principal: Principal | None, method: str, path: str, expected: int) -> None:
    """Each operation is open to those whom it is for, and to nobody else."""
    with auth.override(app, principal):
        assert app.test_client().open(path, method=method).status_code == expected


def test_refusals_are_logged_and_answered_as_ever(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """The handler sees the refusal; header and body stay what they are."""
    with caplog.at_level(logging.INFO, logger=app.logger.name):
        reply = app.test_client().get("/orders")
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert reply.get_json()["code"] == "missing_token"
    assert [record.getMessage() for record in caplog.records] == ["refused: missing_token, no credentials"]


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A pool."""
    with RegionalIssuer() as issuer:
        yield issuer


def test_real_tokens_are_let_in(issuer: RegionalIssuer) -> None:
    """The same with keys, which are fetched when the application is made."""
    with closing(validator_for(issuer, issuer_type="original", token_use="access")) as validator:
        client = create_app(validator).test_client()
        assert issuer.count() > 0
        token = issuer.access_token(subject="u1", scopes=["orders/read"])
        reply = client.get("/orders", headers={"authorization": f"Bearer {token}"})
        assert (reply.status_code, reply.get_json()["user"]) == (200, "u1")
        assert client.get("/orders", headers={"authorization": f"Bearer {issuer.forged_token()}"}).status_code == 401


def test_the_environment_configures_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's id and its client come from there; a wrong one is found when the application is made."""
    monkeypatch.setenv("ORDERS_POOL_ID", "nonsense")
    monkeypatch.setenv("ORDERS_CLIENT_ID", "1example23456789")
    with pytest.raises(ConfigurationError, match="user_pool_id"):
        create_app()


def test_gunicorn_serves_it_by_the_command_at_its_top() -> None:
    """The command, on a socket of the test's, without a network: what needs no key is answered."""
    text = flask_factory.__doc__ or ""
    exports = re.search(r"^    export (.*)$", text, re.MULTILINE)
    command = re.search(r"^    \.\./\.venv/bin/gunicorn (.*)$", text, re.MULTILINE)
    assert exports is not None
    assert command is not None
    said = dict(word.split("=", 1) for word in shlex.split(exports[1]))
    options = [*shlex.split(command[1]), "--no-control-socket", "--log-level", "error"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, descriptor = listening.getsockname()[1], listening.fileno()
        child = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, "--bind", f"fd://{descriptor}"],
            cwd=HERE, env={**os.environ, **said, "ORDERS_JWTMR_STARTUP": "lazy"}, pass_fds=[descriptor],
        )  # fmt: skip
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=LIMIT) as client:
                statuses = [client.get(path).status_code for path in ("/health", "/orders", "/nowhere")]
        finally:
            child.terminate()
            child.wait(LIMIT)
    assert statuses == [200, 401, 401]
