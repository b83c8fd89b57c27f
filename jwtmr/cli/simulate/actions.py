"""What can be asked of a simulator that runs: the words of each action, and the order that they make."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from jwtmr.cli.simulate.words import FAULTS, FORMS, ISSUERS, KINDS, OUTAGES, SETTINGS

Members: TypeAlias = Mapping[str, object]


_ANYTHING: Final = re.compile(r".*", re.DOTALL)
_SHAPES: Final = {
    "token": re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII),
    "env": re.compile(r"(?:# [^\r\n]*\n)?(?:export JWTMR_[A-Z_]+='[\w:/.,+-]*'\n)*", re.ASCII),
}
"""What goes into a shell: a compact JWS (RFC 7515 section 7.1), and settings in its syntax."""


@dataclass(frozen=True, slots=True)
class Action:
    """One word after ``jwtmr simulate``."""

    name: str
    says: str
    order: str
    """The order that it gives; empty: it only looks."""
    add: Callable[[argparse.ArgumentParser], None]
    members: Callable[[argparse.Namespace], Members]
    prints: str = ""
    """The member of the answer that is printed by itself, so that a shell can take it; empty: what was done."""

    def text(self, members: Members, answer: Mapping[str, object]) -> str | None:
        """What is printed by itself of ``answer``; None where no simulator can have said that.

        Anybody can listen at the port of one that has ended, and a shell runs what it is given.
        """
        text = answer.get(self.prints)
        shape = _SHAPES.get(str(members.get("form", self.prints)), _ANYTHING)
        return text if isinstance(text, str) and shape.fullmatch(text) else None


def _nothing(_: argparse.ArgumentParser) -> None:
    return


def _no_members(_: argparse.Namespace) -> Members:
    return {}


def _add_token(parser: argparse.ArgumentParser) -> None:
    kinds = "; ".join(f"{name}: {says}" for name, says in KINDS.items())
    parser.add_argument("--kind", choices=KINDS, default="access", help=f"{kinds} (default: access)")
    issuers = "; ".join(f"{name}: {says}" for name, says in ISSUERS.items())
    parser.add_argument(
        "--issuer", default="now", help=f"{issuers}; or a replica region: its original form (default: now)"
    )
    parser.add_argument("--group", action="append", default=[], help="a group of the user; repeatable")
    parser.add_argument("--scope", action="append", default=[], help="a scope of the token; repeatable")
    parser.add_argument("--username", default="", help="who signed in (default: alice)")
    parser.add_argument(
        "--expires-in", type=int, default=3600, metavar="SECONDS",
        help="until it expires; -60 for one that has expired, as validators forgive 30 (default: 3600)",
    )  # fmt: skip


def _token(args: argparse.Namespace) -> Members:
    members = {"groups": args.group, "scopes": args.scope, "username": args.username}
    usual = {"issuer": args.issuer, "expires_in": args.expires_in}
    given = {name: value for name, value in members.items() if value}
    changed = {name: value for name, value in usual.items() if value != {"issuer": "now", "expires_in": 3600}[name]}
    return {"kind": args.kind, **given, **changed}


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("region", nargs="?", help="the region whose hosts are meant (default: every region)")
    parser.add_argument("--form", choices=FORMS, help="one host of the region alone: updated or original")


def _place(args: argparse.Namespace) -> dict[str, object]:
    return {"region": args.region, "form": args.form}


def _add_down(parser: argparse.ArgumentParser) -> None:
    _add_place(parser)
    ways = "; ".join(f"{name}: {says}" for name, says in OUTAGES.items())
    parser.add_argument("--how", choices=OUTAGES, default="refuse", help=f"{ways} (default: refuse)")


def _add_fault(parser: argparse.ArgumentParser) -> None:
    faults = "; ".join(f"{name}: {says}" for name, says in FAULTS.items())
    parser.add_argument("fault", choices=FAULTS, metavar="FAULT", help=faults)
    _add_place(parser)


def _add_switch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "to", nargs="?", choices=FORMS, default="updated", help="updated or original (default: updated)"
    )


def _add_rotate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drop-old", action="store_true", help="publish the old keys no longer")


def _add_withdraw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kid", help="the key, as `state` shows it")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=SETTINGS, default="toml", dest="settings_form", help="(default: toml)")


ACTIONS: Final = (
    Action("token", "mint a token and print it", "token", _add_token, _token, "token"),
    Action("state", "show hosts, keys and the last requests", "", _nothing, _no_members),
    Action("settings", "print the settings of a service to develop", "settings", _add_settings,
           lambda args: {"form": args.settings_form}, "settings"),
    Action("switch", "switch the pool to the updated issuer, or back", "switch", _add_switch,
           lambda args: {"to": args.to}),
    Action("rotate", "sign with new keys", "rotate", _add_rotate, lambda args: {"keep_old": not args.drop_old}),
    Action("withdraw", "publish a key no longer", "withdraw", _add_withdraw, lambda args: {"kid": args.kid}),
    Action("take-down", "take hosts down altogether", "take-down", _add_down,
           lambda args: {**_place(args), "how": args.how}),
    Action("bring-up", "bring hosts back that are down", "bring-up", _add_place, _place),
    Action("fault", "put a fault in force", "fault", _add_fault, lambda args: {**_place(args), "fault": args.fault}),
    Action("heal", "end all faults, and bring up what is down", "heal", _add_place, _place),
    Action("stop", "stop the simulator", "stop", _nothing, _no_members),
)  # fmt: skip
"""In the order of ``--help``."""
