"""What is counted of tokens, by both systems: whose, how they ended, and what legacy tokens tell of the migration."""

from __future__ import annotations

import pytest
from extras_kit import System, Watching, code_of

from jwtmr import CODES, UNCHECKED
from jwtmr.testing import MISSING, RegionalIssuer, SettableClock

EXPIRY, ISSUE = "jwtmr_legacy_token_latest_expiry_timestamp_seconds", "jwtmr_token_latest_issue_timestamp_seconds"
DRY_RUN = "jwtmr_removal_dry_run_refusals_total"


def test_outcomes(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """Accepted ones by issuer, refused ones by code; whose they claim to be counts only with a good signature."""
    validator = watched()
    for _ in range(3):
        validator.validate(issuer.access_token())
    validator.validate(issuer.access_token(issuer=issuer.original_issuer))
    assert code_of(validator, "rubbish") == "malformed_token"
    assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer, expires_in=-60)) == "expired"
    assert code_of(validator, issuer.access_token(), scopes=["x"]) == "insufficient_scope"
    found = {
        tuple(sample.labels.get(name, "") for name in ("authority", "issuer_kind", "region", "outcome", "code")): (
            sample.value
        )
        for sample in system.values("jwtmr_validations_total")
        if sample.value
    }
    pool, region = issuer.user_pool_id, issuer.primary_region
    assert found == {
        (pool, "current", region, "accepted", ""): 3,
        (pool, "legacy", region, "accepted", ""): 1,
        ("", "", "", "refused", "malformed_token"): 1,
        ("", "", "", "refused", "expired"): 1,
        (pool, "current", region, "refused", "insufficient_scope"): 1,
    }


def test_counters_begin_at_zero(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """Of a counter that begins at 1 nobody can tell that it has risen; and nobody is asked for keys before a scrape."""
    watched()
    assert issuer.count() == 0
    system.samples()  # those of issuers begin when somebody has looked
    counted = system.values("jwtmr_validations_total")
    assert {sample.value for sample in counted} == {0}
    assert {sample.labels["code"] for sample in counted if sample.labels["outcome"] == "refused"} == {*CODES}
    accepted = [sample.labels for sample in counted if sample.labels["outcome"] == "accepted"]
    assert sorted(labels["issuer_kind"] for labels in accepted) == ["current", "legacy"]
    assert {labels["authority"] for labels in accepted} == {issuer.user_pool_id}


def test_times(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """How long it took, of all that were validated; buckets are for parts of a millisecond and for waiting."""
    validator = watched()
    for _ in range(2):
        validator.validate(issuer.access_token())
    assert code_of(validator, "rubbish") == "malformed_token"
    assert code_of(validator, issuer.access_token(), scopes=["x"]) == "insufficient_scope"  # asked of a principal
    name = "jwtmr_validation_duration_seconds"
    assert [system.value(f"{name}_count", outcome=outcome) for outcome in ("accepted", "refused")] == [2, 1]
    assert 0 < system.value(f"{name}_sum", outcome="accepted") < 60
    bounds = [float(sample.labels["le"]) for sample in system.values(f"{name}_bucket", outcome="accepted")]
    assert (bounds[0], bounds[-2]) == (0.0001, 2.5)


def test_the_latest_expiry_of_legacy_tokens(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock
) -> None:
    """The largest one stays, whatever comes after it; what is refused, and current tokens, move nothing."""
    validator, old = watched(), issuer.original_issuer
    validator.validate(issuer.access_token(expires_in=80000))
    assert system.values(EXPIRY) == []
    for seconds in (600, 7200, 60):
        validator.validate(issuer.access_token(issuer=old, expires_in=seconds))
    assert code_of(validator, issuer.access_token(issuer=old, expires_in=9000), scopes=["x"]) == "insufficient_scope"
    forged = issuer.access_token(issuer=old, expires_in=9000)[:-8] + "AAAAAAAA"
    assert code_of(validator, forged) == "invalid_signature"
    assert system.value(EXPIRY, client=issuer.client_id, region=issuer.primary_region) == clock.wall() + 7200


def test_the_latest_issue_of_either_kind(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock
) -> None:
    """By issuer kind; a token without ``iat`` moves nothing."""
    validator, began = watched(), clock.wall()
    validator.validate(issuer.access_token(issuer=issuer.original_issuer))
    clock.advance(60)
    validator.validate(issuer.access_token())
    validator.validate(issuer.access_token(claims={"iat": MISSING}))
    validator.validate(issuer.access_token(issued_at=began))
    assert system.value(ISSUE, issuer_kind="legacy") == began
    assert system.value(ISSUE, issuer_kind="current") == began + 60


def test_legacy_tokens_by_client(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """Who still sends them, among the clients that are configured."""
    validator = watched(client_ids=["web", "mobile"])
    for client, iss in [("web", issuer.original_issuer)] * 2 + [("mobile", issuer.updated_issuer)]:
        validator.validate(issuer.access_token(client_id=client, issuer=iss))
    counted = system.values("jwtmr_legacy_tokens_total")
    assert {sample.labels["client"]: sample.value for sample in counted} == {"web": 2}
    assert system.total(DRY_RUN) == 0


def test_clients_that_anybody_could_invent_are_no_labels(
    issuer: RegionalIssuer, system: System, watched: Watching
) -> None:
    """Where clients are unchecked they are all counted as one."""
    validator = watched(client_ids=UNCHECKED)
    for number in range(5):
        validator.validate(issuer.access_token(client_id=f"client-{number}", issuer=issuer.original_issuer))
    assert system.value("jwtmr_legacy_tokens_total", client="") == 5
    assert "client-" not in system.text()


def test_a_dry_run_counts_what_would_be_refused(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """Tokens of legacy issuers, which are accepted all the same."""
    validator = watched(removal_dry_run=True)
    for iss in [issuer.original_issuer] * 2 + [issuer.updated_issuer]:
        validator.validate(issuer.access_token(issuer=iss))
    assert system.value(DRY_RUN, client=issuer.client_id) == 2
    assert system.total("jwtmr_validations_total", outcome="accepted") == 3


@pytest.mark.parametrize("lifetimes", [(300, 600), (600, 300)])
def test_two_validators_of_one_process(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock, lifetimes: tuple[int, int]
) -> None:
    """One observer listens to both: counts add up, and the state of their keys is told once."""
    for validator, seconds in zip([watched(token_use="access"), watched(token_use="id")], lifetimes, strict=True):
        make = issuer.id_token if seconds == lifetimes[1] else issuer.access_token
        validator.validate(make(issuer=issuer.original_issuer, expires_in=seconds))
    assert system.value(EXPIRY) == clock.wall() + 600
    assert system.value("jwtmr_legacy_tokens_total") == 2
    assert len(system.values("jwtmr_keys_serve_until_timestamp_seconds")) == 1
