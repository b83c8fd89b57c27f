"""``jwtmr jwks show``: which keys there are, and which of them a validator would use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jwtmr.cli.command import Exit
from jwtmr.cli.jwks.sets import NO_ALG, Found, Member
from jwtmr.cli.output import Page

PRIVATE = (
    "PRIVATE KEYS: whoever can read this can sign tokens in the name of this issuer. Take it down, and replace these "
    "keys. A validator never uses a key again whose private half it has seen."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Key sets, one for each source."""

    schema: ClassVar[str] = "jwtmr.jwks.show/1"
    sets: Sequence[Found]

    @property
    def exit(self) -> Exit:
        """No where any answer is no sound set; else unknown where any source is silent."""
        if any(one.outcome == "unusable" or one.secrets for one in self.sets):
            return Exit.NO
        return Exit.UNKNOWN if any(one.outcome == "silent" for one in self.sets) else Exit.YES

    def document(self) -> Mapping[str, object]:
        """A member for each source."""
        return {"sets": [_document(one) for one in self.sets]}

    def write(self, page: Page) -> None:
        """A block for each source, and in it one for each key."""
        for number, one in enumerate(self.sets):
            if number:
                page.line()
            same = (other.source for other in self.sets[:number] if one.hash and _listed(other) == _listed(one))
            _write(one, page, next(same, None))


def _document(one: Found) -> Mapping[str, object]:
    return {
        "source": one.source,
        "authority": one.authority,
        "region": one.region,
        "outcome": one.outcome,
        "problem": one.problem or None,
        "key_set_hash": one.hash,
        "usable_keys": one.count,
        "private_keys": one.secrets,
        "keys": [member.document for member in one.members],
    }


def _listed(one: Found) -> object:
    return one.hash, one.members, one.secrets


def _write(one: Found, page: Page, shown: str | None) -> None:
    """``shown`` is a source whose keys are all the same, and were shown already."""
    page.line(one.source, "strong")
    if one.authority is not None:
        page.line(f"of {one.authority}" + (f", in {one.region}" if one.region else ""), indent=2)
    if one.secrets:
        page.line(PRIVATE, "bad", indent=2)
    if one.outcome == "usable":
        page.line(f"usable: {keys(one.count)} of {len(one.members)}", "good", indent=2)
        page.item("key set hash", one.hash or "", indent=2)
    else:
        page.line(f"{one.outcome}: {one.problem}", "bad" if one.outcome == "unusable" else "doubtful", indent=2)
    if shown is not None:
        page.line(f"the same keys as at {shown}", indent=2)
        return
    for member in one.members:
        page.line()
        _write_member(member, page)


def _write_member(member: Member, page: Page) -> None:
    page.item("kid", member.kid if member.kid is not None else "(none)", "strong", indent=2)
    page.line(member.kind, indent=4)
    page.item("thumbprint", member.thumbprint or "(none: this is no key that could verify anything)", indent=4)
    if member.refused is None:
        page.line("usable", "good", indent=4)
        return
    page.line(f"never used: {member.refused}", "bad" if member.secret else "doubtful", indent=4)
    if member.refused == NO_ALG:
        page.line("If your tokens say RS256, name the key set, and give --alg RS256.", indent=4)


def keys(count: int) -> str:
    """``count`` keys, in words."""
    return "1 key" if count == 1 else f"{count} keys"
