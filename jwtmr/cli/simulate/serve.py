"""Runs a simulator until somebody ends it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, cast

from jwtmr.cli.command import Exit, UsageError, World
from jwtmr.cli.output import Page
from jwtmr.cli.simulate.control import Control
from jwtmr.cli.simulate.own_files import take_away, write_own
from jwtmr.cli.simulate.settings_text import HEAD, settings_text
from jwtmr.cli.simulate.shown import Started
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.state import identity
from jwtmr.cli.simulate.words import FORMS, MAX_PORT
from jwtmr.errors import ConfigurationError

_OPTIONS: Final = {"regions": "--region", "user_pool_id": "--user-pool-id", "client_id": "--client-id"}
"""What a simulator calls something, and how it is given here."""

_HANGUP: Final = (signal.SIGHUP,) if sys.platform != "win32" else ()


def serve(args: argparse.Namespace, world: World) -> Exit:
    """Serve, say where, and wait for a signal, the order to stop, or the end of ``--for``."""
    with ExitStack() as running:
        simulator = _simulator(args, world)
        try:
            running.enter_context(simulator)
            control = running.enter_context(Control(simulator, args.port))
        except (OSError, OverflowError) as error:
            raise UsageError(_no_room(args.port, len(FORMS) * len(simulator.issuer.regions), error)) from None
        running.enter_context(_signals(simulator))
        _announce(
            args,
            world,
            Started(control.url, _about(simulator), _settings(args, simulator), _until(args), _written(args)),
            running,
        )
        simulator.wait(args.for_seconds)
    return Exit.YES


def _simulator(args: argparse.Namespace, world: World) -> Simulator:
    try:
        return Simulator(
            args.regions or ("us-east-1", "us-west-2"),
            user_pool_id=args.user_pool_id,
            client_id=args.client_id,
            clock=world.clock,
            first_port=args.port and args.port + 1,
            updated=args.updated,
        )
    except ConfigurationError as error:
        problem = str(error).removeprefix(f"{error.parameter}: ")
        raise UsageError(f"{_OPTIONS.get(error.parameter, error.parameter)}: {problem}") from None


def _no_room(port: int, hosts: int, error: Exception) -> str:
    """Why the ports cannot be had, and what to do."""
    if isinstance(error, OverflowError):
        return f"--port: must be at most {MAX_PORT - hosts}: the {hosts} key hosts take the ports after it"
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"--port: {port} is for the control page, and the {hosts} after it are for the key hosts; one of them is "
        f"not to be had: {reason}. If a simulator runs there, `jwtmr simulate state --control {port}` shows it"
    )


def _about(simulator: Simulator) -> dict[str, Any]:
    return {**identity(simulator.issuer), "jwks_uris": simulator.issuer.jwks_uris}


def _settings(args: argparse.Namespace, simulator: Simulator) -> str:
    return settings_text(simulator.issuer, args.print_config or "toml")


def _written(args: argparse.Namespace) -> str | None:
    return cast("str | None", args.write_config)


def _until(args: argparse.Namespace) -> str:
    return "until Ctrl-C" if args.for_seconds is None else f"for {args.for_seconds:g} seconds"


def _announce(args: argparse.Namespace, world: World, started: Started, running: ExitStack) -> None:
    """Say that it is ready, in files first: whoever sees a line on stdout finds them."""
    document = json.dumps({"schema": started.schema, **started.document()})
    if args.write_config is not None:
        write_own("--write-config", args.write_config, started.settings, HEAD)
    if args.ready_file is not None:
        write_own("--ready-file", args.ready_file, document, started.schema)
        running.callback(take_away, args.ready_file, document)
    if world.out.as_json:
        world.out.print(document)  # on one line: whoever waits for it reads one
    elif args.print_config is not None:
        world.out.print(started.settings.rstrip("\n"))
        page = Page(world.out.width, colours=False)
        started.write_head(page)
        world.out.talk(*page.lines)
    else:
        world.out.show(started)


@contextmanager
def _signals(simulator: Simulator) -> Generator[None, None, None]:
    """Let SIGINT, SIGTERM and the end of the terminal end it well. Only the main thread is told of signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, __: object) -> None:
        simulator.stop()

    # A terminal that is closed must not leave a ready file behind; under nohup it does not end us either.
    hangup = [number for number in _HANGUP if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, *hangup)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
