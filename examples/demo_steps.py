"""The steps of the demo, in order. Each does something, states the facts that must follow, returns what it measured.

A step takes no fault for granted: it looks at the servers' own record of requests, or asks a host itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from demo_scene import PRIMARY, REPLICA, Facts, Scene

from jwtmr import Event
from jwtmr.events import EndpointChanged, FetchFinished

NOT_ENABLED_PAUSE: Final = 300
"""Seconds between a service's questions to a host that has not been switched on, and to one that is down, at most."""
LIFETIME: Final = 900
"""Seconds for which keys are fresh: ``RegionalIssuer`` says so in its ``Cache-Control``."""
WAITING: Final = 400
"""Milliseconds that a silent host costs whoever waits for it: only then is the next one asked."""
PATIENCE: Final = 2000
"""Milliseconds that a request waits for keys at most."""
LEEWAY: Final = 30
"""Seconds by which clocks may differ."""


# -- the pool is on ORIGINAL ------------------------------------------------------------------------------------------


def updated_host_not_enabled(scene: Scene, facts: Facts) -> str:
    """Start the service; the host of the updated issuer turns it away, and that is no reason to worry."""
    scene.service.warm_up()
    fetches, answer = scene.issuer.count(), scene.curl(PRIMARY, "updated")
    status, endpoint = scene.status(), scene.endpoint(PRIMARY, "updated")
    facts.equal("the updated host, asked directly", answer, "HTTP 403")
    facts.equal("its state", endpoint.state, "not_enabled")
    facts.equal("the state of the pool", status.state, "ok")
    facts.equal("every token will be refused", status.refuses_everything, False)
    return f"{answer}, {endpoint.state}; {fetches} fetches, pool {status.state}"


def served_by_other_hosts(scene: Scene, facts: Facts) -> str:
    """Validate a token of the original issuer with the keys that another host gave."""
    before = scene.issuer.count()
    verdict = scene.ask(scene.service, scene.old_token)
    fetches = scene.issuer.count() - before
    serving = [str(endpoint.region) for endpoint in scene.status().endpoints if endpoint.state == "ok"]
    scene.old_principal = facts.accepted("a token of the original issuer", verdict)
    facts.equal("its issuer is", scene.old_principal.issuer_kind, "legacy")
    facts.at_least("hosts whose keys serve", len(serving), 1)
    facts.equal("the updated host", scene.endpoint(PRIMARY, "updated").state, "not_enabled")
    facts.equal("further fetches", fetches, 0)
    return f"{verdict}, {scene.old_principal.issuer_kind}, {' and '.join(serving)}"


# -- the switch -------------------------------------------------------------------------------------------------------


def switch(scene: Scene, facts: Facts) -> str:
    """Switch the pool. From here on new tokens carry another ``iss``."""
    scene.issuer.switch_to_updated()
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    principal = facts.accepted("the first token after the switch", verdict)
    facts.equal("its issuer", principal.token_issuer, scene.issuer.updated_issuer)
    facts.equal("its issuer is", principal.issuer_kind, "current")
    return f"{principal.issuer_kind} in {verdict.milliseconds:.1f} ms, iss {principal.token_issuer}"


def both_accepted(scene: Scene, facts: Facts) -> str:
    """Validate tokens from before and after the switch side by side."""
    old, new = scene.ask(scene.service, scene.old_token), scene.ask(scene.service, scene.issuer.id_token())
    before, after = facts.accepted("a token from before", old), facts.accepted("a token from after", new)
    facts.equal("their issuers are", (before.issuer_kind, after.issuer_kind), ("legacy", "current"))
    return f"{before.issuer_kind} in {old.milliseconds:.1f} ms, {after.issuer_kind} in {new.milliseconds:.1f} ms"


def same_user(scene: Scene, facts: Facts) -> str:
    """Compare what an application keys its users on."""
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    new, old = facts.accepted("a token from after the switch", verdict), scene.old_principal
    facts.equal("(issuer, subject)", (new.issuer, new.subject), (old.issuer, old.subject))
    facts.equal("the stable issuer", new.issuer, scene.issuer.original_issuer)
    facts.differ("token_issuer", new.token_issuer, old.token_issuer)
    return f"sub {new.subject[:8]}, issuer {new.issuer}"


def updated_host_comes_alive(scene: Scene, facts: Facts) -> str:
    """Let five minutes pass. The next request has the updated host asked again, in the background."""
    before = scene.endpoint(PRIMARY, "updated")
    scene.watch.forget()
    scene.clock.advance(NOT_ENABLED_PAUSE)
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    noticed = scene.watch.saw(_becomes_ok(before.url), within=scene.patience)
    after = scene.endpoint(PRIMARY, "updated")
    facts.accepted("the request that has it asked", verdict)
    facts.equal("the updated host, asked directly", scene.curl(PRIMARY, "updated"), "HTTP 200")
    facts.equal("the service noticed", noticed, True)
    facts.equal("its state before and after", (before.state, after.state), ("not_enabled", "ok"))
    return f"{before.state}, {NOT_ENABLED_PAUSE} s later {after.state}, {after.keys} keys"


# -- the primary region is silent -------------------------------------------------------------------------------------


def known_keys_never_wait(scene: Scene, facts: Facts) -> str:
    """Silence the primary region: it accepts connections and says nothing. Whoever has the keys does not notice."""
    scene.issuer.take_down(PRIMARY, "accept_silent")
    answer, tokens = scene.curl(PRIMARY, "updated", timeout=0.3), [scene.issuer.access_token() for _ in range(50)]
    before = scene.issuer.count()
    verdicts = [scene.ask(scene.service, token) for token in tokens]
    fetches, slowest = scene.issuer.count() - before, max(verdict.milliseconds for verdict in verdicts)
    facts.equal("the primary region, asked directly", answer, "no answer")
    facts.at_least("requests that it left unanswered", scene.unanswered(PRIMARY), 1)
    facts.equal("what became of the tokens", {verdict.code for verdict in verdicts}, {"accepted"})
    facts.equal("fetches meanwhile", fetches, 0)
    facts.below("milliseconds of the slowest", slowest, WAITING)
    return f"{len(verdicts)} accepted, slowest {slowest:.1f} ms, {fetches} fetches"


def cold_start(scene: Scene, facts: Facts) -> str:
    """Start another instance of the service in the middle of it."""
    unanswered, answered = scene.unanswered(PRIMARY), scene.issuer.count(REPLICA)
    scene.newcomer = scene.new_validator()
    verdict = scene.ask(scene.newcomer, scene.issuer.access_token())
    unanswered, answered = scene.unanswered(PRIMARY) - unanswered, scene.issuer.count(REPLICA) - answered
    facts.at_least("requests that the primary region left unanswered", unanswered, 1)
    facts.equal("requests to the replica", answered, 1)
    facts.below("milliseconds", verdict.milliseconds, PATIENCE)
    facts.accepted("its first token", verdict)
    return f"{verdict}, {unanswered} silent, {answered} answered"


def rotation(scene: Scene, facts: Facts) -> str:
    """Rotate the keys while only the replica can tell of it; ask both instances for the first time."""
    kid, answered = scene.issuer.access_kid, scene.issuer.count(REPLICA)
    scene.issuer.rotate()
    token = scene.issuer.access_token()
    old, new = scene.ask(scene.service, token), scene.ask(scene.newcomer, token)
    answered = scene.issuer.count(REPLICA) - answered
    facts.differ("the kid of new tokens", scene.issuer.access_kid, kid)
    facts.accepted("the first token, by the running service", old)
    facts.accepted("the first token, by the new instance", new)
    facts.below("milliseconds", max(old.milliseconds, new.milliseconds), PATIENCE)
    facts.equal("requests to the replica", answered, 2)
    return f"{old.code} in {old.milliseconds:.1f} and {new.milliseconds:.1f} ms, {answered} fetches"


def refreshed_by_replica(scene: Scene, facts: Facts) -> str:
    """Let the keys pass their lifetime. They go on serving while fresh ones are fetched in the background."""
    scene.watch.forget()
    scene.clock.advance(LIFETIME)
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    fetched = scene.watch.saw(_fetched_from(REPLICA), within=scene.patience)
    primary, replica = scene.endpoint(PRIMARY, "updated"), scene.endpoint(REPLICA, "original")
    facts.accepted("the request that finds them due", verdict)
    facts.below("its milliseconds", verdict.milliseconds, WAITING)
    facts.equal("fetched from the replica", fetched, True)
    facts.equal("states of primary and replica", (primary.state, replica.state), ("degraded", "ok"))
    return f"{PRIMARY} {primary.state}, {REPLICA} {replica.state}, in {verdict.milliseconds:.1f} ms"


# -- the primary region recovers --------------------------------------------------------------------------------------


def recovery(scene: Scene, facts: Facts) -> str:
    """Bring the primary region back. Traffic has it probed, and it is the first again."""
    before = scene.endpoint(PRIMARY, "updated")
    scene.issuer.bring_up(PRIMARY)
    scene.watch.forget()
    scene.clock.advance(NOT_ENABLED_PAUSE)
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    noticed = scene.watch.saw(_becomes_ok(before.url), within=scene.patience)
    after = scene.endpoint(PRIMARY, "updated")
    facts.accepted("the request that has it probed", verdict)
    facts.equal("the primary region, asked directly", scene.curl(PRIMARY, "updated", timeout=1), "HTTP 200")
    facts.equal("the service noticed", noticed, True)
    facts.equal("its state before and after", (before.state, after.state), ("degraded", "ok"))
    facts.at_least("keys, with those of the rotation", after.keys, before.keys + 2)
    return f"{before.state} with {before.keys} keys, then {after.state} with {after.keys}"


# -- the window closes ------------------------------------------------------------------------------------------------


def legacy_retired(scene: Scene, facts: Facts) -> str:
    """Go to the last second of the window, and to its end."""
    scene.clock.advance((scene.window_ends - scene.clock.now()).total_seconds() - 1)
    last = scene.ask(scene.service, scene.old_token)
    scene.clock.advance(1)
    late = scene.ask(scene.service, scene.old_token)
    principal = facts.accepted("an old token in the last second", last)
    facts.refused("the same token at the end of the window", late, "legacy_issuer_retired")
    facts.equal("by its exp it would still be good", principal.expires_at > scene.clock.now(), True)
    accepted = [issuer.kind for issuer in scene.status().issuers if issuer.accepted]
    facts.equal("issuers that are still accepted", accepted, ["current"])
    return f"{late.code} ({late.status}), before {last.code}"


def current_accepted(scene: Scene, facts: Facts) -> str:
    """Nothing has changed for tokens of the updated issuer."""
    verdict = scene.ask(scene.service, scene.issuer.access_token())
    principal = facts.accepted("a token of the updated issuer", verdict)
    facts.equal("its issuer is", principal.issuer_kind, "current")
    return f"{verdict}, {principal.issuer_kind}"


# -- what must not pass -----------------------------------------------------------------------------------------------


def forged(scene: Scene, facts: Facts) -> str:
    """Present a token under a published ``kid``, signed with another key."""
    verdict = scene.ask(scene.service, scene.issuer.forged_token())
    facts.refused("the forged token", verdict, "invalid_signature")
    return f"{verdict.code} ({verdict.status}) in {verdict.milliseconds:.1f} ms"


def expired(scene: Scene, facts: Facts) -> str:
    """Present one token twice: now, and when its minute and the leeway are over."""
    token = scene.issuer.access_token(expires_in=60)
    fresh = scene.ask(scene.service, token)
    scene.clock.advance(60 + LEEWAY)
    late = scene.ask(scene.service, token)
    facts.accepted("the token in its time", fresh)
    facts.refused("the token after it", late, "expired")
    return f"{late.code} ({late.status}), before {fresh.code}"


def foreign(scene: Scene, facts: Facts) -> str:
    """Present a good token of somebody else's pool."""
    verdict = scene.ask(scene.service, scene.issuer.foreign_token())
    facts.refused("the token of a foreign pool", verdict, "untrusted_issuer")
    return f"{verdict.code} ({verdict.status}) in {verdict.milliseconds:.1f} ms"


# -- everything is down -----------------------------------------------------------------------------------------------


def outage_is_no_refusal(scene: Scene, facts: Facts) -> str:
    """Take both regions down: an instance that has no keys cannot tell, and says so. Who has them goes on."""
    for region in scene.issuer.regions:
        scene.issuer.take_down(region, "refuse")
    answers = {scene.curl(region, "original") for region in scene.issuer.regions}
    token = scene.issuer.access_token()
    cold, warm = scene.ask(scene.new_validator(), token), scene.ask(scene.service, token)
    facts.equal("both regions, asked directly", answers, {"no connection"})
    facts.refused("the token, by a new instance", cold, "keys_unavailable", 503)
    facts.at_least("seconds in its Retry-After", cold.retry_after or 0, 1)
    facts.accepted("the token, by the running service", warm)
    return f"{cold.code} ({cold.status}), retry in {cold.retry_after} s; running service {warm}"


def _becomes_ok(url: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, EndpointChanged) and (event.endpoint, event.after) == (url, "ok")


def _fetched_from(region: str) -> Callable[[Event], bool]:
    good = ("ok", "not_modified")
    return lambda event: isinstance(event, FetchFinished) and event.region == region and event.outcome in good
