"""What all peers share: the case, the yardstick, and what each lets through."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bare import verification
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from measure import Timed
from subject import Absent, Subject, each

LEEWAY: Final = 30
"""Seconds, for all who can be told."""

Accepts = Callable[[str], bool]
"""Whether a token is let in. Whatever is raised about it is a refusal."""


class Case:
    """One kind of tokens; see ``cases.Case``."""

    def __init__(self, path: str, kind: str) -> None:
        self.__dict__.update(json.loads(Path(path).read_text("utf-8"))[kind])

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what JSON holds
        return self.more[name]

    def bare(self) -> Timed:
        """The bare verification of its token."""
        return each(verification(self.token, "RS256", load_pem_public_key(self.public_key.encode())))

    def judge(self, accepts: Accepts) -> list[str]:
        """Which of the spoilt tokens are let in. Raises :class:`Absent` where that makes timing pointless."""
        if not accepts(self.token):
            raise Absent("it refuses the good token")
        let_in = [name for name, token in self.spoilt.items() if _accepts(accepts, token)]
        wrong = [name for name in self.must_refuse if name in let_in]
        if wrong:
            raise Absent("it accepts a token that is " + ", ".join(wrong))
        return let_in


def raising(verify: Callable[[str], object]) -> Accepts:
    """Of what returns for good tokens, and raises for others."""

    def accepts(token: str) -> bool:
        verify(token)
        return True

    return accepts


def library(case: Case, name: str, distribution: str, verify: Callable[[str], object]) -> tuple[list[Subject], Any]:
    """The subject of a library that verifies tokens, and what is to be said of it."""
    facts = {"version": version(distribution), "accepts": case.judge(raising(verify))}
    return [Subject("libraries", name, "ratio", case.bare(), each(verify, case.token), verifies=True)], facts


def _accepts(accepts: Accepts, token: str) -> bool:
    try:
        return accepts(token)
    except Exception:  # noqa: BLE001 - of any library, and some raise what they did not mean to
        return False
