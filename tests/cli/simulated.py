"""A simulator with its control server, as tests talk to it."""

from __future__ import annotations

import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from jwtmr import AuthError, CognitoUserPool, TokenValidator
from jwtmr.cli.simulate.control import Control
from jwtmr.cli.simulate.simulator import Simulator


@dataclass(frozen=True)
class Simulated:
    """One simulator that runs."""

    simulator: Simulator
    control: str
    client: httpx.Client

    def post(self, name: str, **members: object) -> httpx.Response:
        """Give an order as the page does."""
        return self.client.post(f"/orders/{name}", json=members)

    def order(self, name: str, **members: object) -> dict[str, Any]:
        """The same, where it must be obeyed."""
        answer = self.post(name, **members)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def token(self, **members: object) -> str:
        """Mint a token."""
        return str(self.order("token", **members)["token"])

    def state(self) -> dict[str, Any]:
        """What there is to see."""
        state: dict[str, Any] = self.client.get("/state").json()
        return state

    def host(self, region: str, form: str) -> dict[str, Any]:
        """One host of the state."""
        (found,) = (host for host in self.state()["hosts"] if (host["region"], host["form"]) == (region, form))
        return dict(found)

    @contextmanager
    def validator(self) -> Generator[TokenValidator, None, None]:
        """A validator of the settings that the simulator gives, and of nothing else that this test knows."""
        settings = tomllib.loads(self.order("settings")["settings"])["cognito_user_pool"]
        settings["token_use"] = tuple(settings["token_use"])
        validator = TokenValidator(CognitoUserPool(settings.pop("user_pool_id"), **settings))
        try:
            yield validator
        finally:
            validator.close()


def verdict(validator: TokenValidator, token: str) -> str:
    """The kind of the issuer, or the code of the refusal."""
    try:
        return validator.validate(token).issuer_kind
    except AuthError as error:
        return error.code


@contextmanager
def simulated(
    regions: tuple[str, ...] = ("us-east-1", "us-west-2"),
    *,
    user_pool_id: str | None = None,
    client_id: str | None = None,
    updated: bool = False,
) -> Generator[Simulated, None, None]:
    """Run one."""
    with (
        Simulator(regions, user_pool_id=user_pool_id, client_id=client_id, updated=updated) as simulator,
        Control(simulator) as control,
        httpx.Client(base_url=control.url, trust_env=False) as client,
    ):
        yield Simulated(simulator, control.url, client)
