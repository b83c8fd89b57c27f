"""``jwtmr jwks compare``: whether sources list the same keys under the same names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from jwtmr.cli.command import Exit
from jwtmr.cli.jwks.sets import NO_ALG, Found
from jwtmr.cli.jwks.show import PRIVATE
from jwtmr.cli.output import Page, Tone

Kind: TypeAlias = Literal["missing", "two_keys", "algorithms"]
"""``missing``: not every source lists the kid. ``two_keys``: they mean different keys by it. ``algorithms``: the same
key, for other algorithms."""

UNSAID: Final = "no alg"
"""In place of the algorithm of a key that says none, and that several would suit."""
VERDICTS: Final = {Exit.YES: "equal", Exit.NO: "different", Exit.UNKNOWN: "could not tell"}
_TONES: Final[dict[Exit, Tone]] = {Exit.YES: "good", Exit.NO: "bad", Exit.UNKNOWN: "doubtful"}
_WORDS: Final[dict[Kind, str]] = {
    "missing": "is not everywhere: tokens with this kid are refused where it is missing",
    "two_keys": "names two keys: a token with this kid is valid here and invalid there",
    "algorithms": "names one key, but not for the same algorithms",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A kid that the sources disagree about."""

    kid: str
    kind: Kind
    where: Mapping[str, Mapping[str, str]]
    """By source, by algorithm: the thumbprint. Empty where the source does not list it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Sources that should say the same."""

    sets: Sequence[Found]

    @property
    def differences(self) -> list[Difference]:
        """By kid, among those that answered. One that answers without a usable set lists no kid."""
        heard = [one for one in self.sets if one.outcome != "silent"]
        kids = sorted({kid for one in heard for kid in listed_by(one)})
        listed = [_difference(kid, heard) for kid in kids]
        return [one for one in listed if one is not None]

    @property
    def exit(self) -> Exit:
        """No for a difference, or an answer that is no usable set; else unknown where any source is silent."""
        if self.differences or any(one.outcome == "unusable" for one in self.sets):
            return Exit.NO
        return Exit.UNKNOWN if any(one.outcome == "silent" for one in self.sets) else Exit.YES

    @property
    def why(self) -> str:
        """The exit code in words."""
        if self.exit is Exit.YES:
            return f"all {len(self.sets)} list the same keys under the same kids"
        silent = sum(one.outcome == "silent" for one in self.sets)
        if self.exit is Exit.UNKNOWN:
            return f"no difference was seen, but {silent} of {len(self.sets)} said nothing; ask again later"
        unsaid = any(UNSAID in keys for one in self.differences for keys in one.where.values())  # is in no hash
        if not silent and not unsaid and len({one.hash for one in self.sets}) == 1:
            return "the keys are the same, but their kids or algorithms are not"
        return "not all of them list the same keys"

    @property
    def authority(self) -> str | None:
        """Whose keys they are, where settings say it."""
        return self.sets[0].authority

    def document(self) -> Mapping[str, object]:
        """The verdict, the sources, and each difference."""
        return {
            "authority": self.authority,
            "verdict": VERDICTS[self.exit],
            "sources": [
                {
                    "source": one.source,
                    "region": one.region,
                    "outcome": one.outcome,
                    "problem": one.problem or None,
                    "key_set_hash": one.hash,
                    "private_keys": one.secrets,
                }
                for one in self.sets
            ],
            "differences": [{"kid": one.kid, "kind": one.kind, "where": one.where} for one in self.differences],
        }

    def write(self, page: Page) -> None:
        """The verdict, each source with its hash, and each kid that they disagree about."""
        of = f"{self.authority}: " if self.authority else ""
        page.line(f"{of}{VERDICTS[self.exit]}: {self.why}", _TONES[self.exit])
        for one in self.sets:
            page.line()
            page.line(one.source, "strong", indent=2)
            page.item("key set hash", one.hash or f"none: {one.outcome}: {one.problem}", indent=2)
            if one.secrets:
                page.line(PRIVATE, "bad", indent=4)
        for difference in self.differences:
            page.line()
            _write_difference(difference, page)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group of sources, or one for each authority of the settings."""

    schema: ClassVar[str] = "jwtmr.jwks.compare/1"
    groups: Sequence[Compared]

    @property
    def exit(self) -> Exit:
        """The worst of all groups: no, then unknown."""
        exits = {group.exit for group in self.groups}
        return next((code for code in (Exit.NO, Exit.UNKNOWN) if code in exits), Exit.YES)

    def document(self) -> Mapping[str, object]:
        """The verdict over all, and each group."""
        return {"verdict": VERDICTS[self.exit], "groups": [group.document() for group in self.groups]}

    def write(self, page: Page) -> None:
        """One group after the other."""
        for number, group in enumerate(self.groups):
            if number:
                page.line()
            group.write(page)


def _write_difference(difference: Difference, page: Page) -> None:
    page.line(f"kid {difference.kid} {_WORDS[difference.kind]}", "bad", indent=2)
    for source, keys in difference.where.items():
        page.line(source, indent=4)
        for alg, thumbprint in keys.items():
            page.item(alg, thumbprint, indent=6)
        if not keys:
            page.line("does not list it", indent=6)


def listed_by(one: Found) -> Mapping[str, Mapping[str, str]]:
    """By kid, by algorithm: the thumbprint. A key that says no algorithm counts: settings that name one use it."""
    if one.keys is None:
        return {}
    listed = {kid: {alg: key.thumbprint for alg, key in sorted(keys.items())} for kid, keys in one.keys.keys.items()}
    for member in one.members:
        if member.refused == NO_ALG and member.kid and member.thumbprint:
            listed.setdefault(member.kid, {})[UNSAID] = member.thumbprint
    return listed


def _difference(kid: str, heard: Sequence[Found]) -> Difference | None:
    where = {one.source: listed_by(one).get(kid, {}) for one in heard}
    said = list(where.values())
    if all(one == said[0] for one in said):
        return None
    meant = {frozenset(one.values()) for one in said if one}
    kind: Kind = "two_keys" if len(meant) > 1 else "algorithms" if all(said) else "missing"
    return Difference(kid, kind, where)
