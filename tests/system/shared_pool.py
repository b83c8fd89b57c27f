"""cognito-local three times: one pool, of which each process says that it is another issuer's.

The pools are files that the processes share. A new pool would be called ``local_…``; a file with a name of Cognito's
form is all it takes to have one of that name. A process reads the files when it starts, and writes them whole, then and
at each sign-in: so they are started one after the other, and nobody signs in while one starts. All sign with one key,
which never changes, and every answer to a request for keys is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from emulator import REGION, cognito_at, make_alice, make_web_client, sign_in
from processes import kept_port, listening

from jwtmr import CognitoUserPool, IssuerKind, Principal, TokenUse

REPLICA: Final = "us-west-2"
POOL: Final = f"{REGION}_Shared123"
OTHER_POOL: Final = f"{REGION}_Another45"

IssuerName: TypeAlias = Literal["updated", "original", "replica"]
DOMAINS: Final[dict[IssuerName, str]] = {
    "updated": f"https://issuer-cognito-idp.{REGION}.amazonaws.com",
    "original": f"https://cognito-idp.{REGION}.amazonaws.com",
    "replica": f"https://cognito-idp.{REPLICA}.amazonaws.com",
}
"""Whose tokens each mints, in the order of precedence."""
KINDS: Final[dict[IssuerName, tuple[IssuerKind, str]]] = {
    "updated": ("current", REGION),
    "original": ("legacy", REGION),
    "replica": ("legacy", REPLICA),
}
"""What jwtmr must find these to be."""


class Facts(NamedTuple):
    """What must not differ between two validations of one token."""

    issuer: str
    subject: str
    token_issuer: str
    kind: IssuerKind
    region: str | None
    use: TokenUse | None


def facts_of(principal: Principal) -> Facts:
    """What ``principal`` says."""
    return Facts(
        principal.issuer, principal.subject, principal.token_issuer,
        principal.issuer_kind, principal.issuer_region, principal.token_use,
    )  # fmt: skip


class IssuerProcess:
    """One process of cognito-local. It can be stopped, and started again where it was."""

    def __init__(self, program: str, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [program], directory, port, {"HOST": "127.0.0.1", "PORT": str(port)}
        self._running = ExitStack()
        self._up = False

    @property
    def jwks_uri(self) -> str:
        """Where it serves the keys of the pool."""
        return f"{self.url}/{POOL}/.well-known/jwks.json"

    def start(self) -> None:
        """Have it listen, if it does not."""
        if not self._up:
            self._running.enter_context(listening(*self._command))
            self._up = True

    def stop(self) -> None:
        """End the process, if there is one."""
        self._up = False
        self._running.close()


@dataclass(frozen=True, slots=True)
class SharedPool:
    """The three processes, and what alice got from each when she signed in."""

    processes: dict[IssuerName, IssuerProcess]
    web: str
    """Her client."""
    subject: str
    signed_in: dict[IssuerName, dict[str, str]]
    """Her tokens, under the names that AWS gives them."""
    other_web: str
    other_signed_in: dict[IssuerName, dict[str, str]]
    """The same of another pool, in which there is another alice."""

    def start(self) -> None:
        """Have every process listen."""
        for process in self.processes.values():
            process.start()

    def token(self, name: IssuerName, use: TokenUse) -> str:
        """The token that this process gave alice for this use."""
        return self.signed_in[name]["AccessToken" if use == "access" else "IdToken"]

    def facts(self) -> dict[str, Facts]:
        """Her tokens, access and ID, and what must be found in each."""
        uses: tuple[TokenUse, ...] = ("access", "id")
        stable = f"{DOMAINS['original']}/{POOL}"
        return {
            self.token(name, use): Facts(stable, self.subject, f"{DOMAINS[name]}/{POOL}", *KINDS[name], use)
            for name in self.processes
            for use in uses
        }

    def authority(self, **settings: object) -> CognitoUserPool:
        """The pool as jwtmr is told of it: updated, with its replica, in the middle of its window unless told else."""
        usual: dict[str, Any] = {
            "issuer_type": "updated",
            "client_ids": [self.web],
            "token_use": ("access", "id"),
            "replica_regions": [REPLICA],
            "accept_replica_issuers": True,
            "accept_legacy_until": datetime.now(UTC) + timedelta(hours=12),
            "jwks_uris": [process.jwks_uri for process in self.processes.values()],
        }
        return CognitoUserPool(POOL, **(usual | settings))


@contextmanager
def running_shared_pool(program: str, directory: Path) -> Iterator[SharedPool]:
    """Start the three processes in ``directory`` and sign alice in at each; every one is ended at the end."""
    pools = directory / "pools"
    pools.mkdir()
    for pool_id in (POOL, OTHER_POOL):
        (pools / f"{pool_id}.json").write_text("{}")
    with ExitStack() as stack:
        processes: dict[IssuerName, IssuerProcess] = {}
        for name in DOMAINS:
            port = stack.enter_context(kept_port())
            processes[name] = IssuerProcess(program, _furnished(directory, name, pools), port)
            stack.callback(processes[name].stop)
        yield _populated(processes)


def _furnished(directory: Path, name: IssuerName, pools: Path) -> Path:
    """The directory of a process: its issuer, and the pools of all."""
    own = directory / name
    settings = own / ".cognito"
    settings.mkdir(parents=True)
    (settings / "db").symlink_to(pools, target_is_directory=True)
    told = {"TokenConfig": {"IssuerDomain": DOMAINS[name]}, "UserPoolDefaults": {"UsernameAttributes": []}}
    (settings / "config.json").write_text(json.dumps(told))
    return own


def _populated(processes: dict[IssuerName, IssuerProcess]) -> SharedPool:
    """Make a client and a user in each pool through one process, then start the others, and sign in at all three."""
    processes["original"].start()
    clients, subjects = {}, {}
    with cognito_at(processes["original"].url) as cognito:
        for pool_id in (POOL, OTHER_POOL):
            clients[pool_id] = make_web_client(cognito, pool_id)
            subjects[pool_id] = make_alice(cognito, pool_id)
    signed_in: dict[str, dict[IssuerName, dict[str, str]]] = {POOL: {}, OTHER_POOL: {}}
    for process in processes.values():
        process.start()
    for name, process in processes.items():
        with cognito_at(process.url) as cognito:
            for pool_id, client in clients.items():
                signed_in[pool_id][name] = sign_in(cognito, client)
    alice = clients[POOL], subjects[POOL], signed_in[POOL]
    return SharedPool(processes, *alice, clients[OTHER_POOL], signed_in[OTHER_POOL])
