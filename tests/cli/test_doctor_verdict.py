"""The verdict, as a table: what an operator is told before, during and after the switch. Pure, no host is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias

import pytest

from jwtmr import CognitoUserPool, LegacyIssuer, OidcProvider
from jwtmr.cli.doctor.examine import Wanted, judge
from jwtmr.cli.doctor.findings import Question
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.sample import Sample
from jwtmr.cli.doctor.targets import targets_of
from jwtmr.http import HttpAnswer
from jwtmr.issuers import Authority
from jwtmr.testing import SigningKey

NOW: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
POOL: Final = "us-east-1_Ab12Cd34"
YES, NO, UNKNOWN = "yes", "no", "unknown"
MIRROR: Final = "https://mirror.example/keys"
DARK: Final = None
"""Instead of a status: the host does not answer."""


@cache
def _jwks() -> bytes:
    return json.dumps({"keys": [SigningKey.generate(kid="one").jwk]}).encode()


def _probe(url: str, status: int | None) -> Probe:
    if status is None:
        return Probe(url, "connection", "refused")
    answer = HttpAnswer(status, {}, _jwks() if status == 200 else b"")
    return Probe(url, "answer", answer=answer, sent_at=NOW.timestamp(), received_at=NOW.timestamp())


def _pool(**settings: Any) -> CognitoUserPool:  # noqa: ANN401
    usual: dict[str, Any] = {
        "issuer_type": "updated", "client_ids": ["client"], "token_use": "access", "replica_regions": ["us-west-2"],
    }  # fmt: skip
    return CognitoUserPool(POOL, **{**usual, **settings})


def _in(**away: float) -> datetime:
    return NOW + timedelta(**away)


def _answers(authorities: list[Authority], statuses: Mapping[str, int | None], sample: Sample | None) -> dict[str, str]:
    asked = [
        (_probe(target.url, statuses.get(target.form, 200)),)
        for authority in authorities
        for target in targets_of(authority)
    ]
    diagnosis = judge(Wanted(authorities=authorities, leeway=30, limit=1), asked, NOW.timestamp(), sample)
    return {verdict.question: verdict.answer for verdict in diagnosis.verdicts}


BEFORE: Final = {"updated": 403}
NEW_TOKEN: Final = Sample(kind="current", issuer="https://login.example")
EXPIRED: Final = Sample("expired")
OLD_TOKEN: Final = Sample(kind="legacy", issuer="https://old.example")

Stage: TypeAlias = tuple[str, Callable[[], Authority], Mapping[str, int | None], Sample | None, tuple[str, str, str]]

STAGES: Final[list[Stage]] = [
    ("original, before", lambda: _pool(issuer_type="original"), {"updated": 403}, None, (YES, NO, NO)),
    ("original, switched behind its back", lambda: _pool(issuer_type="original"), {}, None, (UNKNOWN, NO, NO)),
    ("original, and a token", lambda: _pool(issuer_type="original"), {}, NEW_TOKEN, (YES, NO, NO)),
    ("prepared", lambda: _pool(accept_legacy_until=_in(days=30)), BEFORE, None, (YES, YES, NO)),
    ("prepared, token", lambda: _pool(accept_legacy_until=_in(days=30)), BEFORE, OLD_TOKEN, (YES, YES, NO)),
    ("prepared, short window", lambda: _pool(accept_legacy_until=_in(hours=12)), BEFORE, None, (YES, NO, NO)),
    ("prepared, window forgotten", _pool, BEFORE, None, (NO, NO, NO)),
    ("prepared, window over", lambda: _pool(accept_legacy_until=_in(days=-1)), BEFORE, None, (NO, NO, NO)),
    (
        "prepared, cut-over over",
        lambda: _pool(accept_legacy_until=_in(days=30), legacy_issued_before=_in(hours=-1)), BEFORE, None,
        (NO, NO, NO),
    ),
    (
        "prepared, cut-over ahead",
        lambda: _pool(accept_legacy_until=_in(days=30), legacy_issued_before=_in(hours=1)), BEFORE, None,
        (YES, YES, NO),
    ),
    (
        "prepared, replica missing",
        lambda: _pool(accept_legacy_until=_in(days=30)), {"updated": 403, "replica": 404}, None, (YES, NO, NO),
    ),
    (
        "prepared, updated host dark",
        lambda: _pool(accept_legacy_until=_in(days=30)), {"updated": DARK}, None, (YES, NO, NO),
    ),
    ("switched", lambda: _pool(accept_legacy_until=_in(days=30)), {}, None, (YES, YES, YES)),
    ("switched, new token", lambda: _pool(accept_legacy_until=_in(days=30)), {}, NEW_TOKEN, (YES, YES, YES)),
    ("switched, old token", lambda: _pool(accept_legacy_until=_in(days=30)), {}, OLD_TOKEN, (YES, YES, NO)),
    (
        "switched, replica dark",
        lambda: _pool(accept_legacy_until=_in(days=30)), {"replica": DARK}, None, (YES, NO, YES),
    ),
    ("switched, expired token", lambda: _pool(accept_legacy_until=_in(days=30)), {}, EXPIRED, (YES, YES, YES)),
    ("retired", lambda: _pool(accept_legacy_until=_in(days=-1)), {}, None, (YES, NO, YES)),
    ("parameter gone", _pool, {}, None, (YES, NO, YES)),
    (
        "nobody answers",
        lambda: _pool(accept_legacy_until=_in(days=30)), {"updated": DARK, "original": DARK, "replica": DARK}, None,
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ),
    (
        "nobody answers, and all is retired",
        lambda: _pool(issuer_type="original"), {"updated": DARK, "original": DARK, "replica": DARK}, None,
        (UNKNOWN, NO, NO),
    ),
    (
        "all say 404",
        lambda: _pool(accept_legacy_until=_in(days=30)), {"updated": 404, "original": 404, "replica": 404}, None,
        (NO, NO, NO),
    ),
    ("retired, updated host dark", _pool, {"updated": DARK}, None, (UNKNOWN, NO, NO)),
    ("the same, and a token", _pool, {"updated": DARK}, NEW_TOKEN, (YES, NO, NO)),
    ("known to a replica alone", _pool, {"updated": 403, "original": 404}, None, (NO, NO, NO)),
    (
        "a mirror of the keys", lambda: _pool(accept_legacy_until=_in(days=30), jwks_uris=[MIRROR]), {}, None,
        (YES, YES, UNKNOWN),
    ),
    (
        "a mirror, and a new token", lambda: _pool(accept_legacy_until=_in(days=30), jwks_uris=[MIRROR]), {},
        Sample(kind="current", issuer=f"https://issuer-cognito-idp.us-east-1.amazonaws.com/{POOL}"), (YES, YES, YES),
    ),
    (
        "one of two windows is nearly over",
        lambda: _provider(
            legacy_issuers=[
                LegacyIssuer("https://old.example", _in(hours=3)), LegacyIssuer("https://older.example", _in(days=30)),
            ],
            jwks_uris=["https://login.example/k"],
        ), {}, None, (YES, NO, UNKNOWN),
    ),
    ("an old house alone", lambda: _house(accept_until=_in(days=30)), {}, None, (YES, NO, NO)),
    (
        "another name of a provider, keys given", lambda: _provider(jwks_uris=["https://login.example/k"]), {}, None,
        (YES, YES, UNKNOWN),
    ),
    (
        "the same with a new token", lambda: _provider(jwks_uris=["https://login.example/k"]), {}, NEW_TOKEN,
        (YES, YES, YES),
    ),
    (
        "a provider that does not move", lambda: _provider(legacy_issuers=(), jwks_uris=["https://login.example/k"]),
        {}, None, (YES, NO, NO),
    ),
]  # fmt: skip


def _provider(**settings: Any) -> OidcProvider:  # noqa: ANN401
    usual: dict[str, Any] = {
        "audience": "api", "client_ids": ["client"], "token_type": "at+jwt",
        "legacy_issuers": [LegacyIssuer("https://old.example", _in(days=30))],
    }  # fmt: skip
    return OidcProvider("https://login.example", **{**usual, **settings})


@pytest.mark.parametrize(
    ("authority", "statuses", "sample", "answers"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES]
)
def test_each_stage_gets_its_verdicts(
    authority: Callable[[], Authority],
    statuses: Mapping[str, int | None],
    sample: Sample | None,
    answers: tuple[str, str, str],
) -> None:
    """Works now? Ready to switch? Ready to refuse the old issuer?"""
    assert tuple(_answers([authority()], statuses, sample).values()) == answers


def _house(accept_until: datetime) -> OidcProvider:
    return OidcProvider(
        "https://old.example", audience="api", client_ids=["client"], token_type="at+jwt",
        jwks_uris=["https://old.example/k"], accept_until=accept_until,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dark", "sample", "answers"),
    [
        ("", None, (YES, NO, UNKNOWN)),
        ("", NEW_TOKEN, (YES, NO, YES)),
        ("https://login.example", None, (NO, NO, NO)),
        ("https://login.example", OLD_TOKEN, (NO, NO, NO)),
        ("https://old.example", NEW_TOKEN, (NO, NO, YES)),
        ("https://", None, (UNKNOWN, NO, UNKNOWN)),
    ],
)
def test_one_house_that_is_dark_is_not_hidden_by_another(
    dark: str, sample: Sample | None, answers: tuple[str, ...]
) -> None:
    """A new provider beside an old one: without keys of either its tokens are answered with 503."""
    both = [_provider(legacy_issuers=(), jwks_uris=["https://login.example/k"]), _house(_in(days=30))]
    urls = [target.url for one in both for target in targets_of(one)]
    asked = [(_probe(url, DARK if dark and url.startswith(dark) else 200),) for url in urls]
    verdicts = judge(Wanted(authorities=both, leeway=30, limit=1), asked, NOW.timestamp(), sample).verdicts
    assert tuple(verdict.answer for verdict in verdicts) == answers


def test_an_old_house_that_is_retired_is_in_nobodys_way() -> None:
    """Beside a provider that accepts tokens, one whose window is over is only said to be superfluous."""
    old = _house(_in(days=-9))
    new = _provider(legacy_issuers=(), jwks_uris=["https://login.example/k"])
    assert _answers([new, old], {}, None)["now"] == YES
    assert _answers([old], {}, None)["now"] == NO


@pytest.mark.parametrize("question", ["now", "switch", "refuse-legacy"])
def test_one_question_gets_one_verdict(question: Question) -> None:
    """With a question there is no other verdict, and the exit is its own."""
    pool = _pool(accept_legacy_until=_in(days=30))
    asked = [(_probe(target.url, BEFORE.get(target.form, 200)),) for target in targets_of(pool)]
    wanted = Wanted(authorities=[pool], leeway=30, limit=1, question=question)
    diagnosis = judge(wanted, asked, NOW.timestamp(), None)
    assert [verdict.question for verdict in diagnosis.verdicts] == [question]
    assert diagnosis.exit == (1 if question == "refuse-legacy" else 0)
