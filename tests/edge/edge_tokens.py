"""The tokens of the table by their names, minted by one pool that has just moved house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from edge_table import SUBJECT

from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import MISSING, LoopbackServer, RegionalIssuer, SettableClock

HTTP_GET: Final = httpx_get()
"""One for all validators of these tests: reading the CA certificates takes longer than a validation."""
REGIONS: Final = ("us-east-1", "us-west-2")


def tokens_of(issuer: RegionalIssuer) -> dict[str, str]:
    """Every token that a row may name."""
    unknown = replace(issuer.id_key, kid="kid-that-nobody-publishes")
    now = issuer.clock.wall()
    good = issuer.access_token(subject=SUBJECT)
    return {
        "good": good,
        "other": issuer.access_token(subject="somebody-else"),
        "scopes": issuer.access_token(subject=SUBJECT, scopes=["orders/read", "orders/write", "x"]),
        "reader": issuer.access_token(subject=SUBJECT, scopes=["orders/read"]),
        "admin": issuer.access_token(subject=SUBJECT, groups=["staff", "admins"]),
        "malformed": good.replace(".", "..", 1),
        "one_part": "Zebra7Marker",
        "none": issuer.access_token(header={"alg": "none"}),
        "symmetric": issuer.access_token(header={"alg": "HS256"}),
        "foreign_issuer": issuer.access_token(issuer="https://evil.example/pool"),
        "legacy": issuer.access_token(
            subject=SUBJECT, issuer=issuer.original_issuer, issued_at=now - 7200, expires_in=10_800
        ),
        "after_cutover": issuer.access_token(issuer=issuer.original_issuer),
        "expired": issuer.access_token(issued_at=now - 7200),
        "future": issuer.access_token(issued_at=now + 7200),
        "no_subject": issuer.access_token(claims={"sub": MISSING}),
        "wrong_use": issuer.id_token(),
        "wrong_client": issuer.access_token(client_id="somebodyelsesclient"),
        "wrong_audience": issuer.access_token(claims={"aud": "https://other.example.com"}),
        "bound": issuer.access_token(claims={"cnf": {"jkt": "x"}}),
        "unknown_key": issuer.access_token(key=unknown),
        "forged": issuer.forged_token(),
        "other_pool": issuer.foreign_token(),
        "huge": issuer.access_token(claims={"x": "y" * 15_000}),
        "monstrous": issuer.access_token(claims={"x": "y" * 150_000}),
    }


@dataclass(frozen=True, slots=True)
class Town:
    """A pool whose keys can be had, one whose keys cannot, and validators for what the setups need."""

    issuer: RegionalIssuer
    validators: dict[str, TokenValidator]
    """``warm``: during the move; ``retired``: after it; ``cold``: without a key, and nobody there to ask."""
    tokens: dict[str, str] = field(repr=False)
    hosts: list[str]
    """Where keys are asked for."""
    nobody: str
    """The URL of who never answers."""

    def fill_in(self, text: bytes) -> bytes:
        """``text`` with the tokens that it names."""
        for name, token in self.tokens.items():
            text = text.replace(b"{%s}" % name.encode(), token.encode())
        return text

    def described(self) -> dict[str, Any]:
        """What another process needs to make the same validators, as JSON has it."""
        issuer = self.issuer
        return {
            "now": issuer.clock.wall(),
            "pool": issuer.user_pool_id,
            "client": issuer.client_id,
            "replicas": issuer.replica_regions,
            "jwks_uris": issuer.jwks_uris_for("updated"),
            "nobody": [self.nobody + "/jwks.json"],
        }

    def names(self) -> list[str]:
        """What no answer may hold: hosts, names of the pool, and markers of hostile tokens."""
        names = [self.issuer.user_pool_id, self.issuer.client_id, *REGIONS, "cognito", "amazonaws", "127.0.0.1"]
        return [*names, *self.hosts, "evil.example", "Zebra7Marker"]


EXCEPTIONS: Final = ("Traceback", "Exception", "Error", "jwtmr", "httpx", "asyncio", ".py", "refused", "Errno")
"""Words of exceptions and of tracebacks, which no answer of ours may hold."""


@contextmanager
def a_town() -> Iterator[Town]:
    """Start one; its clock stands still."""
    clock = SettableClock()
    with RegionalIssuer(REGIONS, clock=clock) as issuer, LoopbackServer(lambda _: (404, {}, b"")) as nobody:
        issuer.switch_to_updated()
        nobody.take_down("refuse")
        ports = [url.split("/")[2] for url in (nobody.url, *(endpoint.url for endpoint in issuer.endpoints))]
        town = Town(issuer, {}, tokens_of(issuer), ports, nobody.url)
        with ExitStack() as made:
            for name, validator in validators_of(town.described(), clock).items():
                town.validators[name] = made.enter_context(closing(validator))
            for name in ("warm", "retired"):
                town.validators[name].warm_up("all")
            yield town


def validators_of(described: dict[str, Any], clock: SettableClock | None = None) -> dict[str, TokenValidator]:
    """The validators of a town, for the process that asks: ``described`` is JSON."""
    clock = clock or SettableClock(described["now"])
    now = clock.now()
    common: dict[str, Any] = {
        "issuer_type": "updated",
        "client_ids": [described["client"]],
        "replica_regions": described["replicas"],
        "token_use": "access",
    }
    window = {"accept_legacy_until": now + timedelta(days=1), "legacy_issued_before": now - timedelta(hours=1)}
    special: dict[str, dict[str, Any]] = {"warm": window, "retired": {}, "cold": {"jwks_uris": described["nobody"]}}
    return {
        name: TokenValidator(
            CognitoUserPool(described["pool"], **{**common, "jwks_uris": described["jwks_uris"], **options}),
            clock=clock,
            http_get=HTTP_GET,
        )
        for name, options in special.items()
    }
