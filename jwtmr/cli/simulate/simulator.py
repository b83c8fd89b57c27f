"""The pool that is simulated, and everything that can be done to it."""

from __future__ import annotations

import queue
import re
import threading
from typing import Final, Self, TypeAlias

from jwtmr.cli.simulate.faults import fault_of
from jwtmr.cli.simulate.minting import Wanted, mint
from jwtmr.cli.simulate.watch import Watch
from jwtmr.errors import ConfigurationError
from jwtmr.settings import Clock, one_of
from jwtmr.testing import HostForm, Outage, RegionalIssuer
from jwtmr.testing.clock import SYSTEM_CLOCK
from jwtmr.testing.fault import OUTAGES
from jwtmr.testing.faults import Injection, at
from jwtmr.testing.issuer import RegionalEndpoint
from jwtmr.testing.pool import HOST_FORMS

Host: TypeAlias = tuple[str, HostForm]
"""Region and form."""

_NAME: Final = re.compile(r"[\w-]{1,128}", re.ASCII)
"""Regions and ids: they go into URLs, and into settings that are pasted into a shell."""


class Simulator:
    """A :class:`~jwtmr.testing.RegionalIssuer` with somebody at its switches. A context manager; one thread at a time.

    Where a region is ``None`` all are meant, and where a form is, both hosts of the region. What cannot be done raises
    :class:`~jwtmr.errors.ConfigurationError`, which says what can.
    """

    def __init__(
        self,
        regions: list[str] | tuple[str, ...] = ("us-east-1", "us-west-2"),
        *,
        user_pool_id: str | None = None,
        client_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
        first_port: int = 0,
        updated: bool = False,
    ) -> None:
        """``updated``: the pool has been switched before it began. The others: see ``RegionalIssuer``."""
        given = {"user_pool_id": user_pool_id, "client_id": client_id}
        for parameter, name in (*(("regions", region) for region in regions), *given.items()):
            if name is not None and not _NAME.fullmatch(name):
                raise ConfigurationError(parameter, "must be letters, digits, - and _, at most 128")
        self.issuer: Final = RegionalIssuer(
            regions, user_pool_id=user_pool_id, client_id=client_id, clock=clock, first_port=first_port
        )
        if updated:
            self.issuer.switch_to_updated()
        self.watch: Final = Watch(self.issuer)
        self._turn = threading.Lock()
        self._faults: dict[Host, dict[str, Injection]] = {}
        # Not an Event: a signal handler that sets one can wait for the thread that it interrupts.
        self._stop: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self.issuer.start()
        self.watch.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.issuer.close()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until :meth:`stop`, or for so many seconds."""
        try:
            self._stop.get(timeout=seconds)
        except queue.Empty:
            return

    def stop(self) -> None:
        """Let :meth:`wait` return. Also from a signal handler."""
        self._stop.put(None)

    def switch(self, to: HostForm = "updated") -> None:
        """Mint under the other issuer from now on, and let the updated hosts answer, or not."""
        one_of("to", to, HOST_FORMS)
        with self._turn:
            if to == "updated":
                self.issuer.switch_to_updated()
            else:
                self.issuer.switch_back()

    @property
    def switched(self) -> HostForm:
        """What the pool is switched to."""
        return "updated" if self.issuer.current_issuer == self.issuer.updated_issuer else "original"

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with new keys; the old ones stay published, or do not."""
        with self._turn:
            self.issuer.rotate(keep_old=keep_old)

    def withdraw(self, kid: str) -> None:
        """Publish that key no longer. One that signs goes on signing."""
        with self._turn:
            self.issuer.withdraw(kid)

    def take_down(self, region: str | None = None, how: Outage = "refuse", form: HostForm | None = None) -> None:
        """Take hosts down altogether."""
        one_of("how", how, OUTAGES)
        with self._turn:
            for host in self._hosts(region, form):
                self.issuer.take_down(host.region, how, host.form)

    def bring_up(self, region: str | None = None, form: HostForm | None = None) -> None:
        """Bring hosts back that are down. Their faults stay."""
        with self._turn:
            for host in self._hosts(region, form):
                self.issuer.bring_up(host.region, host.form)

    def begin_fault(self, name: str, region: str | None = None, form: HostForm | None = None) -> None:
        """Put a fault in force, beside those that are; where it is in force already it begins anew."""
        with self._turn:
            for host in self._hosts(region, form):
                known = self._faults.setdefault((host.region, host.form), {})
                begun = at(self.issuer, host.region, host.form).let(fault_of(name, self.issuer))
                former, known[name] = known.get(name), begun
                if former is not None:
                    former.end()

    def heal(self, region: str | None = None, form: HostForm | None = None) -> None:
        """End all faults, and bring up what is down."""
        with self._turn:
            for host in self._hosts(region, form):
                for injection in self._faults.pop((host.region, host.form), {}).values():
                    injection.end()
                self.issuer.bring_up(host.region, host.form)

    def mint(self, wanted: Wanted) -> str:
        """Mint a token."""
        with self._turn:
            return mint(self.issuer, wanted)

    def faults_at(self, host: RegionalEndpoint) -> list[str]:
        """The names of the faults in force at a host."""
        with self._turn:
            return sorted(self._faults.get((host.region, host.form), {}))

    def outage_at(self, host: RegionalEndpoint) -> Outage | None:
        """How a host is down."""
        (server,) = self.issuer.servers(host.region, host.form)
        return server.outage

    def _hosts(self, region: str | None, form: HostForm | None) -> list[RegionalEndpoint]:
        if region is not None and region not in self.issuer.regions:
            raise ConfigurationError("region", "must be " + " or ".join(self.issuer.regions))
        if form is not None:
            one_of("form", form, HOST_FORMS)
        return [host for host in self.issuer.endpoints if region in (None, host.region) and form in (None, host.form)]
