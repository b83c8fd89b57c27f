"""What each step of the demo depends on, and how a test takes it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import pytest
from demo_scene import PRIMARY, REPLICA, Scene

from jwtmr.testing import RegionalIssuer, SigningKey, validator_for

Sabotage: TypeAlias = Callable[[Scene, pytest.MonkeyPatch], object]


class Breaking:
    """One thing that a step depends on, taken away, and the facts that must notice."""

    def __init__(self, how: str, sabotage: Sabotage, *notices: str) -> None:
        self.how = how
        self.sabotage = sabotage
        self.notices = notices


# -- ways to break it -------------------------------------------------------------------------------------------------


def ineffective(method: str) -> Sabotage:
    """Let a method do nothing: one of the issuer, or the clock's ``advance``."""

    def sabotage(scene: Scene, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(scene.clock if method == "advance" else scene.issuer, method, lambda *_, **__: None)

    return sabotage


def token_of(method: str, make: Callable[[RegionalIssuer], str]) -> Sabotage:
    """Let a method that mints tokens give another one."""

    def sabotage(scene: Scene, patch: pytest.MonkeyPatch) -> None:
        token = make(scene.issuer)
        patch.setattr(scene.issuer, method, lambda **_: token)

    return sabotage


def service(**options: str) -> Sabotage:
    """Run a service with other settings, with nothing fetched yet. Unless they say otherwise, it has no window."""

    def sabotage(scene: Scene, _: pytest.MonkeyPatch) -> None:
        scene.service = scene.keep(validator_for(scene.issuer, **options))

    return sabotage


def slow(milliseconds: float) -> Sabotage:
    """Let every token take so long, by the demo's stop-watch."""
    return lambda _, patch: patch.setattr("demo_scene._since", lambda began: milliseconds)


def switched(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Let the pool be on UPDATED."""
    scene.issuer.switch_to_updated()


def switched_back(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Let the pool be on ORIGINAL."""
    scene.issuer.switch_back()


def enabled_from_the_start(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Start the service when the updated host gives keys already."""
    scene.issuer.switch_to_updated()
    scene.service = scene.new_validator(scene.watch)


def moving_stable_issuer(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """Run a service whose users get another issuer with the switch."""
    service(stable_issuer=scene.issuer.updated_issuer)(scene, patch)


def take_down(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Silence the replica."""
    scene.issuer.take_down(REPLICA, "accept_silent")


def bring_up(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Let the primary region speak."""
    scene.issuer.bring_up(PRIMARY)


def forgeries(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """Present forged tokens only."""
    token_of("access_token", lambda issuer: issuer.forged_token())(scene, patch)


def outdated_everywhere(scene: Scene, _: pytest.MonkeyPatch) -> None:
    """Let all hosts answer, and go on publishing the keys of now."""
    for host in scene.issuer.endpoints:
        scene.issuer.publish(host.region, host.form, scene.issuer.jwks())
        scene.issuer.bring_up(host.region, host.form)


def instance_without_replica(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """Start a new instance that knows only the hosts of the primary region."""
    uris = scene.issuer.jwks_uris[:2]
    alone = validator_for(scene.issuer, accept_legacy_until=scene.window_ends, jwks_uris=uris, replica_regions=())
    patch.setattr(scene, "new_validator", lambda: scene.keep(alone))


def instance_that_knows(scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """Let the running service be the new instance."""
    patch.setattr(scene, "new_validator", lambda: scene.service)


def old_token(seconds_beyond: int) -> Sabotage:
    """Present a token from before the switch that expires so many seconds after the end of the window."""

    def sabotage(scene: Scene, _: pytest.MonkeyPatch) -> None:
        left = int((scene.window_ends - scene.clock.now()).total_seconds())
        issuer = scene.issuer
        scene.old_token = issuer.access_token(issuer=issuer.original_issuer, expires_in=left + seconds_beyond)

    return sabotage


# -- the table --------------------------------------------------------------------------------------------------------

BREAKINGS: Final = {
    "updated host not enabled yet": [
        Breaking("it is enabled", switched, "the updated host, asked directly", "its state"),
        Breaking("no window", service(), "every token will be refused"),
    ],
    "keys come from the other hosts": [
        Breaking("no window", service(), "a token of the original issuer"),
        Breaking("keys everywhere", enabled_from_the_start, "the updated host", "further fetches"),
    ],
    "new tokens have another issuer": [
        Breaking("no switch", ineffective("switch_to_updated"), "its issuer", "its issuer is"),
        Breaking("no trust", service(issuer_url="https://issuer.example"), "the first token after the switch"),
    ],
    "both issuers are accepted": [
        Breaking("no window", service(), "a token from before"),
        Breaking("switched back", switched_back, "their issuers are"),
    ],
    "users stay the same users": [
        Breaking("stable issuer moves", moving_stable_issuer, "(issuer, subject)", "the stable issuer"),
        Breaking("switched back", switched_back, "token_issuer"),
        Breaking("forged", forgeries, "a token from after the switch"),
    ],
    "the updated host comes alive": [
        Breaking("time stands still", ineffective("advance"), "the service noticed", "its state before and after"),
        Breaking("switched back", switched_back, "the updated host, asked directly", "the service noticed"),
        Breaking("forged", forgeries, "the request that has it asked"),
    ],
    "known keys: nobody waits": [
        Breaking("not silent", ineffective("take_down"), "the primary region, asked directly", "requests that it left"),
        Breaking("not known", service(), "fetches meanwhile"),
        Breaking("slow", slow(400), "milliseconds of the slowest"),
        Breaking("not good", forgeries, "what became of the tokens"),
    ],
    "a new instance starts cold": [
        Breaking("not silent", bring_up, "requests that the primary region left unanswered"),
        Breaking("no replica", instance_without_replica, "its first token", "requests to the replica"),
        Breaking("not new", instance_that_knows, "requests to the replica"),
        Breaking("slow", slow(2000), "milliseconds"),
    ],
    "keys are rotated meanwhile": [
        Breaking("no rotation", ineffective("rotate"), "the kid of new tokens", "requests to the replica"),
        Breaking("not published", outdated_everywhere, "the first token, by the running service"),
        Breaking("slow", slow(2000), "milliseconds"),
    ],
    "the replica renews due keys": [
        Breaking("time stands still", ineffective("advance"), "fetched from the replica", "states of primary and"),
        Breaking("it is silent too", take_down, "fetched from the replica"),
        Breaking("slow", slow(400), "its milliseconds"),
    ],
    "it is used again": [
        Breaking("still down", ineffective("bring_up"), "the primary region, asked directly"),
        Breaking(
            "time stands still",
            ineffective("advance"),
            "the service noticed",
            "its state before and",
            "keys, with those of",
        ),
    ],
    "the original issuer is refused": [
        Breaking("time stands still", ineffective("advance"), "the same token at the end of", "issuers that are still"),
        Breaking("no window", service(), "an old token in the last second"),
        Breaking("short token", old_token(-60), "an old token in the last second"),
        Breaking("long by leeway", old_token(0), "by its exp it would still be good"),
    ],
    "the updated issuer is accepted": [Breaking("switched back", switched_back, "a token of the updated issuer")],
    "a forged one": [
        Breaking("good", token_of("forged_token", RegionalIssuer.access_token), "the forged token"),
        Breaking(
            "unknown key",
            token_of("forged_token", lambda issuer: issuer.access_token(key=SigningKey.generate())),
            "the forged token",
        ),
    ],
    "an expired one": [
        Breaking("time stands still", ineffective("advance"), "the token after it"),
        Breaking(
            "from the start",
            token_of("access_token", lambda issuer: issuer.access_token(expires_in=-60)),
            "the token in its time",
        ),
    ],
    "one of a foreign pool": [
        Breaking("our own", token_of("foreign_token", RegionalIssuer.access_token), "the token of a foreign pool")
    ],
    "a new instance cannot tell": [
        Breaking("not down", ineffective("take_down"), "both regions, asked directly", "the token, by a new instance"),
        Breaking("not new", instance_that_knows, "the token, by a new instance", "seconds in its Retry-After"),
        Breaking("nobody has keys", service(), "the token, by the running service"),
    ],
}
"""By the name of the step."""
