"""A good world for ``jwtmr doctor``: a pool of two regions over TLS, switched, its window open, and a token."""

from __future__ import annotations

import shlex
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from cli_world import Ran, jwtmr

from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.tls import TlsAuthority

REGIONS: Final = ("us-east-1", "us-west-2")


@cache
def tls_authority() -> TlsAuthority:
    """One for all tests: each costs a key."""
    return TlsAuthority()


def ca_file(folder: Path) -> Path:
    """The authority's certificate as ``--ca-file`` takes it."""
    path = folder / "ca.pem"
    certificates = tls_authority().client_context().get_ca_certs(binary_form=True)
    path.write_text("".join(map(ssl.DER_cert_to_PEM_cert, certificates)))
    return path


@dataclass
class World:
    """A pool, what the command line says of it, and what is wrong with it."""

    issuer: RegionalIssuer
    folder: Path
    clock: SettableClock
    """Of this machine. The hosts have one of their own, which shows the same time."""
    options: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    token: str = ""
    faults: ExitStack = field(default_factory=ExitStack)

    def doctor(self, more: str = "", **options: Any) -> Ran:  # noqa: ANN401
        """Run ``jwtmr doctor`` on it."""
        words = [word for name, values in self.options.items() for value in values for word in (f"--{name}", value)]
        if self.token:
            (self.folder / "token.txt").write_text(self.token)
            words += ["--token-file", str(self.folder / "token.txt")]
        return jwtmr(f"doctor {shlex.join(words)} {more}", clock=self.clock, **options)

    def until(self, **away: float) -> None:
        """Let the window of the old issuer end so far from now."""
        self.options["accept-legacy-until"] = [(self.clock.now() + timedelta(**away)).isoformat()]


@contextmanager
def pool() -> Iterator[RegionalIssuer]:
    """The pool of any number of worlds, one after the other."""
    with RegionalIssuer(REGIONS, clock=SettableClock(), tls=tls_authority()) as issuer:
        yield issuer


@contextmanager
def good_world(issuer: RegionalIssuer, folder: Path) -> Iterator[World]:
    """A world without a fault. What is spoilt in it is whole again afterwards."""
    with ExitStack() as stack:
        issuer.switch_to_updated()
        issuer.forget_requests()
        world = World(issuer, folder, SettableClock(issuer.clock.wall()))
        world.options = {
            "user-pool-id": [issuer.user_pool_id],
            "issuer-type": ["updated"],
            "client-id": [issuer.client_id],
            "token-use": ["access"],
            "replica-region": list(issuer.replica_regions),
            "jwks-uri": issuer.jwks_uris,
            "ca-file": [str(ca_file(folder))],
        }
        world.until(days=30)
        world.token = issuer.access_token()
        stack.enter_context(world.faults)
        yield world
