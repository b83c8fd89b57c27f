"""Runs a simulator until somebody ends it."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from jwtmr.cli.command import Exit, UsageError, World
from jwtmr.cli.output import Page
from jwtmr.cli.simulate.control import Control
from jwtmr.cli.simulate.settings_text import HEAD, settings_text
from jwtmr.cli.simulate.shown import Started
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.state import identity


def serve(args: argparse.Namespace, world: World) -> Exit:
    """Serve, say where, and wait for SIGINT, SIGTERM, the order to stop, or the end of ``--for``."""
    with ExitStack() as running:
        simulator = Simulator(
            args.regions or ("us-east-1", "us-west-2"),
            user_pool_id=args.user_pool_id,
            client_id=args.client_id,
            clock=world.clock,
            first_port=args.port and args.port + 1,
            updated=args.updated,
        )
        try:
            running.enter_context(simulator)
            control = running.enter_context(Control(simulator, args.port))
        except (OSError, OverflowError) as error:
            raise UsageError(f"--port: the control page takes it, and the hosts those after it: {error}") from None
        running.enter_context(_signals(simulator))
        _announce(
            args, world, Started(control.url, _about(simulator), _settings(args, simulator), _until(args)), running
        )
        simulator.wait(args.for_seconds)
    return Exit.YES


def _about(simulator: Simulator) -> dict[str, Any]:
    return {**identity(simulator.issuer), "jwks_uris": simulator.issuer.jwks_uris}


def _settings(args: argparse.Namespace, simulator: Simulator) -> str:
    return settings_text(simulator.issuer, args.print_config or "toml")


def _until(args: argparse.Namespace) -> str:
    return "until Ctrl-C" if args.for_seconds is None else f"for {args.for_seconds:g} seconds"


def _announce(args: argparse.Namespace, world: World, started: Started, running: ExitStack) -> None:
    """Say that it is ready, in files first: whoever sees a line on stdout finds them."""
    document = json.dumps({"schema": started.schema, **started.document()})
    if args.write_config is not None:
        _write("--write-config", args.write_config, started.settings, HEAD)
    if args.ready_file is not None:
        _write("--ready-file", args.ready_file, document, started.schema)
        running.callback(_take_away, Path(args.ready_file), document)
    if world.out.as_json:
        world.out.print(document)  # on one line: whoever waits for it reads one
    elif args.print_config is not None:
        world.out.print(started.settings.rstrip("\n"))
        page = Page(world.out.width, colours=False)
        started.write_head(page)
        world.out.talk("\n".join(page.lines))
    else:
        world.out.show(started)


def _write(option: str, name: str, text: str, mark: str) -> None:
    """Write whole or not at all, as a program may wait for the file; and over none that has no ``mark`` of ours."""
    path = Path(name)
    try:
        if path.exists() and mark not in path.read_text("utf-8", "replace"):
            raise UsageError(f"{option}: {name} is there, and was not written by this command: take another name")
        beside = path.with_name(path.name + ".new")
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: {name}: {getattr(error, 'strerror', None) or 'cannot be written'}") from None


def _take_away(path: Path, text: str) -> None:
    """Remove the ready file, unless it is that of another simulator by now."""
    with suppress(OSError):
        if path.read_text("utf-8") == text:
            path.unlink()


@contextmanager
def _signals(simulator: Simulator) -> Generator[None, None, None]:
    """Let SIGINT and SIGTERM end it well. Only the main thread is told of signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, __: object) -> None:
        simulator.stop()

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
