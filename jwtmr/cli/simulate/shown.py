"""How a simulator is shown to people: when it starts, what it was told to do, and its state as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from jwtmr.cli.output import Page
from jwtmr.cli.simulate.words import STATE_SCHEMA


@dataclass(frozen=True, slots=True)
class Started:
    """A simulator that answers from now on."""

    schema: ClassVar[str] = "jwtmr.simulate.started/1"
    control: str
    """The URL of its page."""
    about: Mapping[str, Any]
    """Ids, regions, issuers and ``jwks_uris``."""
    settings: str
    until: str
    """When it ends."""
    written: str | None = None
    """The file that holds the settings already."""

    def document(self) -> Mapping[str, object]:
        """Where it is, and who."""
        return {"control": self.control, **self.about}

    def write(self, page: Page) -> None:
        """What somebody needs to go on."""
        self.write_head(page)
        lines = self.settings.splitlines()
        if self.written is not None or max(map(len, lines)) + 2 > page.width:  # wrapped, they would be none
            return
        page.line()
        page.line("Settings of a service that trusts it:")
        page.line()
        for line in lines:
            page.line(line, indent=2)

    def write_head(self, page: Page) -> None:
        """The same without the settings."""
        page.line(f"A made-up user pool is served on this machine, {self.until}.", "strong")
        page.line()
        port = self.control.rpartition(":")[2]
        rows = {
            "control page": self.control,
            "user pool": self.about["user_pool_id"],
            "client": self.about["client_id"],
            "settings": self.written or f"jwtmr simulate settings --control {port} > jwtmr.toml",
            "a token": f"jwtmr simulate token --control {port} > token.txt",
            "try it": f"jwtmr validate --config {self.written or 'jwtmr.toml'} < token.txt",
        }
        for label, text in rows.items():
            page.item(label, text, width=12)


@dataclass(frozen=True, slots=True)
class Told:
    """What a simulator answered to an order."""

    schema: ClassVar[str] = "jwtmr.simulate.order/1"
    answer: Mapping[str, Any]

    def document(self) -> Mapping[str, object]:
        """As it came."""
        return {name: value for name, value in self.answer.items() if name != "schema"}

    def write(self, page: Page) -> None:
        """What is so now."""
        page.line(str(self.answer.get("says", "done")))


@dataclass(frozen=True, slots=True)
class State:
    """What a simulator says that it is. It is taken for what it says: anybody can listen at that port."""

    schema: ClassVar[str] = STATE_SCHEMA
    state: Mapping[str, Any]

    def document(self) -> Mapping[str, object]:
        """As it came."""
        return {name: value for name, value in self.state.items() if name != "schema"}

    def write(self, page: Page) -> None:
        """Hosts, keys and requests."""
        page.line(f"pool {self.state['user_pool_id']}, switched to {self.state['switched_to']}", "strong")
        page.line(f"new tokens carry {self.state['current_issuer']}")
        page.line()
        hosts = [_host_row(host, self.state["user_pool_id"]) for host in self.state["hosts"]]
        page.table(["host", "state", "requests", "listens at"], hosts)
        page.line()
        keys = [[str(key["kid"]), " and ".join(key["signs"]) or "nothing"] for key in self.state["keys"]]
        page.table(["key", "signs"], keys)
        if self.state["requests"]:
            page.line()
            rows = [_request_row(each, self.state["user_pool_id"]) for each in self.state["requests"]]
            page.table(["time", "host", "asked", "answer"], rows)


def _host_row(host: Mapping[str, Any], pool: str) -> list[str]:
    troubles = [*([f"down: {host['outage']}"] if host["outage"] else []), *host["faults"]]
    origin = str(host["jwks_uri"]).partition(f"/{pool}/")[0]
    state = ", ".join(troubles) or host["state"].replace("_", " ")
    return [f"{host['region']} {host['form']}", state, str(host["requests"]), origin]


def _request_row(request: Mapping[str, Any], pool: str) -> list[str]:
    answer = request["fault"] or request["status"] or "none"
    asked = f"{request['method']} {request['path'].replace(f'/{pool}/.well-known/', '…/')}"
    return [request["time"][11:19], f"{request['region']} {request['form']}", asked, str(answer)]
