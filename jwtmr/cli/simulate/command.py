"""``jwtmr simulate`` as a command: its words, and who does what they say."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import Final

from jwtmr.cli.command import CannotTell, Command, Example, Exit, UsageError, World
from jwtmr.cli.simulate.actions import ACTIONS, Action
from jwtmr.cli.simulate.client import Client
from jwtmr.cli.simulate.shown import State, Told
from jwtmr.cli.simulate.words import MAX_PORT, SETTINGS
from jwtmr.config.given import shown

MAX_SECONDS: Final = 366 * 86_400.0
"""A year is more than anybody means, and less than a lock can wait."""


SERVING: Final = {
    "--region": "regions",
    "--user-pool-id": "user_pool_id",
    "--client-id": "client_id",
    "--updated": "updated",
    "--port": "port",
    "--for": "for_seconds",
    "--print-config": "print_config",
    "--write-config": "write_config",
    "--ready-file": "ready_file",
}
"""Options that an action has no use for, and where they are kept."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_serving(parser.add_argument_group("the pool that is served"))
    actions = parser.add_subparsers(
        title="actions on a simulator that runs", metavar="ACTION", dest="action_name",
        description="Without one, a simulator starts. `jwtmr simulate ACTION --help` says more.",
    )  # fmt: skip
    for action in ACTIONS:
        added = actions.add_parser(
            action.name, help=action.says, description=f"{action.says[0].upper()}{action.says[1:]}.",
            formatter_class=parser.formatter_class, allow_abbrev=False,
        )  # fmt: skip
        action.add(added)
        added.add_argument(
            "--control", required=True, metavar="WHERE",
            help="the simulator: the URL of its page, its port alone, or the file that its --ready-file wrote",
        )  # fmt: skip
        # Not given here, it must not undo what was given before the action.
        added.add_argument(
            "--json", action="store_true", dest="as_json", default=argparse.SUPPRESS, help="print one JSON document"
        )
        added.set_defaults(action=action)
    parser.set_defaults(action=None)


def _add_serving(group: argparse._ArgumentGroup) -> None:  # pyright: ignore[reportPrivateUsage] - it has no other name
    group.add_argument(
        "--region",
        action="append",
        dest="regions",
        metavar="REGION",
        help="a region, the primary one first; repeatable (default: us-east-1, us-west-2)",
    )
    group.add_argument(
        "--user-pool-id", metavar="ID", help="its id, which begins with the first region (default: drawn)"
    )
    group.add_argument("--client-id", metavar="ID", help="the app client that tokens are for (default: drawn)")
    group.add_argument("--updated", action="store_true", help="begin with the pool switched to the updated issuer")
    group.add_argument(
        "--port", type=_port, default=0, help="of the control page; the key hosts take those after it, so "
        "that settings stay right from start to start (default: any free ones)",
    )  # fmt: skip
    group.add_argument("--for", type=_seconds, dest="for_seconds", metavar="SECONDS", help="end after so long")
    group.add_argument(
        "--print-config", choices=SETTINGS, help="print the settings of a service in this form, alone on stdout"
    )
    group.add_argument("--write-config", metavar="FILE", help="write the settings to FILE, by default as TOML")
    group.add_argument(
        "--ready-file", metavar="FILE", help="write where it is to FILE, as JSON, once it answers; removed at the end"
    )


def _port(text: str) -> int:
    with suppress(ValueError):
        if 0 <= (port := int(text)) <= MAX_PORT:
            return port
    raise argparse.ArgumentTypeError(f"must be a whole number between 0 and {MAX_PORT}")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (seconds := float(text)) <= MAX_SECONDS:
            return seconds
    raise argparse.ArgumentTypeError("must be a number of seconds between 0 and a year")


def _run(args: argparse.Namespace, world: World) -> Exit:
    if args.action is None:
        # The servers are for this alone: no other command should pay for loading them.
        from jwtmr.cli.simulate.serve import serve  # noqa: PLC0415

        return serve(args, world)
    given = [option for option, name in SERVING.items() if getattr(args, name)]
    if given:
        raise UsageError(f"{given[0]} is for a simulator that starts: leave it out with {args.action.name}")
    _act(args.action, args, world)
    return Exit.YES


def _act(action: Action, args: argparse.Namespace, world: World) -> None:
    client = Client(args.control)
    if not action.order:
        _show_state(client, world)
        return
    members = action.members(args)
    answer = client.stop() if action.order == "stop" else client.order(action.order, members)
    if action.prints and not world.out.as_json:
        text = action.text(members, answer)
        if text is None:
            raise CannotTell(f"what answers at {client.url} is no simulator of this version")
        world.out.print("\n".join(map(shown, text.splitlines())))
    else:
        world.out.show(Told(answer))


def _show_state(client: Client, world: World) -> None:
    try:
        world.out.show(State(client.state()))
    except (KeyError, TypeError, AttributeError):
        raise CannotTell(f"what answers at {client.url} is no simulator of this version") from None


COMMAND: Final = Command(
    name="simulate",
    summary="serve a made-up user pool to develop against",
    description=(
        "Starts a Cognito user pool of several regions on this machine: the hosts of its keys, tokens, the switch to "
        "the updated issuer, and what can go wrong. A page shows it all and has a button for everything; `jwtmr "
        "simulate ACTION` does the same from the command line. It listens on 127.0.0.1 alone, and its tokens are worth "
        "nothing anywhere else.\n\n"
        "Each ACTION takes --control, which says where: the port of the page, its URL, or the file that --ready-file "
        "wrote; simulator.json below is one.\n\n"
        "Ends with 0 when it is ended, by Ctrl-C too. With --json it prints one line when it is ready."
    ),
    examples=(
        Example("jwtmr simulate --for 0.1", "serve a pool, here for a moment"),
        Example("jwtmr simulate --for 0.1 --write-config new.toml", "with the settings of a service in a file"),
        Example("jwtmr simulate token --group admins --control simulator.json", "a token from one that runs"),
        Example("jwtmr simulate take-down us-east-1 --how accept_silent --control simulator.json", "a silent region"),
        Example("jwtmr simulate heal --control simulator.json", "and all is well again"),
        Example("jwtmr simulate state --control simulator.json", "hosts, keys, and who asked for them"),
        Example("jwtmr simulate state --control http://127.0.0.1:1", "nobody is there", Exit.UNKNOWN),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
