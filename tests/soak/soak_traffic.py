"""Traffic: a few clients at each gate, who send one token after the other and write down what they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Final

from soak_facts import Log, Request, Token
from soak_gates import Answer, Gate, leave
from soak_tokens import Purse

CLIENTS: Final = 3
"""At each gate."""
PAUSE: Final = (0.05, 0.25)
"""Seconds between two requests of one client."""
REFUSED: Final = 401
UNAVAILABLE: Final = 503


class Traffic:
    """All clients. They are there during the block of ``flowing``, and send from ``begin`` on."""

    def __init__(self, log: Log, purse: Purse, gates: Mapping[str, Gate], seed: str) -> None:
        self._log, self._purse, self._gates, self._seed = log, purse, gates, seed
        self._begun, self._over = threading.Event(), threading.Event()
        self._more = threading.Condition()

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Have clients during the block."""
        clients = [
            threading.Thread(
                target=self._client, args=(gate, Random(f"{self._seed}/{gate}/{number}")), name=f"soak-{gate}"
            )
            for gate in self._gates
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._over.set()
            self._begun.set()
            for client in clients:
                client.join()

    def begin(self) -> None:
        """Let everybody send."""
        self._begun.set()

    def await_until(self, condition: Callable[[], bool], within: float) -> bool:
        """Wait until that holds, which is looked at after each answer; whether it was in time."""
        with self._more:
            return self._more.wait_for(condition, within)

    def _client(self, gate: str, random: Random) -> None:
        self._begun.wait()
        try:
            while not self._over.wait(random.uniform(*PAUSE)):
                self._ask(gate, self._purse.take(random))
        finally:
            leave()

    def _ask(self, gate: str, token: Token) -> None:
        sent = time.monotonic()
        try:
            answer = self._gates[gate](token.text)
        except Exception as error:  # noqa: BLE001 - whatever else comes out of the library is a finding
            answer = Answer(f"raised {type(error).__name__}", 0, False, ("", ""))
        answered = time.monotonic()
        complaint = self._complaint(token, answer)
        with self._more:
            self._log.requests.append(Request(gate, token, sent, answered, answer.outcome, complaint))
            self._more.notify_all()

    def _complaint(self, token: Token, answer: Answer) -> str:
        """What is wrong with an answer in itself, whatever the keys are."""
        if answer.outcome == "ok":
            right = answer.who == (self._purse.pool.original_issuer, token.subject)
            return "" if right else f"it says that this is {answer.who}"
        status = UNAVAILABLE if answer.outcome == "keys_unavailable" else REFUSED
        if answer.status != status:
            return f"its status is {answer.status}"
        told = answer.retry_after == (status == UNAVAILABLE)
        return "" if told else "its Retry-After is missing" if status == UNAVAILABLE else "it has a Retry-After"
