"""A provider that moves house: former names that share its keys, and an old house with keys of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from validation_kit import HTTP_GET, ask, code_of

from jwtmr import Authority, HttpAnswer, KeysUnavailable, LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.testing import MISSING, OidcIssuer, SettableClock, SigningKey

WINDOW = 600
"""Seconds that the old house is still open."""
both_ways = pytest.mark.parametrize("how", ["sync", "async"])


def house(issuer: OidcIssuer, **changes: object) -> OidcProvider:
    """What a user of RFC 9068 says of ``issuer``, with these settings laid over it."""
    usual = {"audience": "https://api.example.com", "client_ids": ["app"], "token_type": "at+jwt"}
    return OidcProvider(issuer.url, **{**usual, "algorithms": ["EdDSA"], **changes})


class Move:
    """Two houses with keys of their own, which call their keys the same, and the clock of both."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock, self._stack = SettableClock(), stack
        self.new, self.old = (
            stack.enter_context(OidcIssuer(path, keys=[key], client_id="app", clock=self.clock))
            for path, key in (("/new", SigningKey.generate("EdDSA", "1")), ("/old/", SigningKey.generate("EdDSA", "1")))
        )
        self.end = self.clock.wall() + WINDOW
        self.until = self.clock.now() + timedelta(seconds=WINDOW)

    def old_house(self, **changes: object) -> OidcProvider:
        """The old house as it is meant."""
        return house(self.old, **{"accept_until": self.until, "stable_issuer": self.new.url, **changes})

    def validator(self, *houses: Authority, **options: object) -> TokenValidator:
        """A validator of these houses, by default the new one and the old one, closed after the test."""
        known = houses or (house(self.new), self.old_house())
        made = TokenValidator(*known, **{"clock": self.clock, "http_get": HTTP_GET, **options})
        self._stack.callback(made.close)
        return made


@pytest.fixture
def move() -> Iterator[Move]:
    """A move in the middle."""
    with ExitStack() as stack:
        yield Move(stack)


def settle() -> None:
    """Wait until nobody is being asked."""
    for thread in threading.enumerate():
        if thread.name in ("jwtmr-fly", "jwtmr-attempt"):
            thread.join(10)
            assert not thread.is_alive()


# -- an old house with keys of its own --------------------------------------------------------------------------------


@both_ways
def test_users_stay_the_same_users(move: Move, how: str) -> None:
    """With one ``stable_issuer`` both houses speak of the same issuer and subject; each token says whence it comes."""
    validator = move.validator()
    before, after = (ask(validator, issuer.access_token(), how) for issuer in (move.old, move.new))
    assert (before.issuer, before.subject) == (after.issuer, after.subject) == (move.new.url, after.subject)
    assert (before.token_issuer, before.issuer_kind) == (move.old.url, "legacy")
    assert (after.token_issuer, after.issuer_kind) == (move.new.url, "current")
    assert before.issuer_region is after.issuer_region is None
    apart = move.validator(house(move.new), move.old_house(stable_issuer=None))
    assert ask(apart, move.old.access_token(), how).issuer == move.old.url


@pytest.mark.parametrize("leeway", [0, 300])
@both_ways
def test_the_door_closes_by_the_clock(move: Move, leeway: float, how: str) -> None:
    """At ``accept_until`` the old house is retired, to the second and whatever the leeway; the new one is not."""
    validator = move.validator(leeway=leeway)
    old, new = move.old.access_token(), move.new.access_token()
    found = []
    for moment in (move.end - WINDOW, move.end - 1, move.end - 0.001, move.end, move.end + 1, move.end + WINDOW):
        move.clock.set(moment)
        found.append(code_of(validator, old, how))
        assert code_of(validator, new, how) is None
    assert found == [None, None, None, *["legacy_issuer_retired"] * 3]


@both_ways
def test_keys_do_not_cross(move: Move, how: str) -> None:
    """Neither house signs for the other, though their keys have one name; under another name a key is unknown."""
    validator = move.validator()
    for one, other in ((move.new, move.old), (move.old, move.new)):
        assert code_of(validator, one.access_token(issuer=other.url), how) == "invalid_signature"
        assert code_of(validator, other.access_token(), how) is None
    move.old.rotate()
    assert code_of(validator, move.old.access_token(), how) is None
    assert code_of(validator, move.old.access_token(issuer=move.new.url), how) == "unknown_key"


@both_ways
def test_the_door_may_close_during_a_wait(move: Move, how: str) -> None:
    """A house that is retired while its keys are fetched is retired for the token that waited."""

    def slow(url: str, **options: object) -> HttpAnswer:
        answer = HTTP_GET(url, **options)
        move.clock.set(move.end)
        return answer

    assert code_of(move.validator(http_get=slow), move.old.access_token(), how) == "legacy_issuer_retired"
    assert code_of(move.validator(http_get=slow), move.new.access_token(), how) is None


@both_ways
def test_a_retired_house_is_not_asked(move: Move, how: str) -> None:
    """Neither a warm-up nor a token asks a house that takes no tokens; a second before both do."""
    move.clock.set(move.end)
    late = move.validator()
    late.warm_up(require="all")
    assert code_of(late, move.old.access_token(), how) == "legacy_issuer_retired"
    assert (move.new.count() > 0, move.old.count()) == (True, 0)
    move.clock.set(move.end - 1)
    assert code_of(move.validator(), move.old.access_token(), how) is None
    assert (move.old.count("discovery"), move.old.count("keys")) == (1, 1)
    move.old.forget_requests()
    move.validator().warm_up()
    assert (move.old.count("discovery"), move.old.count("keys")) == (1, 1)


@pytest.mark.parametrize(("longer", "asked"), [(0, 0), (1, 1)], ids=["retired", "open"])
def test_a_retired_house_is_not_kept_fresh(move: Move, longer: int, asked: int) -> None:
    """A status starts the refresh that is due, but none for a house that takes no tokens any more."""
    validator = move.validator(house(move.new), move.old_house(accept_until=move.until + timedelta(hours=longer)))
    validator.warm_up(require="all")
    settle()
    for issuer in (move.new, move.old):
        issuer.forget_requests()
    move.clock.advance(899)
    validator.status()
    settle()
    assert (move.new.count("keys"), move.old.count("keys")) == (1, asked)


@pytest.mark.parametrize("require", ["any", "all"])
def test_a_retired_house_is_not_required(move: Move, require: str) -> None:
    """The new house alone is needed from the second on at which the old one retires."""
    move.old.take_down()
    move.clock.set(move.end - 1)
    early = move.validator()
    if require == "all":
        with pytest.raises(KeysUnavailable) as refused:
            early.warm_up(require="all")
        assert move.old.url in refused.value.detail
        assert move.new.url not in refused.value.detail
    assert early.warm_up(require="any").ready
    move.clock.set(move.end)
    assert move.validator().warm_up(require=require).ready


@pytest.mark.parametrize("require", ["any", "all"])
def test_a_retired_house_is_no_substitute(move: Move, require: str) -> None:
    """Keys that no token may use any more make nobody ready."""
    validator = move.validator()
    move.new.take_down()
    assert validator.warm_up(require="any").ready
    move.clock.advance(WINDOW)
    with pytest.raises(KeysUnavailable) as refused:
        validator.warm_up(require=require)
    assert move.new.url in refused.value.detail
    assert not validator.status().ready


@both_ways
def test_nothing_but_retired_houses(move: Move, how: str) -> None:
    """A validator that was forgotten starts, asks nobody, refuses everything and says so."""
    move.clock.set(move.end)
    validator = move.validator(move.old_house())
    for require in ("any", "all", None):
        assert validator.warm_up(require=require).authorities[0].refuses_everything
    assert code_of(validator, move.old.access_token(), how) == "legacy_issuer_retired"
    assert move.old.count() == 0
    assert not validator.status().ready


def test_what_the_operator_sees(move: Move) -> None:
    """Until the last second nothing is wrong; then the report says which window closed, when, and what to do."""
    validator = move.validator()
    move.clock.set(move.end - 1)
    before = validator.warm_up(require="all")
    assert [(one.problems, one.refuses_everything, one.state) for one in before.authorities] == [((), False, "ok")] * 2
    assert [issuer.accepted for one in before.authorities for issuer in one.issuers] == [True, True]
    move.clock.set(move.end)
    after = validator.status()
    closed, useless = after.authorities[-1].problems
    assert closed == f"the window of {move.old.url} closed at {move.until:%Y-%m-%d %H:%M}+00:00: its tokens are refused"
    assert useless == "every token will be refused: all issuers are retired, so this authority can be removed"
    assert [(one.id, one.refuses_everything) for one in after.authorities] == [
        (move.new.url, False),
        (move.old.url, True),
    ]
    assert [issuer.accepted for one in after.authorities for issuer in one.issuers] == [True, False]
    assert after.authorities[-1].issuers[0].accept_until == move.until
    assert closed in str(after)


@pytest.mark.parametrize("old", [True, False])
def test_a_house_that_is_gone(move: Move, old: bool) -> None:
    """A house without other names has nothing to be switched to: its 404 is an outage, and refuses no token."""
    settings = {"audience": "a", "client_ids": ["app"], "token_type": "at+jwt"}
    gone = OidcProvider(move.old.url + "gone", **settings, accept_until=move.until if old else None)
    status = move.validator(house(move.new), gone).warm_up(require="any").authorities[-1]
    (problem,) = status.problems
    assert problem.endswith("the discovery document is answered with status 404")
    assert (status.state, status.refuses_everything) == ("down", False)


# -- former names that share the keys ---------------------------------------------------------------------------------


def renamed(move: Move, **window: object) -> TokenValidator:
    """A validator for the new house once it has got another name."""
    former = move.new.url
    move.new.move_to("/newer")
    return move.validator(
        house(move.new, legacy_issuers=[LegacyIssuer(former, **{"accept_until": move.until, **window})])
    )


@both_ways
def test_a_former_name_shares_the_keys(move: Move, how: str) -> None:
    """Tokens of both names are checked with one set of keys, and no document of the former name is asked for."""
    validator = renamed(move)
    before = ask(validator, move.new.access_token(issuer=move.new.former_urls[0]), how)
    after = ask(validator, move.new.access_token(), how)
    assert before.issuer == after.issuer == after.token_issuer == move.new.url
    assert (before.issuer_kind, before.token_issuer) == ("legacy", move.new.former_urls[0])
    asked = [request.path for request in move.new.requests()]
    assert asked == ["/newer/.well-known/openid-configuration", "/jwks.json"]
    assert code_of(validator, move.new.access_token(issuer=move.new.url + "/"), how) == "untrusted_issuer"
    assert [request.path for request in move.new.requests()] == asked


@pytest.mark.parametrize("leeway", [0, 300])
def test_each_name_has_its_own_window(move: Move, leeway: float) -> None:
    """Each former name is retired at its own second, whatever the leeway, while the house stays."""
    names = ["https://a.example", "https://b.example"]
    former = [LegacyIssuer(name, move.until + timedelta(seconds=60 * i)) for i, name in enumerate(names)]
    validator = move.validator(house(move.new, legacy_issuers=former), leeway=leeway)
    tokens = [move.new.access_token(issuer=name) for name in [move.new.url, *names]]
    late = "legacy_issuer_retired"
    for after, expected in (
        (-1, [None] * 3),
        (0, [None, late, None]),
        (59, [None, late, None]),
        (60, [None, late, late]),
    ):
        move.clock.set(move.end + after)
        assert [code_of(validator, token) for token in tokens] == expected
    problems = validator.status().authorities[0].problems
    assert [name in problem for name, problem in zip(names, problems, strict=True)] == [True, True]
    assert not validator.status().authorities[0].refuses_everything


@pytest.mark.parametrize("leeway", [0, 300])
@pytest.mark.parametrize("offset", [-1, -0.001, 0, 0.001, 1, None])
def test_minted_before_the_move(move: Move, leeway: float, offset: float | None) -> None:
    """An old-style token minted at or after ``issued_before``, or nobody knows when, is refused; no other is."""
    cut = move.clock.now() - timedelta(seconds=60)
    name = "https://a.example"
    former = [LegacyIssuer(name, move.until, issued_before=cut), LegacyIssuer(name + "/", move.until)]
    validator = move.validator(house(move.new, legacy_issuers=former), leeway=leeway)
    claims = {"iat": MISSING if offset is None else cut.timestamp() + offset}
    code = None if offset is not None and offset < 0 else "issued_after_cutover"
    assert code_of(validator, move.new.access_token(issuer=name, claims=claims)) == code
    for other in (name + "/", move.new.url):
        assert code_of(validator, move.new.access_token(issuer=other, claims=claims)) is None


def test_a_house_that_is_not_built_yet(move: Move) -> None:
    """While a current name answers 404, tokens still have the former one: without its window none is accepted."""
    settings = {"audience": "a", "client_ids": ["app"], "token_type": "at+jwt"}
    former = [LegacyIssuer(move.old.url, accept_until=move.until)]
    validator = move.validator(OidcProvider(move.new.url + "/soon", **settings, legacy_issuers=former))
    (during,) = validator.warm_up().authorities
    move.clock.set(move.end)
    (after,) = validator.status().authorities
    assert (during.refuses_everything, after.refuses_everything) == (False, True)
    assert during.problems[0] == "the current issuer is not enabled yet: tokens still name the legacy issuer"
    assert during.problems[1].endswith("the discovery document is answered with status 404")
    assert after.problems[1].startswith("every token will be refused: the current issuer is not enabled yet")
