"""Doctor finds each planted fault, and names it in words that need no prior knowledge. Real hosts, over TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from doctor_world import World
from jwt.algorithms import RSAAlgorithm

from jwtmr.testing import SettableClock, SigningKey
from jwtmr.testing.faults import at, bad_tls, body, diverge, redirect, status


def _wrong_region(world: World) -> None:
    pool = world.issuer.user_pool_id
    wrong = pool.replace("us-east-1", "eu-west-1")
    world.options["user-pool-id"] = [wrong]
    world.options["jwks-uri"] = [uri.replace(pool, wrong) for uri in world.issuer.jwks_uris]
    world.token = ""


def _unswitched(world: World) -> None:
    world.issuer.switch_back()
    world.token = world.issuer.access_token()


def _diverging(world: World) -> None:
    world.faults.enter_context(at(world.issuer, "us-west-2").let(diverge(drop=[world.issuer.access_kid])))


def _expired_certificate(world: World) -> None:
    world.faults.enter_context(at(world.issuer, "us-east-1", "original").let(bad_tls("expired")))


def _skewed(world: World) -> None:
    world.clock = SettableClock(world.clock.wall() - 90)


def _weak_key(world: World) -> None:
    key = rsa.generate_private_key(65537, 1024)
    jwk = {"kid": "weak-one", "use": "sig", "alg": "RS256", **RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)}
    jwk.pop("key_ops", None)
    # The updated form in a replica region has no name in the real world, so nobody asks there.
    for region, form in (("us-east-1", "updated"), ("us-east-1", "original"), ("us-west-2", "original")):
        world.faults.enter_context(at(world.issuer, region, form).let(diverge(add=[jwk])))


def _html(world: World) -> None:
    page = body("<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
    world.faults.enter_context(at(world.issuer, "us-east-1", "original").let(page))


def _redirect(world: World) -> None:
    world.faults.enter_context(at(world.issuer, "us-east-1", "original").let(redirect("https://login.example/\x9b2J")))


def _foreign(world: World) -> None:
    world.token = world.issuer.foreign_token()


def _missing_replica(world: World) -> None:
    world.faults.enter_context(at(world.issuer, "us-west-2", "original").let(status(404)))


def _retired(world: World) -> None:
    world.issuer.switch_back()
    world.token = world.issuer.access_token()
    world.until(days=-2)


def _dead_dns(world: World) -> None:
    world.options["jwks-uri"][1] = "https://cognito-idp.us-esat-1.invalid/jwks.json"


@dataclass(frozen=True)
class Planted:
    """A fault, what doctor calls it, and what its words must hold."""

    spoil: Callable[[World], None]
    code: str
    words: tuple[str, ...]
    exits: int
    besides: frozenset[str] = frozenset()
    """What follows from it, and is found too."""
    not_ready: tuple[str, ...] = ("switch",)


PLANTED = {
    "wrong region": Planted(
        _wrong_region, "wrong_region", ("eu-west-1", "does not know the pool", "wrong region"), 1,
        frozenset({"no_keys"}), ("now", "switch", "refuse-legacy"),
    ),
    "unswitched pool": Planted(
        _unswitched, "not_switched_yet", ("not switched to the updated issuer yet", "403"), 0,
        frozenset({"token_of_legacy_issuer"}), ("refuse-legacy",),
    ),
    "diverging keys": Planted(
        _diverging, "keys_differ", ("do not list the same keys", "lacks"), 0, frozenset(),
        ("switch", "refuse-legacy"),
    ),
    "expired certificate": Planted(_expired_certificate, "certificate_expired", ("expired", "24 hours ago"), 0),
    "skewed clock": Planted(
        _skewed, "clock_skew", ("90 s slow", "leeway", "NTP"), 1, frozenset({"token_refused"}),
        ("now", "switch", "refuse-legacy"),
    ),
    "weak key": Planted(
        _weak_key, "weak_key", ("weak-one", "too weak", "2048 bits"), 0, frozenset(), ("switch", "refuse-legacy")
    ),
    "HTML instead of JSON": Planted(_html, "html_instead_of_json", ("web page (HTML)", "key set (JSON)"), 0),
    "redirect": Planted(_redirect, "redirect", ("sends callers to another address", "302", "login.example"), 0),
    "foreign pool's token": Planted(
        _foreign, "token_of_foreign_pool", ("another user pool", "unverified"), 1, frozenset(),
        ("now", "switch", "refuse-legacy"),
    ),
    "missing replica": Planted(_missing_replica, "missing_replica", ("us-west-2 does not know", "replica_regions"), 0),
    "retired window": Planted(
        _retired, "refuses_everything", ("every token will be refused", "accept_legacy_until"), 1,
        frozenset({"window_closed", "not_switched_yet", "token_of_retired_issuer"}),
        ("now", "switch", "refuse-legacy"),
    ),
    "dead DNS": Planted(_dead_dns, "dns_fails", ("DNS does not know the host", "us-esat-1.invalid"), 0),
}  # fmt: skip


def test_a_good_world_has_no_finding(world: World) -> None:
    """Where nothing is wrong nothing is found, and every question is answered with yes."""
    ran = world.doctor("--json")
    assert ran.document["findings"] == []
    assert {verdict["question"]: verdict["answer"] for verdict in ran.document["verdicts"]} == {
        "now": "yes", "switch": "yes", "refuse-legacy": "yes",
    }  # fmt: skip
    assert ran.code == 0


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_each_planted_fault_is_named(world: World, planted: Planted) -> None:
    """One thing is spoilt: it is found and explained, nothing else but what follows from it, and the exit says so."""
    planted.spoil(world)
    ran = world.doctor("--json")
    found = {finding["code"]: finding for finding in ran.document["findings"]}
    assert found.keys() - planted.besides == {planted.code}
    said = " ".join(found[planted.code][part] for part in ("what", "why", "do"))
    assert all(word in said for word in planted.words), said
    assert ran.code == planted.exits
    answers = {verdict["question"]: verdict["answer"] for verdict in ran.document["verdicts"]}
    assert tuple(question for question in answers if answers[question] == "no") == planted.not_ready
    page = world.doctor()
    assert f"] {planted.code}:" in page.out
    assert page.out.replace("\n", "").isprintable()
    assert page.err == ""


def test_a_key_of_one_name_and_two_kinds_is_a_conflict(world: World) -> None:
    """Another key under the same kid is worse than a missing one, and has a name of its own."""
    other = SigningKey.generate(kid=world.issuer.access_kid)
    spoilt = diverge(add=[other], drop=[world.issuer.access_kid])
    world.faults.enter_context(at(world.issuer, "us-west-2").let(spoilt))
    (finding,) = world.doctor("--json").document["findings"]
    assert finding["code"] == "keys_conflict"
    assert world.issuer.access_kid in finding["what"]
