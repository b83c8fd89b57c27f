"""A whole migration: three workers, two regions, a late client; scraped by a real Prometheus throughout.

The drain reports of the workers say "not yet", then when it will be safe, and that moment is right. Prometheus, asked
as ``docs/operations.md`` asks it, says the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from migration_app import LEEWAY
from migration_people import CLIENTS, LATE
from migration_play import Record, play
from migration_prometheus import by
from migration_questions import panels, queries_of, questions
from migration_town import EAST, WEST, WORKERS, Size, Town, started

from jwtmr.drain import DrainReport, IssuerDrain

pytestmark = [pytest.mark.slow, pytest.mark.system("prometheus")]
STEPS: Final = {
    "before": "not_yet",
    "switching": "not_yet",
    "switched": "waiting",
    "outage": "waiting",
    "all is well": "waiting",
    "expired": "waiting",
    "safe": "safe",
    "closed": "closed",
}


@pytest.fixture(scope="module")
def town(needs: Callable[[str], str]) -> Iterator[Town]:
    """Everything that runs."""
    with started(needs("prometheus"), Size()) as made:
        yield made


@pytest.fixture(scope="module")
def record(town: Town) -> Record:
    """What was known at each step."""
    return play(town, questions())


def legacy_of(report: DrainReport | None) -> IssuerDrain:
    """What was counted of the only legacy issuer."""
    assert report is not None
    (legacy,) = [issuer for issuer in report.issuers if issuer.kind == "legacy"]
    return legacy


def test_the_drain_says_when_it_is_safe(record: Record) -> None:
    """Not before the switch is everywhere; then from when on; safe when nobody has come for a day after the last."""
    assert {step: verdict.state for step, verdict in record.verdicts.items()} == STEPS
    for step in ("switched", "outage", "all is well"):  # not before the last token has been silent for a day
        assert record.verdicts[step].safe_after is not None
    promised = record.verdicts["safe"].safe_after
    assert promised is not None
    assert 0 <= record.safe_after - promised.timestamp() < 30
    assert promised == record.verdicts["expired"].safe_after
    assert f"these {WORKERS} processes" in str(record.verdicts["safe"])


def test_that_moment_is_right(town: Town, record: Record) -> None:
    """The last token is good until then and not after it; a dry run would have refused nobody any more."""
    assert record.last_tries == {"before": "", "after": "expired"}
    accepted = town.crowd.count("legacy", "")
    for report in (record.drain, town.drain()):
        legacy = legacy_of(report)
        assert legacy.total is not None
        assert legacy.total.accepted == legacy.would_have_refused == accepted
        assert legacy.total.last_seen < record.last_expiry + LEEWAY
        assert sorted(legacy.clients) == sorted(CLIENTS)
    assert town.prometheus.value("sum(jwtmr_removal_dry_run_refusals_total)") == accepted


def test_prometheus_says_the_same(town: Town, record: Record) -> None:
    """Who still sends legacy tokens, whether they are still issued, when the last one expires, and when it is safe."""
    pool, expires = town.issuer.user_pool_id, record.last_expiry + LEEWAY
    for step, state in STEPS.items():
        said = record.answers[step]
        assert set(by("authority", said["legacy tokens are still issued"])) == ({pool} if state == "not_yet" else set())
        assert set(by("authority", said["safe now"])) == ({pool} if state in ("safe", "closed") else set())
        if step != "before":
            assert by("authority", said["the last legacy token that was seen expires"]) == {pool: expires}
    who = {step: by("client", said["who still sends legacy tokens"]) for step, said in record.answers.items()}
    assert set(who["switched"]) == set(CLIENTS)
    assert who["expired"][LATE] > 0
    assert {number for step in ("safe", "closed") for number in who[step].values()} <= {0}
    counted = {client: seen.accepted for client, seen in legacy_of(record.drain).clients.items()}
    assert by("client", town.prometheus.ask("sum by (client) (jwtmr_legacy_tokens_total)")) == counted


def test_every_answer_was_counted(town: Town, record: Record) -> None:
    """By code. Good tokens are refused for what is down and for nothing else, and only while it is down."""
    assert record.verdicts
    crowd, prometheus = town.crowd, town.prometheus
    codes = {code for _, code in crowd.answers if code}
    refused = by("code", prometheus.ask('sum by (code) (jwtmr_validations_total{outcome="refused"}) > 0'))
    assert refused == {code: crowd.count(None, code) for code in codes}
    assert prometheus.value('sum(jwtmr_validations_total{outcome="accepted"})') == crowd.count(None, "")
    assert {code for kind, code in crowd.answers if kind == "hostile"} == {
        *("unknown_key", "invalid_signature", "malformed_token", "legacy_issuer_retired")
    }
    assert {code for kind, code in crowd.answers if kind == "current"} == {"", "keys_unavailable"}
    assert {code for kind, code in crowd.answers if kind == "legacy"} == {"", "expired"}


def test_an_outage_shows_by_region(town: Town, record: Record) -> None:
    """Keys of the region that is down are past their lifetime, those of the other one are not; then all are fresh."""
    said, lifetime = record.answers["outage"], town.size.lifetime
    age = by("region", said["the age of keys by region"])
    assert age[EAST] > lifetime > age[WEST]
    assert {series.labels["region"] for series in said["endpoints that fail"]} == {EAST}
    assert {series.last for series in said["endpoints that fail"]} == {WORKERS}
    (left,) = said["seconds for which tokens can be checked if every endpoint stays silent"]
    assert left.last > 1800
    after = record.answers["all is well"]
    assert after["endpoints that fail"] == []
    assert max(by("region", after["the age of keys by region"]).values()) < lifetime


def test_alerts_and_panels_are_answered(town: Town, record: Record) -> None:
    """No rule fails on real series, the one of the migration has fired, and every panel has shown something."""
    assert record.verdicts
    rules = town.prometheus.rules()
    assert {rule["health"] for rule in rules} == {"ok"}, rules
    assert town.prometheus.value('count(max_over_time(ALERTS{alertname="JwtmrLegacyTokensArrive"}[1h]))') >= 1
    start = min(began for began, _ in town.marks.values())
    for title, panel in panels().items():
        shown = [
            point
            for query in queries_of(panel, "5s").values()
            for series in town.prometheus.over(town.in_time(query), start, time.time(), 1)
            for point in series.points
        ]
        assert shown, title
