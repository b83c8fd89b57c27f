"""The script that validates one token: run as a command against a real pool, judged by its exit code and its words."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import validate_token
from pseudo_terminal import read_on
from validate_token import CANNOT_TELL, MEANING, REFUSED, USAGE, YES

from jwtmr.errors import CODES
from jwtmr.testing import SUBJECT, HostForm, RegionalIssuer

SCRIPT: Final = Path(validate_token.__file__)
LIMIT: Final = 20
"""Seconds for one run: a start of Python, and a few more on a busy machine."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Mint = Callable[[RegionalIssuer], str]


@pytest.fixture(scope="module")
def issuer() -> Iterator[RegionalIssuer]:
    """A pool that has been switched."""
    with RegionalIssuer() as started:
        started.switch_to_updated()
        yield started


def settings(issuer: RegionalIssuer, **changes: str | None) -> list[str]:
    """The arguments for ``issuer``, with some of them changed, or left out where the change is None."""
    usual = {"user-pool-id": issuer.user_pool_id, "issuer-type": "updated", "client-id": issuer.client_id}
    usual |= {"token-use": "access"}
    given = {**usual, **{name.replace("_", "-"): value for name, value in changes.items()}}
    form: HostForm = "original" if given["issuer-type"] == "original" else "updated"
    uris = [f"--jwks-uri={uri}" for uri in issuer.jwks_uris_for(form)]
    return [f"--{name}={value}" for name, value in given.items() if value is not None] + uris


def run(arguments: list[str], token: str | None = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with ``token`` on its standard input. Whatever comes of it, the token is not shown."""
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, *arguments], input=token, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert "eyJ" not in done.stdout + done.stderr
    return done


def give(token: str, patch: pytest.MonkeyPatch) -> None:
    """Put ``token`` on the standard input of this process, for the many cases that need no process of their own."""
    patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(token.encode(errors="surrogateescape"))))


def lines_of(output: str) -> dict[str, str]:
    """What is said under each name."""
    return {line[2:15].strip(): line[16:] for line in output.splitlines() if line.startswith("  ")}


# -- 0: yes -----------------------------------------------------------------------------------------------------------


def test_who_it_is(issuer: RegionalIssuer) -> None:
    """A good token says who it speaks for, under both of its issuer's names, and what it may."""
    until = int(time.time()) + 3600
    token = issuer.access_token(scopes=["orders/write", "orders/read"], groups=["users", "admins"], expires_in=3600)
    done = run(settings(issuer, scope="orders/read", group="admins"), f"\n{token}\n")
    assert (done.returncode, done.stderr, done.stdout.splitlines()[0]) == (YES, "", "valid")
    said = lines_of(done.stdout)
    expires = datetime.strptime(said.pop("expires").partition(" UTC")[0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert until <= expires.timestamp() <= until + LIMIT
    assert said == {
        "issuer": issuer.original_issuer,
        "token issuer": f"{issuer.updated_issuer} (current)",
        "subject": SUBJECT,
        "user name": "alice",
        "client": issuer.client_id,
        "use": "access",
        "scopes": "orders/read orders/write",
        "groups": "admins, users",
    }


def test_token_from_a_file(issuer: RegionalIssuer, tmp_path: Path) -> None:
    """A file may hold the token, here an ID token."""
    file = tmp_path / "token.txt"
    file.write_text(issuer.id_token() + "\n", encoding="utf-8")
    done = run([*settings(issuer, token_use="id"), "--token-file", str(file)], "not this")
    assert (done.returncode, lines_of(done.stdout)["use"]) == (YES, "id")


def test_token_from_the_environment(issuer: RegionalIssuer) -> None:
    """An environment variable may hold it, here a machine's; where there is nothing to say there is a dash."""
    arguments = [*settings(issuer, client_id=None, token_use="any"), "--any-client", "--token-env=THE_TOKEN"]
    done = run(arguments, "not this", THE_TOKEN=issuer.machine_token())
    said = lines_of(done.stdout)
    assert (done.returncode, said["subject"], said["user name"], said["groups"]) == (YES, issuer.client_id, "-", "-")


@pytest.mark.parametrize(("until", "code"), [("2100-01-01", YES), ("2000-01-01T00:00:00+01:00", REFUSED)])
def test_legacy_window(issuer: RegionalIssuer, until: str, code: int) -> None:
    """The original issuer is accepted until the given date and no longer."""
    done = run(settings(issuer, accept_legacy_until=until), issuer.access_token(issuer=issuer.original_issuer))
    assert done.returncode == code
    assert ("(legacy)" in done.stdout) == (code == YES)


def test_claims_cannot_steer_the_terminal(issuer: RegionalIssuer) -> None:
    """A user may call himself what he likes: control characters are shown, not sent."""
    done = run(settings(issuer), issuer.access_token(username="\x1b[2Jm\u00e9\n  client: \u202e"))
    assert done.returncode == YES
    assert lines_of(done.stdout)["user name"] == r"\x1b[2Jm" + "\u00e9" + r"\n  client: \u202e"


# -- 1: no ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "mint", "changes"),
    [
        ("malformed_token", lambda issuer: "no token", {}),
        ("malformed_token", lambda issuer: "\udcff" * 100, {}),  # bytes that are no text
        ("malformed_token", lambda issuer: f"Bearer {issuer.access_token()}", {}),
        ("untrusted_issuer", RegionalIssuer.foreign_token, {}),
        ("legacy_issuer_retired", lambda issuer: issuer.access_token(issuer=issuer.original_issuer), {}),
        ("expired", lambda issuer: issuer.access_token(expires_in=-60), {}),
        ("wrong_token_use", RegionalIssuer.id_token, {}),
        ("wrong_client", RegionalIssuer.access_token, {"client_id": "another"}),
        ("wrong_audience", RegionalIssuer.access_token, {"audience": "orders"}),
        ("invalid_signature", RegionalIssuer.forged_token, {}),
        ("insufficient_scope", RegionalIssuer.access_token, {"scope": "orders/read"}),
        ("insufficient_groups", RegionalIssuer.access_token, {"group": "admins"}),
    ],
)
def test_refused(
    *,
    issuer: RegionalIssuer,
    code: str,
    mint: Mint,
    changes: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A refusal is named by its code and its status, with its public message and what it means."""
    give(mint(issuer), monkeypatch)
    kind = CODES[code]
    assert validate_token.main(settings(issuer, **changes)) == REFUSED
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == f"refused: {code} ({kind.status})"
    said = lines_of(printed.out)
    assert (said["message"], said["meaning"]) == (kind.message, MEANING[code])
    assert said.get("required") == changes.get("scope")
    assert "eyJ" not in printed.out + printed.err


def test_every_refusal_has_a_meaning() -> None:
    """Each code that a validator without revocation can give is explained, and no other."""
    others = {"missing_token", "invalid_request", "revoked", "revocation_unavailable"}
    assert set(MEANING) == set(CODES) - others


# -- 2: wrong usage ---------------------------------------------------------------------------------------------------

TOKEN: Final = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
"""What somebody puts where it does not belong."""


@pytest.mark.parametrize(
    ("extra", "changes", "complaint"),
    [
        ([], {"user_pool_id": None}, "--user-pool-id"),
        ([], {"user_pool_id": TOKEN}, "user_pool_id: must look like us-east-1_Ab12Cd34"),
        ([], {"issuer_type": TOKEN}, "issuer_type: must be 'original' or 'updated'"),
        ([], {"issuer_type": "original", "accept_legacy_until": "2100-01-01"}, "accept_legacy_until: belongs to"),
        ([], {"accept_legacy_until": TOKEN}, "--accept-legacy-until: not an ISO 8601 date"),
        ([], {"accept_legacy_until": "2100-01-01T00:00:00"}, "accept_legacy_until: must have a time zone"),
        ([], {"token_use": TOKEN}, "token_use: must be"),
        ([], {"client_id": None}, "--client-id"),
        ([], {"client_id": ""}, "client_ids: must hold non-empty strings only"),
        (["--any-client"], {}, "--any-client: not allowed with argument --client-id"),
        ([f"--any-client={TOKEN}"], {"client_id": None}, "--any-client: ignored explicit argument (not repeated here)"),
        ([], {"jwks_uri": "http://keys.example"}, "jwks_uris: must be https"),
        ([], {"replica_region": TOKEN}, "replica_regions: "),
        ([TOKEN], {}, "1 unknown argument(s)"),
        ([f"--token={TOKEN}"], {}, "a token is never an argument"),
        (["--token", TOKEN], {}, "2 unknown argument(s)"),
        ([f"--token-file={TOKEN}"], {}, "--token-file: No such file or directory"),
        ([f"--token-env={TOKEN}"], {}, "no token was given"),
        (["--token-env=X", "--token-file=x"], {}, "--token-file: not allowed with argument --token-env"),
        ([], {}, "no token was given"),
    ],
)
def test_wrong_usage(
    *,
    issuer: RegionalIssuer, extra: list[str], changes: dict[str, str | None], complaint: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Wrong usage says what is wrong or what would be right, asks nobody for keys, and repeats nothing."""
    give(" \n", monkeypatch)
    before = issuer.count()
    with pytest.raises(SystemExit) as ended:
        validate_token.main([*settings(issuer, **changes), *extra])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (USAGE, "")
    assert printed.err.startswith("validate_token: ")
    assert complaint in printed.err
    assert "eyJ" not in printed.err
    assert issuer.count() == before


def test_token_as_argument(issuer: RegionalIssuer) -> None:
    """Who passes the token as an argument learns by the exit code and in one line that this is not how it goes."""
    done = run([*settings(issuer), issuer.access_token()], issuer.access_token())
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr == "validate_token: 1 unknown argument(s), see --help; a token is never an argument\n"


def test_wrong_requirement(issuer: RegionalIssuer) -> None:
    """A requirement that can never be met is wrong usage too, not a refusal."""
    done = run(settings(issuer, scope=""), issuer.access_token())
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "scopes: must hold non-empty strings only" in done.stderr


# -- 3: cannot tell ---------------------------------------------------------------------------------------------------


def test_outage() -> None:
    """While no host gives keys nobody can tell: that is no refusal, and each host's state is shown."""
    with RegionalIssuer() as issuer:
        for region in issuer.regions:
            issuer.take_down(region, "refuse")
        done = run(settings(issuer, issuer_type="original"), issuer.access_token())
    assert (done.returncode, done.stderr) == (CANNOT_TELL, "")
    assert done.stdout.splitlines()[0] == "cannot tell: keys_unavailable (503)"
    assert "refused" not in done.stdout
    said = lines_of(done.stdout)
    assert said["meaning"] == MEANING["keys_unavailable"]
    assert re.fullmatch(r"[1-9]\d* s", said["retry after"])
    assert all(f"{uri}: down, never answered" in done.stdout for uri in issuer.jwks_uris_for("original"))


# -- as it is used ----------------------------------------------------------------------------------------------------


def test_typed_token_is_not_shown(issuer: RegionalIssuer) -> None:
    """At a terminal it asks for the token, and does not show what is typed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, SCRIPT, *settings(issuer)], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as child:
        os.close(theirs)
        asked = b""
        while not asked.endswith(b"Token: "):
            asked += os.read(ours, 4096)
        os.write(ours, issuer.access_token().encode() + b"\n")
        shown = read_on(ours)
        assert child.wait(LIMIT) == YES
    assert b"\nvalid\r\n" in shown
    assert b"eyJ" not in shown


def test_start_command() -> None:
    """The command at the top of the script is one that it understands, and so is a date without a time."""
    written = re.search(
        r"^    (\.venv/bin/python .*?) < token\.txt$", validate_token.__doc__ or "", re.DOTALL | re.MULTILINE
    )
    assert written is not None
    python, script, *arguments = shlex.split(written[1].replace("\\\n", " "))
    assert (python, script) == (".venv/bin/python", "examples/validate_token.py")
    pool = validate_token.pool_of(validate_token.parse([*arguments, "--accept-legacy-until=2027-01-31"]))
    assert (pool.id, [endpoint.region for endpoint in pool.endpoints]) == (
        "us-east-1_Ab12Cd34", ["us-east-1", "us-east-1", "us-west-2"],
    )  # fmt: skip
    assert pool.issuers[1].accept_until == datetime(2027, 1, 31, tzinfo=UTC)
