"""A directory in which every example of ``--help`` can be run: settings, tokens, and an issuer that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from place_files import evidence

from jwtmr.testing import RegionalIssuer, SettableClock

SETTINGS = """[cognito_user_pool]
user_pool_id = "{pool}"
issuer_type = "updated"
client_ids = ["{client}"]
token_use = "access"
replica_regions = ["us-west-2"]
accept_legacy_until = {until}
jwks_uris = [{uris}]
"""


@dataclass(frozen=True)
class Place:
    """Where commands run, and the issuer that their settings name."""

    directory: Path
    issuer: RegionalIssuer
    clock: SettableClock

    def write(self, name: str, text: str) -> Path:
        """Put a file there."""
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def place_in(directory: Path) -> Iterator[Place]:
    """A pool that has been switched, whose window is open for ten days of the clock."""
    clock = SettableClock()
    with RegionalIssuer(clock=clock) as issuer:
        place = Place(directory, issuer, clock)
        place.write("legacy.txt", issuer.access_token(expires_in=86400))
        issuer.switch_to_updated()
        place.write("token.txt", issuer.access_token(expires_in=86400))
        place.write("README.md", "# Read me\n")
        uris = ", ".join(f'"{uri}"' for uri in issuer.jwks_uris)
        until = f"{clock.now() + timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
        settings = {"pool": issuer.user_pool_id, "client": issuer.client_id, "until": until, "uris": uris}
        place.write("jwtmr.toml", SETTINGS.format(**settings))
        for name, text in evidence(issuer, clock.wall()).items():
            place.write(name, text)
        yield place
