"""jwtmr_fastapi beside its peers: a Cognito token as fastapi-cognito gets it."""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from peer_fastapi import per_request
from peer_jwtmr import validator_of
from peer_kit import Case
from subject import Subject

from jwtmr_fastapi import BearerAuth


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """As its documentation has it."""
    case = Case(path, "cognito")
    with closing(validator_of(case)) as validator, Runner() as runner:
        yield per_request(case, "jwtmr_fastapi, Cognito", "jwtmr", BearerAuth(validator), runner)
