"""gunicorn ``--preload``: keys are fetched once, before the fork, and every worker refreshes them by itself later."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from edge_tokens import Town
from edge_wire import HOST, Client
from edge_wsgi_servers import FOLDERS
from server_processes import gunicorn

WORKERS = 4
ATTEMPTS = 1000
"""Requests within which every worker has answered one, and a refresh has ended."""
LATER = 900
"""Seconds after which the keys are due, and tokens of one hour are still good."""


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_a_fork_after_the_start_costs_no_fetch_until_keys_are_due(town: Town, worker_class: str) -> None:
    """Four workers validate with the parent's keys; one whose time has come asks every place once, the others none."""
    options = ["--preload", "--workers", str(WORKERS), "--worker-class", worker_class]
    issuer, lines = town.issuer, [b"Authorization: Bearer " + town.tokens["good"].encode()]
    environment = {"EDGE": json.dumps(town.described())}
    with socket.create_server((HOST, 0)) as listening:
        client = Client(int(listening.getsockname()[1]))
        issuer.forget_requests()
        with gunicorn(options, "edge_app_preload:application()", [listening], FOLDERS, environment) as pid:
            first = client.http("GET", b"/who", lines).content
            assert first["parent"] == pid
            at_start = issuer.count()
            assert at_start == len({request.path for request in issuer.requests()})  # each place at most once
            assert len(workers(client, lines)) == WORKERS
            assert issuer.count() == at_start
            late = client.http("POST", b"/later?seconds=%d" % LATER, lines).content["worker"]
            places = len(issuer.jwks_uris_for("updated"))
            keep_asking(client, lines, until=lambda: issuer.count() == at_start + places)
            assert late in workers(client, lines)
            assert issuer.count() == at_start + places


def workers(client: Client, lines: list[bytes]) -> set[int]:
    """The workers that have answered when all have, or when it is too late for that."""
    seen: set[int] = set()
    for _ in range(ATTEMPTS):
        reply = client.http("GET", b"/who", lines)
        assert reply.status == 200
        seen.add(reply.content["worker"])
        if len(seen) == WORKERS:
            break
    return seen


def keep_asking(client: Client, lines: list[bytes], until: Callable[[], bool]) -> None:
    """Send requests, as a worker finds itself late at one of them. What is waited for is asserted by the caller."""
    for _ in range(ATTEMPTS):
        assert client.http("GET", b"/who", lines).status == 200
        if until():
            break
