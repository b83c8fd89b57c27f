"""The tokens of the table by their names, minted by one pool that has just moved house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from edge_table import SUBJECT

from jwtmr import TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import MISSING, LoopbackServer, RegionalIssuer, SettableClock, validator_for

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

    def fill_in(self, text: bytes) -> bytes:
        """``text`` with the tokens that it names."""
        for name, token in self.tokens.items():
            text = text.replace(b"{%s}" % name.encode(), token.encode())
        return text

    def secrets(self) -> list[str]:
        """What no answer may hold: hosts, names of the pool, markers of hostile tokens, and words of exceptions."""
        names = [self.issuer.user_pool_id, self.issuer.client_id, *REGIONS, "cognito", "amazonaws", "127.0.0.1"]
        return [*names, *self.hosts, "evil.example", "Zebra7Marker", *EXCEPTIONS]


EXCEPTIONS: Final = ("Traceback", "Exception", "Error", "jwtmr", "httpx", "asyncio", ".py", "refused", "Errno")


@contextmanager
def a_town() -> Iterator[Town]:
    """Start one; its clock stands still."""
    clock = SettableClock()
    with RegionalIssuer(REGIONS, clock=clock) as issuer, LoopbackServer(lambda _: (404, {}, b"")) as nobody:
        issuer.switch_to_updated()
        nobody.take_down("refuse")
        during, cutover = clock.now() + timedelta(days=1), clock.now() - timedelta(hours=1)
        make = partial(validator_for, issuer, token_use="access", http_get=HTTP_GET)
        with (
            closing(make(accept_legacy_until=during, legacy_issued_before=cutover)) as warm,
            closing(make()) as retired,
            closing(make(jwks_uris=[nobody.url + "/jwks.json"])) as cold,
        ):
            warm.warm_up("all")
            retired.warm_up("all")
            ports = [url.split("/")[2] for url in (nobody.url, *(endpoint.url for endpoint in issuer.endpoints))]
            yield Town(issuer, {"warm": warm, "retired": retired, "cold": cold}, tokens_of(issuer), ports)
