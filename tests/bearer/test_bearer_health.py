"""What a readiness probe is told: when it is ready, in which words, and what a stranger does not see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from jwtmr import ConfigurationError, Names
from jwtmr.bearer import NO_KEYS_NEEDED, Document, HealthView, check_path
from jwtmr.reports import AuthorityState, AuthorityStatus, EndpointStatus, IssuerStatus, ValidatorStatus

POOL = "us-east-1_Ab12Cd34"
HOUSE = "https://login.acme.example/"
LEFT = {"ok": 3599.9, "degraded": 812.7}


def authority(name: str, state: AuthorityState = "ok", *, retired: bool = False) -> AuthorityStatus:
    """One with an endpoint; a ``retired`` one takes no tokens."""
    url, left = f"https://keys.{state}.example/jwks.json", LEFT.get(state)
    endpoint = EndpointStatus(url, "us-east-1", state, 2, 100.6, left, 3, "timeout", ("text",), url)
    issuer = IssuerStatus(
        f"https://{state}.example", "current", "us-east-1", datetime(2027, 1, 1, tzinfo=UTC), not retired
    )
    return AuthorityStatus(name, state, left, (endpoint,), (issuer,), (f"{url}: text",), retired)


def told(document: Document) -> tuple[int, object, list[tuple[object, object]]]:
    """Status, the word for all, and each authority's state and whether it is ready; from the body."""
    said = json.loads(document.body)
    return document.status, said["status"], [(each["state"], each["ready"]) for each in said["authorities"]]


UP, STALE, DOWN, COLD = ("ok", True), ("degraded", True), ("down", False), ("cold", False)
RETIRED = ("retired", False)


@pytest.mark.parametrize(
    ("first", "second", "required", "expected"),
    [
        ("ok", None, (), (200, "ok", [UP])),
        ("degraded", None, (), (200, "degraded", [STALE])),
        ("cold", None, (), (503, "unavailable", [COLD])),
        ("down", None, (), (503, "unavailable", [DOWN])),
        ("ok", "ok", (), (200, "ok", [UP, UP])),
        ("ok", "degraded", (), (200, "degraded", [UP, STALE])),
        ("ok", "down", (), (200, "degraded", [UP, DOWN])),
        ("cold", "ok", (), (200, "degraded", [COLD, UP])),
        ("down", "cold", (), (503, "unavailable", [DOWN, COLD])),
        ("ok", "down", (POOL,), (200, "degraded", [UP, DOWN])),
        ("ok", "down", [HOUSE], (503, "unavailable", [UP, DOWN])),
        ("ok", "cold", {POOL, HOUSE}, (503, "unavailable", [UP, COLD])),
        ("ok", "degraded", (POOL, HOUSE), (200, "degraded", [UP, STALE])),
        ("ok", "retired", (), (200, "ok", [UP, RETIRED])),
        ("degraded", "retired", (), (200, "degraded", [STALE, RETIRED])),
        ("down", "retired", (), (503, "unavailable", [DOWN, RETIRED])),
        ("ok", "retired", [HOUSE], (503, "unavailable", [UP, RETIRED])),
        ("retired", None, (), (503, "unavailable", [RETIRED])),
        ("retired", "retired", (), (503, "unavailable", [RETIRED, RETIRED])),
    ],
)
def test_when_it_is_ready(
    first: AuthorityState | Literal["retired"],
    second: AuthorityState | Literal["retired"] | None,
    required: Names,
    expected: object,
) -> None:
    """One authority with usable keys, and each that is required; past their lifetime they will do, and it is told."""
    known = [
        authority(name, "ok" if state == "retired" else state, retired=state == "retired")
        for name, state in ((POOL, first), (HOUSE, second))
        if state is not None
    ]
    assert told(HealthView(required=required).answer(ValidatorStatus(tuple(known)))) == expected


STATUS = ValidatorStatus((authority(POOL, "degraded"), authority(HOUSE, "ok", retired=True)))


def test_what_a_stranger_sees() -> None:
    """States and whole seconds, never more of them than there are; of the retired one not even those."""
    assert json.loads(HealthView(required=[POOL]).answer(STATUS).body) == {
        "status": "degraded",
        "authorities": [
            {"state": "degraded", "ready": True, "seconds_left": 812},
            {"state": "retired", "ready": False, "seconds_left": None},
        ],
    }


def test_what_an_operator_sees() -> None:
    """Ids, endpoints and problems, where that was asked for."""
    first, second = json.loads(HealthView(show_urls=True).answer(STATUS).body)["authorities"]
    assert first == {
        "id": POOL,
        "state": "degraded",
        "ready": True,
        "seconds_left": 812,
        "endpoints": [
            {
                "url": "https://keys.degraded.example/jwks.json",
                "jwks_uri": "https://keys.degraded.example/jwks.json",
                "region": "us-east-1",
                "state": "degraded",
                "keys": 2,
                "age": 100,
                "seconds_left": 812,
                "failures": 3,
                "last_outcome": "timeout",
            }
        ],
        "problems": ["https://keys.degraded.example/jwks.json: text"],
    }
    assert (second["id"], second["state"], second["endpoints"][0]["state"]) == (HOUSE, "retired", "ok")


def test_an_endpoint_that_never_answered() -> None:
    """What is not known is null."""
    endpoint = EndpointStatus("https://a.example", None, "cold", 0, None, None, 0, None)
    status = ValidatorStatus((replace(authority(POOL, "cold"), endpoints=(endpoint,)),))
    (shown,) = json.loads(HealthView(show_urls=True).answer(status).body)["authorities"][0]["endpoints"]
    assert {name for name, value in shown.items() if value is None} == {
        "jwks_uri", "region", "age", "seconds_left", "last_outcome",
    }  # fmt: skip


@pytest.mark.parametrize("document", [HealthView().answer(STATUS), NO_KEYS_NEEDED], ids=["status", "no keys needed"])
def test_nobody_keeps_an_answer(document: Document) -> None:
    """A cache that did would say for hours how it was."""
    assert dict(document.headers) == {"Cache-Control": "no-store"}


def test_where_no_keys_are_needed() -> None:
    """Ready, and nothing of anybody."""
    assert told(NO_KEYS_NEEDED) == (200, "ok", [])


def test_an_unknown_authority_is_required() -> None:
    """A slip of the pen would never be ready: it is an error that names those there are, when asked and before."""
    view = HealthView(required=[POOL, "us-east-1_Ab12Cd35"])
    asking: list[Callable[[], object]] = [lambda: view.answer(STATUS), lambda: view.check_known([POOL, HOUSE])]
    for ask in asking:
        with pytest.raises(ConfigurationError, match="us-east-1_Ab12Cd35") as caught:
            ask()
        assert caught.value.parameter == "required"
        assert POOL in str(caught.value)
        assert HOUSE in str(caught.value)
    HealthView(required=[HOUSE]).check_known([POOL, HOUSE])


@pytest.mark.parametrize(
    ("parameter", "settings"),
    [
        ("required", {"required": POOL}),
        ("required", {"required": None}),
        ("required", {"required": [7]}),
        ("required", {"required": [""]}),
        ("show_urls", {"show_urls": "false"}),
        ("show_urls", {"show_urls": None}),
    ],
)
def test_settings_that_are_none(parameter: str, settings: dict[str, Any]) -> None:
    """A bare id would be letters, and a word that means no would show everything."""
    with pytest.raises(ConfigurationError) as caught:
        HealthView(**settings)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("path", ["/readyz", "/internal/keys.json", "/a-b/_c/~d"])
def test_paths(path: str) -> None:
    """Such as every router reads in one way."""
    check_path("path", path)


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "readyz", "/readyz/", "//readyz", "/a//b", "/<name>", "/{name}", "/a b", "/a%20b", "/ä", "/a?b",
        "/a#b", "/.", "/..", "/a/../b", "/a/.", "/*", "/a\n", None, b"/readyz", ["/readyz"],
    ],
)  # fmt: skip
def test_paths_that_are_none(path: object) -> None:
    """A pattern, a query, something that has to be quoted, or no path at all."""
    with pytest.raises(ConfigurationError) as caught:
        check_path("health", path)
    assert caught.value.parameter == "health"
