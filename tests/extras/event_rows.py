"""Every kind of event, and the numbers that it adds."""

from __future__ import annotations

from jwtmr import Event
from jwtmr.events import (
    EndpointChanged,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.extras._measures import Labels

ACCEPTED, SPENT = ("jwtmr.validations", ("pool", "current", "r", "accepted", "")), "jwtmr.validation.duration"
LEGACY = ("pool", "r", "web")
ROWS: list[tuple[Event, dict[tuple[str, Labels], float]]] = [
    (TokenAccepted("pool", "current", "r", "id", False, 9.0), {ACCEPTED: 1, (SPENT, ("accepted",)): 0}),
    (
        TokenAccepted("pool", "legacy", "r", "id", False, 9.0, True, "web", 5.0, 0.25),
        {
            ("jwtmr.validations", ("pool", "legacy", "r", "accepted", "")): 1,
            (SPENT, ("accepted",)): 0.25,
            ("jwtmr.token.latest_issue_timestamp", ("pool", "legacy")): 5,
            ("jwtmr.legacy_tokens", LEGACY): 1,
            ("jwtmr.legacy_token.latest_expiry_timestamp", LEGACY): 9,
            ("jwtmr.removal_dry_run_refusals", LEGACY): 1,
        },
    ),
    (
        TokenAccepted("pool", "legacy", None, "access", True, 9.0),
        {
            ("jwtmr.validations", ("pool", "legacy", "", "accepted", "")): 1,
            (SPENT, ("accepted",)): 0,
            ("jwtmr.legacy_tokens", ("pool", "", "")): 1,
            ("jwtmr.legacy_token.latest_expiry_timestamp", ("pool", "", "")): 9,
            ("jwtmr.stale_key_tokens", ("pool",)): 1,
        },
    ),
    (
        TokenRefused("expired", seconds=0.5),
        {("jwtmr.validations", ("", "", "", "refused", "expired")): 1, (SPENT, ("refused",)): 0.5},
    ),
    (
        TokenRefused("insufficient_scope", "pool", "legacy", "r"),
        {("jwtmr.validations", ("pool", "legacy", "r", "refused", "insufficient_scope")): 1},
    ),
    (
        FetchFinished("pool", "https://a", None, "timeout", 2.5, "probe"),
        {
            ("jwtmr.fetches", ("pool", "https://a", "", "timeout", "probe")): 1,
            ("jwtmr.fetch.duration", ("pool", "https://a", "")): 2.5,
        },
    ),
    (KeysChanged("pool", "https://a", "r", 2, 0, ()), {("jwtmr.key_set_changes", ("pool", "https://a", "r")): 1}),
    (KeysDiverged("pool", "conflict", ("k",)), {("jwtmr.key_divergences", ("pool", "conflict")): 1}),
    (KeysServedStale("pool", 60.0), {("jwtmr.stale_periods", ("pool",)): 1}),
    (RefreshSuppressed("pool", "bucket"), {("jwtmr.refreshes_suppressed", ("pool", "bucket")): 1}),
    (EndpointChanged("pool", "https://a", "r", "ok", "down"), {}),
    (LegacyWindowEnding("pool", "https://a", 60.0), {}),
]
