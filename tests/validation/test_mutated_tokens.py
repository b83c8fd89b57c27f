"""The whole validator on mutations of valid tokens, judged by an oracle that was written from the design."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from token_mutations import cases
from validation_kit import HTTP_GET, clock_of
from validation_oracle import STEPS, Case, World, step_that_refuses

from jwtmr import CODES, AuthError, Principal, TokenValidator
from jwtmr.testing import RegionalIssuer, SigningKey, validator_for

LEEWAY = 30
CUT_OVER = timedelta(seconds=100)
"""Before now; the tokens were minted before that."""


@pytest.fixture(scope="module")
def worlds(shared_issuer: RegionalIssuer) -> Iterator[list[tuple[TokenValidator, World]]]:
    """A validator whose legacy window is open and one whose window ends now, each with what the oracle knows of it."""
    clock = clock_of(shared_issuer)
    keys = {key.kid: key.private_key.public_key() for key in (shared_issuer.access_key, shared_issuer.id_key)}
    with ExitStack() as closing:
        made = []
        for left in (timedelta(hours=1), timedelta(0)):
            validator = validator_for(
                shared_issuer,
                accept_legacy_until=clock.now() + left,
                legacy_issued_before=clock.now() - CUT_OVER,
                leeway=LEEWAY,
                http_get=HTTP_GET,
            )
            closing.callback(validator.close)
            validator.warm_up("all")
            world = World(
                now=clock.wall(),
                leeway=LEEWAY,
                clients=frozenset({shared_issuer.client_id}),
                current=shared_issuer.updated_issuer,
                legacy=shared_issuer.original_issuer,
                accept_until=clock.wall() + left.total_seconds(),
                issued_before=clock.wall() - CUT_OVER.total_seconds(),
                keys=keys,
            )
            made.append((validator, world))
        yield made


def code_for(validator: TokenValidator, case: Case, loop: asyncio.Runner | None) -> str | None:
    """The code of the refusal, or None for a principal; anything else that is raised or returned is a failure."""
    wanted = {"scopes": case.scopes, "any_group": case.any_group, "token_use": case.token_use}
    try:
        if loop is None:
            principal = validator.validate(case.token, **wanted)
        else:
            principal = loop.run(validator.validate_async(case.token, **wanted))
    except AuthError as error:
        return error.code if CODES[error.code] is type(error) and str(error) == error.message else "unknown refusal"
    assert isinstance(principal, Principal)
    return None


@pytest.mark.row("undocumented-exceptions", fault=None)
@pytest.mark.slow
def test_mutated_tokens(shared_issuer: RegionalIssuer, worlds: list[tuple[TokenValidator, World]]) -> None:
    """A principal exactly where the oracle accepts, else the refusal of the step that it names; every step refuses."""
    refused_by: Counter[int | None] = Counter()
    now = int(clock_of(shared_issuer).wall())
    with asyncio.Runner() as loop:

        @settings(max_examples=800, suppress_health_check=[HealthCheck.too_slow])
        @given(cases(shared_issuer, now, LEEWAY, SigningKey.generate()), st.integers(0, 1), st.integers(0, 3))
        def judge(case: Case, which: int, way: int) -> None:
            validator, world = worlds[which]
            step = step_that_refuses(world, case)
            code = code_for(validator, case, loop if way == 0 else None)
            refused_by[step] += 1
            event(f"step {step}: {code}")
            if step is None:
                assert code is None
            else:
                assert step in STEPS.get(code or "", ()), f"refused by step {step} of the design, but {code}"

        judge()
    assert set(refused_by) == {None, 1, 2, 3, 4, 5, 6, 7}, refused_by


def test_the_oracle_knows_good_from_bad(
    shared_issuer: RegionalIssuer, worlds: list[tuple[TokenValidator, World]]
) -> None:
    """The oracle itself accepts good tokens, and names the step of one bad token for each."""
    open_window, closed = (world for _, world in worlds)
    mint, before = shared_issuer.access_token, {"issued_at": open_window.now - 200}
    legacy = mint(issuer=shared_issuer.original_issuer, **before)
    assert step_that_refuses(open_window, Case(mint())) is None
    assert step_that_refuses(open_window, Case(shared_issuer.id_token())) is None
    assert step_that_refuses(open_window, Case(legacy)) is None
    assert step_that_refuses(closed, Case(legacy)) == 3
    bad = [
        Case(mint() + "="),
        Case(mint(header={"typ": "dpop+jwt"})),
        Case(mint(issuer="https://a.example")),
        Case(mint(claims={"exp": open_window.now - LEEWAY})),
        Case(mint(header={"kid": "nobody"})),
        Case(shared_issuer.forged_token()),
        Case(mint(), scopes=["x"]),
    ]
    assert [step_that_refuses(open_window, case) for case in bad] == [1, 2, 3, 4, 5, 6, 7]
