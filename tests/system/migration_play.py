"""The migration of a user pool with a late client, an outage, and rubbish in between; what was known at each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from migration_app import LEEWAY
from migration_prometheus import Series
from migration_town import DAY, EAST, WEST, Town

from jwtmr.drain import DrainReport, DrainVerdict

BEFORE_THE_END: Final = 20.0
"""Seconds before the end of the last legacy token at which it is tried once more; a busy machine needs some of them."""


@dataclass
class Record:
    """What was known at each step."""

    verdicts: dict[str, DrainVerdict] = field(default_factory=dict[str, DrainVerdict])
    answers: dict[str, dict[str, list[Series]]] = field(default_factory=dict[str, dict[str, list[Series]]])
    """What Prometheus said at each step, to each question that was asked."""
    drain: DrainReport | None = None
    """All that the workers had counted when it was safe."""
    safe_after: float = 0.0
    """A day after the last legacy token was accepted, and the leeway."""
    last_expiry: float = 0.0
    """When the last legacy token expires, as whoever minted it knows."""
    last_tries: dict[str, str] = field(default_factory=dict[str, str])
    """The late client's legacy token, shortly before its end and after it: the code."""


def play(town: Town, questions: dict[str, str]) -> Record:
    """Play it, and ask the questions, in PromQL, at each step."""
    record = Record()

    def note(step: str, shown: str = "vector(1)") -> None:
        town.scraped(shown)
        record.verdicts[step] = town.verdict()
        record.answers[step] = {name: town.ask(query) for name, query in questions.items()}

    answered = 'jwtmr_keys_answered_timestamp_seconds{region=~"%s"}'
    fresh = f"max(time() - ({answered} > 0)) < {town.size.lifetime}"
    town.live("before the switch", 0.25)
    note("before")
    _switch(town)
    record.last_expiry = town.crowd.late.expires_at
    note("switching")
    town.live("switched", 0.25)
    note("switched")
    town.issuer.take_down(EAST)
    town.live("one region is down", 0.35)
    note("outage", f'sum(jwtmr_endpoint_state{{region="{EAST}", state="ok"}}) == 0 and {fresh % WEST}')
    _darkness(town)
    note("all is well", f'sum(jwtmr_endpoint_state{{state=~"degraded|down"}}) == 0 and {fresh % ".*"}')
    _rubbish(town)
    _last_token(town, record)
    note("expired")
    town.live("nobody is late any more", 0.15)
    record.safe_after = town.last_legacy + DAY + LEEWAY
    if town.size.tick is None:
        town.live("a quiet day", max(0.0, record.safe_after + 60 - town.clock.wall()) / town.size.life)
        town.round()
        note("safe", questions["safe now"])  # its windows reach back over some scrapes, which take their time
        record.drain = town.drain()
    _close(town)
    note("closed")
    return record


def _switch(town: Town) -> None:
    """For a while some get tokens of the old kind and some of the new one; the late client is the last of the old."""
    town.issuer.switch_to_updated()
    town.live("the switch", 0.1)
    for person in town.crowd.people[::2]:
        person.sign_in(town.issuer, legacy=person is town.crowd.late)
    town.skip(1)  # whole seconds are all that iat tells
    town.crowd.late.sign_in(town.issuer, legacy=True)
    for line in town.lines:
        town.crowd.note("legacy", town.crowd.late.send(line, town.issuer))


def _darkness(town: Town) -> None:
    """The other region goes down too, while keys rotate; then both are back."""
    town.issuer.take_down(WEST)
    town.issuer.rotate()
    town.live("both are down", 0.1)
    for region in (EAST, WEST):
        town.issuer.bring_up(region)
    town.live("the pauses end", 31 / town.size.life)
    town.live("both are back", 0.15)


def _rubbish(town: Town) -> None:
    """Somebody tries his luck."""
    for number in range(30):
        town.send_hostile(town.issuer.access_token(header={"kid": f"made-up-{number}"}, client_id="web"))
        if number % 2:
            town.send_hostile(town.issuer.access_token(client_id="web")[:-8] + "AAAAAAAA")
        if number % 6 == 0:
            town.send_hostile("not.a.token")
        town.skip(0.3)


def _last_token(town: Town, record: Record) -> None:
    """The late client's token is good to its last second, leeway included, and not after it."""
    late, token, end = town.crowd.late, town.crowd.late.token, record.last_expiry + LEEWAY
    town.live("one client is late", max(0.0, end - BEFORE_THE_END - town.clock.wall()) / town.size.life)
    record.last_tries["before"] = town.send(late)
    town.live("the last token ends", max(0.0, end + 1 - town.clock.wall()) / town.size.life)
    answered = town.lines[0].ask("/orders", token)
    town.crowd.note("legacy", answered)
    record.last_tries["after"] = answered.code


def _close(town: Town) -> None:
    """The window closes, and somebody still comes with a token of the old kind."""
    left = max(0.0, town.until + 1 - town.clock.wall())
    town.live("until the window closes", left / town.size.life)
    for _ in range(5):
        town.send_hostile(town.issuer.access_token(issuer=town.issuer.original_issuer, client_id="web"))
    town.live("the window is closed", 0.05)
