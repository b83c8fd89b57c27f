"""What ``docs/operations.md`` says is true: its blocks run as they stand, and its tables are complete."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

import httpx
import pytest
from extras_kit import Sample, parsed
from server_processes import uvicorn, wait_until

from jwtmr.drain import DrainState
from jwtmr.extras._measures import MEASURES
from jwtmr.testing import RegionalIssuer

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS: Final = {
    str(name): str(block) for block, name in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE, re.DOTALL)
}
WORKERS: Final = 3

REDIRECTED: Final = '''
"""The service of the page, whose pool is played on loopback."""
import json, os
from datetime import UTC, datetime
import jwtmr

told = json.loads(os.environ["TOLD"])
made = jwtmr.CognitoUserPool

def pool(user_pool_id, **settings):
    until = datetime.fromtimestamp(told["until"], UTC)
    own = {"client_ids": told["clients"], "jwks_uris": told["jwks_uris"], "accept_legacy_until": until}
    return made(told["pool"], **{**settings, **own})

jwtmr.CognitoUserPool = pool
from service import app
'''


def table(heading: str) -> list[list[str]]:
    """The cells of the first table under ``heading``, without marks."""
    section = PAGE.split(f"{heading}\n", 1)[1]
    found = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert found is not None
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in found[0].splitlines()]
    return rows[2:]


def test_every_metric_has_its_row() -> None:
    """As the code declares them, in its order."""
    expected = [
        [f"`{m.prometheus_name}`", m.kind, " ".join(f"`{label}`" for label in m.labels) or "none", m.help]
        for m in MEASURES
    ]
    assert table("## Metrics") == expected


def test_every_alert_and_every_state_has_its_row() -> None:
    """As the rules and the types name them."""
    rules = (ROOT / "examples" / "observability" / "alerts.yml").read_text(encoding="utf-8")
    assert [row[0] for row in table("## Alerts and dashboard")] == [
        f"`{name}`" for name in re.findall(r"- alert: (\w+)", rules)
    ]
    states = {row[0].strip("`") for row in table("## When may the old issuer go?")}
    assert states == set(get_args(DrainState))


def test_every_block_names_its_file() -> None:
    """And is run here, or by the tests of a whole migration."""
    assert set(BLOCKS) == {"drain_files.py", "drain.py", "service.py", "telemetry.py"}
    assert PAGE.count("```python") == len(BLOCKS)
    assert PAGE.count("```") == 2 * (len(BLOCKS) + PAGE.count("```promql") + PAGE.count("```sh"))


def test_links_lead_somewhere() -> None:
    """Every file that the page points to is there, where the whole tree is."""
    if (ROOT / "LICENSE").exists():  # the wheel is tested without the tree around it
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", PAGE):
            assert (ROOT / "docs" / target).exists(), target


def test_the_otel_block(tmp_path: Path) -> None:
    """Its numbers go to the global provider, also where that is set up later."""
    block = tmp_path / "telemetry.py"
    block.write_text(BLOCKS["telemetry.py"], encoding="utf-8")
    script = Path(__file__).parent / "scripts" / "late_provider.py"
    command = [sys.executable, "-W", "error", str(script), str(block)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert {"jwtmr.validations", "jwtmr.validation.duration", "jwtmr.endpoint.state"} <= set(json.loads(run.stdout))


@dataclass(frozen=True)
class Service:
    """The service of the page behind uvicorn, with three workers."""

    issuer: RegionalIssuer
    url: str
    drain: Path
    http: httpx.Client

    def order(self, token: str) -> int:
        """One request, on a connection of its own; the status."""
        headers = {"authorization": f"Bearer {token}", "connection": "close"}
        return self.http.get(f"{self.url}/orders", headers=headers).status_code

    def scraped(self, name: str) -> list[Sample]:
        """What a scrape of any worker says."""
        told = self.http.get(f"{self.url}/metrics")
        assert told.headers["content-type"].startswith("text/plain; version=")
        return [sample for sample in parsed(told.text) if sample.name == name]

    def pids(self) -> set[int]:
        """The workers that tell of their keys."""
        return {int(sample.labels["pid"]) for sample in self.scraped("jwtmr_key_set_hash")}

    def legacy(self) -> float:
        """How many legacy tokens were accepted."""
        return sum(sample.value for sample in self.scraped("jwtmr_legacy_tokens_total"))


@contextmanager
def serving(tmp_path: Path) -> Iterator[Service]:
    """Every block as a file, started as the page says, with the directories that it names."""
    for name, block in BLOCKS.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    (tmp_path / "redirected.py").write_text(REDIRECTED, encoding="utf-8")
    (shell,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    variables = dict(re.findall(r"(\w+_DIR)=(\S+)", shell))
    assert shell.splitlines()[-1] == f"uvicorn --workers {WORKERS} service:app"
    folders = {name: tmp_path / Path(folder).name for name, folder in variables.items()}
    for folder in folders.values():
        folder.mkdir()
    with ExitStack() as stack:
        issuer = stack.enter_context(RegionalIssuer())
        issuer.switch_to_updated()
        told = {
            "pool": issuer.user_pool_id,
            "clients": [issuer.client_id],
            "jwks_uris": issuer.jwks_uris,
            "until": issuer.clock.wall() + 86400,
        }
        environment = {"TOLD": json.dumps(told), **{name: str(folder) for name, folder in folders.items()}}
        options = ["--workers", str(WORKERS)]
        output = tmp_path / "output"
        port = stack.enter_context(uvicorn(options, "redirected:app", [tmp_path], environment, output))
        http = stack.enter_context(httpx.Client(trust_env=False, timeout=60))
        yield Service(issuer, f"http://127.0.0.1:{port}", folders["DRAIN_DIR"], http)


@pytest.mark.slow
def test_the_service_behind_three_workers(tmp_path: Path) -> None:
    """A scrape tells of all; one that is killed leaves its counts and no state; what all have kept is in the drain."""
    with serving(tmp_path) as service:
        issuer, sent = service.issuer, 0
        now = int(issuer.clock.wall())
        legacy = issuer.access_token(issuer=issuer.original_issuer, issued_at=now, expires_in=3600)

        def all_asked() -> bool:
            nonlocal sent
            assert service.order(legacy) == 200
            sent += 1
            return len(service.pids()) == WORKERS

        def told() -> tuple[float, list[float]]:
            latest = service.scraped("jwtmr_legacy_token_latest_expiry_timestamp_seconds")
            return service.legacy(), [each.value for each in latest]

        wait_until(lambda: _listens(service), "nobody listens")
        wait_until(all_asked, "not every worker was asked")
        assert told() == (sent, [now + 3600])
        gone = min(service.pids())
        os.kill(gone, signal.SIGKILL)
        wait_until(lambda: _forgotten(service, gone), "a worker that is dead still tells of its keys")
        assert told() == (sent, [now + 3600])
        assert [service.order(legacy) for _ in range(20)] == [200] * 20
    client, verdict = _drained(service).splitlines()
    counted = re.fullmatch(rf"{issuer.client_id}: (\d+) tokens, the last one at \d{{4}}-\d\d-\d\d [\d:]{{8}}", client)
    assert counted is not None
    assert 20 < int(counted[1]) <= sent + 20  # of what was killed the last second may be missing
    assert verdict.startswith("not yet: ")
    assert "the last one expires at " in verdict


def _forgotten(service: Service, pid: int) -> bool:
    """Whether a worker tells of its keys no more. It may be the one that is asked, and end in the middle."""
    try:
        return pid not in service.pids()
    except httpx.TransportError:
        return False


def _listens(service: Service) -> bool:
    try:
        return service.order("rubbish") == 401
    except httpx.TransportError:
        return False


def _drained(service: Service) -> str:
    """What ``drain.py`` prints."""
    command = [sys.executable, "-W", "error", str(service.drain.parent / "drain.py"), str(service.drain)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout
