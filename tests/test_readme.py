"""What the README says is true: its snippets run, its commands exist, its table of codes is complete."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from jwtmr import CODES
from jwtmr.cli.app import COMMANDS
from jwtmr.cli.parsing import parser_of
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi.types import App

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

NOT_YET = {"revoked", "revocation_unavailable"}
"""Codes that need a revocation list."""


def test_first_snippet_is_about_ten_lines_and_refuses_rubbish(capsys: pytest.CaptureFixture[str]) -> None:
    """The snippet that newcomers copy runs, and answers a token that is none with the code that it names."""
    exec(SNIPPETS[0], {"token": "no.real.token"})
    assert capsys.readouterr().out == "401 malformed_token\n"
    assert len(SNIPPETS[0].splitlines()) <= 20


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """What the snippets about applications find: a validator that was made before."""
    with RegionalIssuer() as issuer, closing(validator_for(issuer, issuer_type="original")) as validator:
        yield {"validator": validator, "issuer": issuer}


def test_fastapi_snippet_protects_its_route(names: dict[str, Any]) -> None:
    """Nobody, somebody, and somebody with the scope."""
    exec(SNIPPETS[1], names)
    reader, other = names["issuer"].access_token(scopes=["orders/read"], subject="u1"), names["issuer"].access_token()
    assert [ask(names["app"], "/orders", token).status_code for token in (None, other, reader)] == [401, 403, 200]
    assert ask(names["app"], "/orders", reader).json() == {"user": "u1"}


def test_flask_snippet_protects_its_route(names: dict[str, Any]) -> None:
    """Nobody, somebody, and somebody with the scope."""
    names["__name__"] = __name__  # where Flask looks for templates
    exec(SNIPPETS[2], names)
    client, issuer = names["app"].test_client(), names["issuer"]
    reader, other = issuer.access_token(scopes=["orders/read"], subject="u1"), issuer.access_token()
    headers = [{}, {"authorization": f"Bearer {other}"}, {"authorization": f"Bearer {reader}"}]
    assert [client.get("/orders", headers=each).status_code for each in headers] == [401, 403, 200]
    assert client.get("/orders", headers=headers[2]).get_json() == {"user": "u1"}


def test_asgi_snippet_protects_its_application(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody, and somebody without the scope; what is excluded still has requirements of its own."""
    exec(SNIPPETS[3], names)
    other = names["issuer"].access_token()
    assert [ask(names["app"], "/", token).status_code for token in (None, other)] == [401, 403]
    assert ask(names["app"], "/healthz", None).status_code == 401
    assert capsys.readouterr().out == ""


def ask(app: App, path: str, token: str | None) -> httpx.Response:
    """One request, in process."""

    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers={"authorization": f"Bearer {token}"} if token else {})

    return asyncio.run(go())


@pytest.mark.parametrize("kind", [5, 6], ids=["another name", "another house"])
def test_migrations_make_validators_that_know_both_issuers(kind: int) -> None:
    """Each migration names an issuer to come and one to end, and takes no user from his account."""
    names: dict[str, Any] = {}
    exec(SNIPPETS[kind], names)
    status = names["validator"].status()
    issuers = [issuer for authority in status.authorities for issuer in authority.issuers]
    assert sorted(issuer.kind for issuer in issuers) == ["current", "legacy"]
    assert all(issuer.url.startswith("https://") for issuer in issuers)
    names["validator"].close()


@pytest.mark.parametrize(("number", "assertions"), [(4, 2), (7, 4), (8, 2)], ids=["application", "pool", "provider"])
def test_testing_snippets_run_over_real_sockets(number: int, assertions: int) -> None:
    """The snippets about testing without a network hold what their assertions say."""
    assert SNIPPETS[number].count("assert ") == assertions
    exec(SNIPPETS[number], {})


def test_there_is_no_snippet_that_is_not_run() -> None:
    """A new snippet needs a test here."""
    assert len(SNIPPETS) == 9


def test_links_lead_somewhere() -> None:
    """Every file that the README points to is there, where the whole tree is."""
    if (ROOT / "LICENSE").exists():  # the wheel is tested without the tree around it
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
            assert (ROOT / target).exists(), target


def test_code_table_is_complete() -> None:
    """Every code that ``validate`` or an adapter can raise stands in the table of its status, and no other does."""
    table = {
        status: set(re.findall(r"`([a-z_]+)`", codes))
        for status, codes in re.findall(r"\| (\d{3}) \| (.*?) \|", README)
    }
    assert set(table) == {"400", "401", "403", "503"}
    for status, codes in table.items():
        assert codes == {code for code, kind in CODES.items() if str(kind.status) == status} - NOT_YET


@pytest.mark.parametrize("command", ["demo", "test"])
def test_make_targets_exist(command: str) -> None:
    """The two commands of the README are targets of the Makefile, where there is one beside the tests."""
    makefile = ROOT / "Makefile"
    assert f"make {command} " in README
    if makefile.exists():  # the wheel is tested without the tree around it
        assert re.search(rf"^{command}:", makefile.read_text(encoding="utf-8"), re.MULTILINE)


def test_commands_exist() -> None:
    """What the README types is a command with these options; what each does is tested where it is described."""
    lines = re.findall(r"^jwtmr (.*?) +#", README, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(line.partition(" <")[0])
        assert parser_of(COMMANDS).parse_args(words).command.name == words[0]


def test_example_shows_its_usage() -> None:
    """The command line of the README answers ``--help``."""
    script = ROOT / "examples" / "validate_token.py"
    run = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, "--user-pool-id" in run.stdout) == (0, True)
