"""What a validator counts: every token whose signature was good, under its issuer and its client, and no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from drain_kit import DAY, HOUR, Making

from jwtmr import UNCHECKED, AuthError, ConfigurationError, DrainReport, Principal, TokenCache, TokenValidator
from jwtmr import ValidatorClosed as Closed
from jwtmr.drain import IssuerDrain, Seen
from jwtmr.events import Event, TokenAccepted
from jwtmr.testing import MISSING, RegionalIssuer, SettableClock


def told(validator: TokenValidator) -> tuple[IssuerDrain, IssuerDrain]:
    """What was accepted of the current and of the legacy issuer."""
    (process,) = validator.drain_report().processes
    current, legacy = process.issuers
    assert (current.kind, legacy.kind) == ("current", "legacy")
    return current, legacy


def accepted(one: IssuerDrain) -> int:
    """How many tokens."""
    return 0 if one.total is None else one.total.accepted


def ask(validator: TokenValidator, token: str, how: str = "sync", **wanted: object) -> Principal:
    """Validate by threads or by asyncio."""
    if how == "sync":
        return validator.validate(token, **wanted)
    return asyncio.run(validator.validate_async(token, **wanted))


@pytest.mark.parametrize("how", ["sync", "async"])
def test_by_issuer_and_client(issuer: RegionalIssuer, make: Making, clock: SettableClock, how: str) -> None:
    """Access tokens by ``client_id``, ID tokens by ``aud``, with the times of the first and the last."""
    validator, began = make(client_ids=["web", "app"]), clock.wall()
    ask(validator, issuer.access_token(client_id="web"), how)
    clock.advance(60)
    ask(validator, issuer.id_token(client_id="app", expires_in=DAY), how)
    clock.advance(60)
    ask(validator, issuer.access_token(client_id="web", expires_in=300), how)
    issuer.switch_to_updated()
    ask(validator, issuer.machine_token(client_id="app"), how)
    current, legacy = told(validator)
    assert (current.issuer, legacy.issuer) == (issuer.updated_issuer, issuer.original_issuer)
    assert legacy.clients == {
        "web": Seen(2, began, began + 120, began + HOUR, began + 120, HOUR),
        "app": Seen(1, began + 60, began + 60, began + 60 + DAY, began + 60, DAY),
    }
    assert current.clients == {"app": Seen(1, began + 120, began + 120, began + 120 + HOUR, began + 120, HOUR)}
    assert (current.others, legacy.others) == (None, None)


def test_what_a_report_says_of_itself(issuer: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """Who watched, since when and until when, with which leeway and for which issuers."""
    until = clock.now() + timedelta(days=3)
    validator, began = make(accept_legacy_until=until, leeway=7), clock.wall()
    clock.advance(HOUR)
    report = validator.drain_report()
    (process,) = report.processes
    assert (process.since, process.taken_at, process.leeway) == (began, began + HOUR, 7)
    assert validator.drain_report().processes[0].process == process.process
    assert make().drain_report().processes[0].process != process.process
    current, legacy = process.issuers
    assert (current.authority, current.region, current.accept_until) == (issuer.user_pool_id, "us-east-1", None)
    assert (legacy.authority, legacy.region, legacy.accept_until) == (
        issuer.user_pool_id, "us-east-1", until.timestamp(),
    )  # fmt: skip
    assert (current.total, legacy.total) == (None, None)
    assert DrainReport.from_json(report.to_json()) == report


def test_two_validators_of_one_process_are_two(issuer: RegionalIssuer, make: Making) -> None:
    """Their tokens are added, and each is counted once."""
    several = [make(), make()]
    for validator in several:
        validator.validate(issuer.access_token())
    reports = [validator.drain_report() for validator in [*several, *several]]
    _, legacy = DrainReport.merge(reports).issuers[::-1]
    assert accepted(legacy) == 2


def test_more_than_a_hundred_clients(issuer: RegionalIssuer, make: Making) -> None:
    """The first hundred are counted by name, for as long as they come; the others together, and none is lost."""
    validator = make(client_ids=UNCHECKED)
    for number in (*range(105), *range(102)):
        validator.validate(issuer.access_token(client_id=f"client-{number}", expires_in=60 + number))
    _, legacy = told(validator)
    assert legacy.clients.keys() == {f"client-{number}" for number in range(100)}
    assert {tokens.accepted for tokens in legacy.clients.values()} == {2}
    assert legacy.others is not None
    assert (legacy.others.accepted, accepted(legacy)) == (7, 207)
    assert legacy.others.latest_expiry == issuer.clock.wall() + 164


@pytest.mark.parametrize("client", [MISSING, "", "x" * 257])
def test_a_client_without_a_name(issuer: RegionalIssuer, make: Making, client: object) -> None:
    """Tokens that name none, or something that is no name, are counted with the others."""
    validator = make(client_ids=UNCHECKED)
    validator.validate(issuer.access_token(claims={"client_id": client}))
    validator.validate(issuer.access_token(client_id="x" * 256))
    _, legacy = told(validator)
    assert legacy.clients.keys() == {"x" * 256}
    assert legacy.others is not None
    assert legacy.others.accepted == 1


def test_a_token_without_a_date(issuer: RegionalIssuer, validator: TokenValidator, clock: SettableClock) -> None:
    """It is taken to have been issued when it came: later it was not, and earlier would be too comfortable."""
    validator.validate(issuer.access_token(issued_at=clock.wall() - 600))
    clock.advance(60)
    validator.validate(issuer.access_token(issued_at=clock.wall() - 1800, claims={"iat": MISSING}))
    _, legacy = told(validator)
    assert legacy.total is not None
    assert (legacy.total.latest_issue, legacy.total.longest_life) == (clock.wall(), HOUR)


def test_a_token_at_the_end_of_time(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """The report of it can be read, and a verdict be had."""
    validator.validate(issuer.access_token(claims={"exp": 253402300799}))
    report = validator.drain_report()
    assert DrainReport.from_json(report.to_json()) == report
    assert report.verdict(issuer.clock.wall()).state == "not_yet"


def test_what_the_call_asks_does_not_matter(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """A token without the scope is one that its client holds: when its issuer goes, its client notices."""
    for wanted in ({"scopes": ["x"]}, {"any_group": ["x"]}, {"token_use": "id"}):
        with pytest.raises(AuthError):
            validator.validate(issuer.access_token(), **wanted)
    _, legacy = told(validator)
    assert accepted(legacy) == 3
    principal = validator.validate(issuer.access_token())
    with pytest.raises(AuthError):
        principal.require(scopes=["x"])
    assert accepted(told(validator)[1]) == 4


def test_refused_tokens_are_not_counted(
    issuer: RegionalIssuer, validator: TokenValidator, clock: SettableClock
) -> None:
    """Neither forged ones, nor good ones that are refused for anything but what the call asks."""
    issuer.switch_to_updated()
    validator.validate(issuer.access_token())
    now, old = clock.wall(), issuer.original_issuer
    tokens = [
        issuer.forged_token(), issuer.foreign_token(), "", "a.b.c", issuer.access_token(issuer=old, expires_in=-31),
        issuer.access_token(issuer=old, client_id="other"), issuer.access_token(issuer=old, issued_at=now + HOUR),
        issuer.access_token(issuer=old, header={"kid": "unknown"}), issuer.access_token(issuer=old + "/"),
        issuer.access_token(issuer=old, claims={"cnf": {}}), issuer.access_token(issuer=old, claims={"aud": "x"}),
    ]  # fmt: skip
    for token in tokens:
        with pytest.raises(AuthError):
            validator.validate(token)
    assert [accepted(one) for one in told(validator)] == [1, 0]


def test_after_the_window(issuer: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """Nothing is accepted, so nothing is counted."""
    validator = make(accept_legacy_until=clock.now() + timedelta(hours=1))
    token = issuer.access_token(expires_in=7200)
    validator.validate(token)
    clock.advance(HOUR)
    with pytest.raises(AuthError):
        validator.validate(token)
    assert accepted(told(validator)[1]) == 1


def test_remembered_tokens_are_counted(issuer: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """Each time they come, also where their signature is not checked again."""
    validator, token, began = make(token_cache=TokenCache(ttl=3600)), issuer.access_token(), clock.wall()
    for how in ("sync", "async", "sync"):
        ask(validator, token, how)
        clock.advance(60)
    _, legacy = told(validator)
    assert legacy.total == Seen(3, began, began + 120, began + HOUR, began, HOUR)


def test_counting_can_be_left_out(issuer: RegionalIssuer, make: Making) -> None:
    """Then there is no report, which is said, and not an empty one."""
    validator = make(drain=False)
    validator.validate(issuer.access_token())
    with pytest.raises(ConfigurationError) as caught:
        validator.drain_report()
    assert caught.value.parameter == "drain"


@pytest.mark.parametrize("drain", [True, False])
def test_after_the_end(make: Making, drain: bool) -> None:
    """A closed validator says that it is closed."""
    validator = make(drain=drain)
    validator.close()
    with pytest.raises(Closed):
        validator.drain_report()


class Ear:
    """Remembers what was accepted."""

    def __init__(self) -> None:
        self.would_be_refused: list[bool] = []

    def on_event(self, event: Event, /) -> None:
        """Take note."""
        if isinstance(event, TokenAccepted):
            self.would_be_refused.append(event.would_be_refused)


@pytest.mark.parametrize("dry", [True, False])
def test_a_dry_run(issuer: RegionalIssuer, make: Making, dry: bool) -> None:
    """Legacy tokens are accepted, counted and told of as what would be refused; others are not."""
    ear = Ear()
    validator = make(removal_dry_run=dry, observers=[ear])
    assert [one.would_have_refused for one in told(validator)] == [None, 0 if dry else None]
    for iss in (issuer.original_issuer, issuer.updated_issuer, issuer.original_issuer):
        assert validator.validate(issuer.access_token(issuer=iss)).token_issuer == iss
    assert [one.would_have_refused for one in told(validator)] == [None, 2 if dry else None]
    assert ear.would_be_refused == [dry, False, dry]
    report = validator.drain_report()
    assert DrainReport.from_json(report.to_json()) == report


def test_a_clock_that_is_set_right(make: Making, clock: SettableClock) -> None:
    """A machine that began in the past has not watched since then."""
    clock.set(0)
    validator = make(accept_legacy_until=None)
    clock.set(1.8e9)
    clock.advance(600)
    (process,) = validator.drain_report().processes
    assert process.taken_at == 1.8e9 + 600
    assert process.since == pytest.approx(1.8e9, abs=60)


def test_a_machine_that_slept_has_not_watched(make: Making, clock: SettableClock) -> None:
    """Neither has a process that was frozen with it; who came meanwhile came elsewhere."""
    validator, began = make(), clock.wall()
    clock.suspend(DAY)
    clock.advance(600)
    (process,) = validator.drain_report().processes
    assert process.since == pytest.approx(began + DAY, abs=60)


def test_a_whole_migration(issuer: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """From the first day to the last, in the words of the verdict."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=4))
    states = []

    def verdict() -> None:
        states.append(validator.drain_report().verdict(clock.wall()).state)

    verdict()
    validator.validate(issuer.access_token(expires_in=HOUR))
    verdict()
    old = issuer.access_token(expires_in=DAY)
    clock.advance(HOUR)
    issuer.switch_to_updated()
    validator.validate(issuer.access_token())
    validator.validate(old)
    verdict()
    clock.advance(DAY - HOUR + 29)
    validator.validate(old)
    verdict()
    for seconds in (DAY + 29, 1, 2 * DAY):
        clock.advance(seconds)
        validator.validate(issuer.access_token())
        verdict()
    assert states == ["too_early", "not_yet", "waiting", "waiting", "waiting", "safe", "closed"]
