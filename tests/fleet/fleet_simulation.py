"""A fleet lives through a scenario. The same seed gives the same record, to the last figure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from random import Random
from typing import Final

from fleet_hosts import Host
from fleet_ledger import Ledger, Standing
from fleet_process import Process, Stream
from fleet_scenarios import Scenario
from timeline import Timeline

from jwtmr import CognitoUserPool

LEAST: Final = 250
"""Processes that are simulated at least, where there are so many, however many each of them stands for."""
BUSY: Final = 1.0
QUIET: Final = 60.0
"""Seconds between two requests at one half of the processes, and at the other."""
NAMES: Final = ("updated, us-east-1", "original, us-east-1", "original, us-west-2")
"""The key hosts, in order of precedence."""


@dataclass(frozen=True, slots=True)
class Record:
    """What came of it. All numbers of requests and processes are those of the whole fleet."""

    name: str
    title: str
    seed: int
    processes: int
    simulated: int
    begin: int
    """The second at which the lists begin; they have an entry for each."""
    rates: dict[str, dict[str, list[float]]]
    """For each host and each reason, the requests in each second."""
    standings: dict[Standing, list[float]]
    """How many processes have fresh, stale or no keys at the end of each second."""
    told: dict[str, float]
    """What valid requests were told from second 0 on."""
    waited: float
    longest_wait: float
    """Valid requests that had to wait, and the seconds of the one that waited longest."""
    learnt: list[float]
    """Seconds until each simulated process had the new key."""
    longest_refusal: float
    """Seconds for which some process refused tokens with the new key."""
    overloads: float
    """Requests that a host refused because there were too many."""
    took: float
    """Seconds of the processor."""


class Fleet:
    """So many processes in two regions, on one timeline, and their hosts."""

    def __init__(self, scenario: Scenario, processes: int, seed: int) -> None:
        self.scenario: Final = scenario
        self.seed: Final = seed
        self.processes: Final = processes
        self.simulated: Final = max(processes // scenario.share, min(processes, LEAST))
        self.ledger: Final = Ledger()
        self.hosts: Final = [Host(name, how, self.simulated) for name, how in zip(NAMES, scenario.hosts, strict=True)]
        self._timeline: Final = Timeline()
        self._timeline.t = scenario.starts[0]
        self._members: Final = list(self._made())

    def _made(self) -> Iterator[Process]:
        home, abroad = pool(), pool(replica_first=self.scenario.own_region_first)
        hosts = {endpoint.url: host for endpoint, host in zip(home.endpoints, self.hosts, strict=True)}
        for number in range(self.simulated):
            dice, jitter = Random(f"{self.seed}/{number}"), Random(f"{self.seed}/{number}/jitter")
            gap = QUIET if number // 2 % 2 else BUSY
            streams = [Stream(traffic, gap if traffic.kid else 1.0) for traffic in self.scenario.traffic]
            authority = abroad if number % 2 else home
            process = Process(
                authority, self._timeline,
                hosts=hosts, ledger=self.ledger, streams=streams, dice=dice, uniform=jitter.uniform,
            )  # fmt: skip
            self._timeline.at(dice.uniform(*self.scenario.starts), process.begin)
            yield process

    def live(self) -> Record:
        """Let them live through it."""
        began = time.process_time()
        self._run_until(0)
        self.ledger.begin()
        self._run_until(self.scenario.end)
        return self._record(time.process_time() - began)

    def _run_until(self, t: float) -> None:
        self._timeline.run_until(t)
        for process in self._members:
            process.count()

    def _record(self, took: float) -> Record:
        ledger, scale = self.ledger, self.processes / self.simulated
        begin, end = floor(self.scenario.spans[0].begin), floor(self.scenario.end)
        return Record(
            self.scenario.name, self.scenario.title, self.seed, self.processes, self.simulated, begin,
            {host.name: _rates(host, begin, end, scale) for host in self.hosts},
            _standings(ledger, self.simulated, begin, end, scale),
            {outcome: number * scale for outcome, number in sorted(ledger.told.items())},
            ledger.waited * scale, ledger.longest_wait, sorted(ledger.learnt), ledger.longest_refusal,
            sum(host.overloads for host in self.hosts) * scale, took,
        )  # fmt: skip


def pool(*, replica_first: bool = False) -> CognitoUserPool:
    """The pool as everybody configures it, or as a service in the replica's region could."""
    usual = _pool()
    updated, original, replica = (endpoint.url for endpoint in usual.endpoints)
    return _pool([replica, updated, original]) if replica_first else usual


def _pool(jwks_uris: list[str] | None = None) -> CognitoUserPool:
    return CognitoUserPool(
        "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["1example23456789"], token_use="access",
        replica_regions=["us-west-2"], jwks_uris=jwks_uris,
    )  # fmt: skip


def _rates(host: Host, begin: int, end: int, scale: float) -> dict[str, list[float]]:
    rates = {trigger: [0.0] * (end - begin) for trigger in sorted({trigger for _, trigger in host.asked})}
    for (second, trigger), number in host.asked.items():
        if begin <= second < end:
            rates[trigger][second - begin] = number * scale
    return rates


def _standings(ledger: Ledger, processes: int, begin: int, end: int, scale: float) -> dict[Standing, list[float]]:
    standing: dict[Standing, int] = {"none": processes, "stale": 0, "fresh": 0}
    found: dict[Standing, list[float]] = {"none": [], "stale": [], "fresh": []}
    moves = iter([*ledger.moves, (float("inf"), "none", "none")])
    t, before, after = next(moves)
    for second in range(begin, end):
        while t < second + 1:
            standing[before] -= 1
            standing[after] += 1
            t, before, after = next(moves)
        for kind, number in standing.items():
            found[kind].append(number * scale)
    return found
