"""``jwtmr jwks``: shows, saves and compares key sets, by the rules that validators go by."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from jwtmr.cli.asking import add_asking_options
from jwtmr.cli.command import CannotTell, Command, Example, Exit, UsageError, World
from jwtmr.cli.jwks.compare import Compared, Comparison
from jwtmr.cli.jwks.places import Place, add_place_options, find, named, places
from jwtmr.cli.jwks.save import Saved, check_target, write_whole
from jwtmr.cli.jwks.show import PRIVATE, Shown
from jwtmr.cli.options import add_settings_options
from jwtmr.cli.parsing import Formatter, Parser, epilog

SOURCE: Final = "address of a key set (https, or http on this machine), a file, or - for stdin"
DO: Final = "act"
"""Where the parsed words keep which action was chosen."""

_Run: TypeAlias = Callable[[argparse.Namespace, World], Exit]


@dataclass(frozen=True, slots=True)
class _Action:
    name: str
    says: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: _Run


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=Parser)
    for action in _ACTIONS:
        examples = [one for one in COMMAND.examples if one.line.startswith(f"jwtmr jwks {action.name} ")]
        added = actions.add_parser(
            action.name,
            help=action.says,
            description=f"{action.says[0].upper()}{action.says[1:]}.",
            epilog=epilog(examples),
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        added.set_defaults(**{DO: action})
        action.add_arguments(added)
        # No default: that of the command stands, which has the option too.
        added.add_argument(
            "--json", action="store_true", dest="as_json", default=argparse.SUPPRESS, help="print one JSON document"
        )


def _add_several(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help=f"{SOURCE}; without any the endpoints of the settings"
    )
    add_place_options(parser)
    add_asking_options(parser)
    add_settings_options(parser)


def _add_save(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=SOURCE)
    parser.add_argument("file", metavar="FILE", help="where to save it, byte for byte")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    add_place_options(parser)
    add_asking_options(parser)


def _show(args: argparse.Namespace, world: World) -> Exit:
    shown = Shown(find(places(args, world), args, world))
    world.out.show(shown)
    return shown.exit


def _save(args: argparse.Namespace, world: World) -> Exit:
    asked = named([args.source], args)
    check_target(args.file, force=args.force)
    (found,) = find(asked, args, world)
    if found.outcome == "silent":
        raise CannotTell(f"{found.source}: {found.problem}; nothing was saved")
    if found.secrets or found.outcome != "usable":
        why = PRIVATE if found.secrets else found.problem
        world.out.talk(f"jwtmr jwks save: {found.source}: {why}", "Nothing was saved.")
        return Exit.NO
    write_whole(args.file, found.body, force=args.force)
    world.out.show(Saved(found, args.file))
    return Exit.YES


def _compare(args: argparse.Namespace, world: World) -> Exit:
    asked = places(args, world)
    groups: dict[str | None, list[Place]] = {}
    for place in asked:
        groups.setdefault(place.authority, []).append(place)
    several = {name: group for name, group in groups.items() if len(group) > 1}
    if not several:
        raise UsageError("there is nothing to compare: two sources are needed, or settings with two endpoints")
    found = find([place for group in several.values() for place in group], args, world)
    comparison = Comparison([Compared([one for one in found if one.authority == name]) for name in several])
    world.out.show(comparison)
    return comparison.exit


_ACTIONS: Final = (
    _Action("show", "show the keys, and which of them a validator would use", _add_several, _show),
    _Action("save", "save a key set in a file", _add_save, _save),
    _Action("compare", "tell whether sources list the same keys under the same kids", _add_several, _compare),
)


def _run(args: argparse.Namespace, world: World) -> Exit:
    action: _Action = getattr(args, DO)
    return action.run(args, world)


COMMAND: Final = Command(
    name="jwks",
    summary="show, save and compare key sets",
    description=(
        "Shows what key sets hold: each key with its kid, type, algorithm, use and RFC 7638 thumbprint, and whether a "
        "validator would use it, or why it never would. Saves one as it was served, or compares several. Addresses "
        "must be https, or http on this machine; redirects are never followed.\n\n"
        "A set that tells private members is shown without them, under a warning, and is never saved. `show` ends with "
        "1 for it, and where an answer is no usable set; `compare` where sources differ; both with 3 where one is "
        "silent and the others do not decide it."
    ),
    examples=(
        Example("jwtmr jwks show --config jwtmr.toml", "which keys do the endpoints of our pool list?"),
        Example("jwtmr jwks show keys.json", "the same of a file"),
        Example("jwtmr jwks save keys.json copy.json --force", "keep a key set, once it is known to be one"),
        Example("jwtmr jwks compare --config jwtmr.toml", "do all regions list the same keys?"),
        Example("jwtmr jwks compare keys.json other-keys.json", "and these two files?", Exit.NO),
        Example("jwtmr jwks show README.md", "something else", Exit.NO),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
