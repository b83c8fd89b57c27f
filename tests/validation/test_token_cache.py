"""Verified tokens are remembered; what time, a rotation or a call can change is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from interrupting import Interrupted, interrupted
from validation_kit import HTTP_GET, Recorder, ask, claims_of, clock_of, code_of, merged, refusal

from jwtmr import ConfigurationError, TokenCache, TokenValidator, ValidatorClosed
from jwtmr._keys.jwk import Key
from jwtmr.cache import Remembered
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.testing import RegionalIssuer, SettableClock, SigningKey, validator_for

TTL = 600.0
LEEWAY = 30.0


class Signatures:
    """How many signatures have been checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checked = 0
        verify = Key.verify

        def counted(key: Key, signed: bytes, signature: bytes) -> bool:
            self.checked += 1
            return verify(key, signed, signature)

        monkeypatch.setattr(Key, "verify", counted)

    def taken(self) -> int:
        """How many since the last time that this was asked."""
        checked, self.checked = self.checked, 0
        return checked


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Signatures:
    """Counts them."""
    return Signatures(monkeypatch)


@pytest.fixture
def cache() -> TokenCache:
    """A small one."""
    return TokenCache(max_entries=10, ttl=TTL)


@pytest.fixture
def seen() -> Recorder:
    """What an observer is told."""
    return Recorder()


@pytest.fixture
def caching(issuer: RegionalIssuer, cache: TokenCache, seen: Recorder) -> Iterator[TokenValidator]:
    """A validator with the cache, and an hour for the legacy issuer."""
    window = clock_of(issuer).now() + timedelta(hours=1)
    with closing(
        validator_for(
            issuer, accept_legacy_until=window, token_cache=cache, observers=[seen], leeway=LEEWAY, http_get=HTTP_GET
        )
    ) as made:
        yield made


@pytest.fixture
def clock(issuer: RegionalIssuer) -> SettableClock:
    """The time."""
    return clock_of(issuer)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_signature_is_checked_once(
    issuer: RegionalIssuer, caching: TokenValidator, signatures: Signatures, seen: Recorder, how: str
) -> None:
    """The second time a token comes it is remembered, and everything else is as the first time."""
    token = issuer.access_token(subject="alice", scopes=["a"], groups=["g"])
    first, second = ask(caching, token, how), ask(caching, token, how)
    assert signatures.taken() == 1
    assert (first.subject, first.scopes, first.groups) == (second.subject, second.scopes, second.groups)
    assert first is not second
    accepted = seen.of(TokenAccepted)
    assert len(accepted) == 2
    assert accepted[0] == accepted[1]


def test_without_one_every_signature_is_checked(
    issuer: RegionalIssuer, validator: TokenValidator, signatures: Signatures
) -> None:
    """It is off unless it is asked for."""
    token = issuer.access_token()
    assert [code_of(validator, token) for _ in range(3)] == [None] * 3
    assert signatures.taken() == 3


def test_one_request_changes_the_claims_of_no_other(issuer: RegionalIssuer, caching: TokenValidator) -> None:
    """A handler may do what it likes with its claims, also with what is nested in them."""
    token = issuer.access_token(subject="alice", groups=["readers"])
    first = caching.validate(token)
    first.claims["sub"] = "mallory"
    first.claims["cognito:groups"].append("admins")
    again = caching.validate(token)
    assert (again.subject, again.groups) == ("alice", {"readers"})
    assert again.claims == claims_of(token)


def test_what_a_call_asks_is_asked_every_time(issuer: RegionalIssuer, caching: TokenValidator, seen: Recorder) -> None:
    """A token that was good for one route is not good for another (CVE-2021-32701)."""
    token = issuer.access_token(scopes=["orders/read"])
    assert code_of(caching, token, scopes=["orders/read"]) is None
    seen.events.clear()
    assert code_of(caching, token, scopes=["orders/write"]) == "insufficient_scope"
    assert code_of(caching, token, any_group=["admins"]) == "insufficient_groups"
    assert code_of(caching, token, token_use="id") == "wrong_token_use"
    assert [(event.code, event.issuer_kind) for event in seen.of(TokenRefused)] == [
        ("insufficient_scope", "current"), ("insufficient_groups", "current"), ("wrong_token_use", "current"),
    ]  # fmt: skip


def test_it_ends_with_its_token(issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock) -> None:
    """``exp`` and the leeway, to the second."""
    token = issuer.access_token(expires_in=100)
    assert code_of(caching, token) is None
    clock.advance(100 + LEEWAY - 1)
    assert code_of(caching, token) is None
    clock.advance(1)
    assert code_of(caching, token) == "expired"


def test_it_ends_with_the_window(issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock) -> None:
    """A legacy token is refused from the very second, without leeway, though it was good a moment ago."""
    issuer.switch_back()
    token = issuer.access_token(expires_in=7200)
    clock.advance(3599)
    assert code_of(caching, token) is None
    clock.advance(1)
    assert code_of(caching, token) == "legacy_issuer_retired"


def test_it_ends_after_its_time(
    issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock, signatures: Signatures
) -> None:
    """After ``ttl`` seconds the signature is checked again, and remembered again."""
    token = issuer.access_token()
    assert code_of(caching, token) is None
    clock.advance(TTL - 1)
    caching.validate(issuer.access_token())  # whatever is due is fetched
    signatures.taken()
    for step, expected in ((0, 0), (1, 1), (1, 0)):
        clock.advance(step)
        assert code_of(caching, token) is None
        assert signatures.taken() == expected


@pytest.mark.parametrize("back", [1, 86400])
def test_a_clock_that_is_set_back_forgets(
    issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock, signatures: Signatures, back: int
) -> None:
    """Then the token is judged as if it were the first time: a day back it is from the future."""
    token = issuer.access_token()
    assert code_of(caching, token) is None
    signatures.taken()
    clock.set(clock.wall() - back)
    assert code_of(caching, token) == (None if back <= LEEWAY else "not_yet_valid")
    assert signatures.taken() == (1 if back <= LEEWAY else 0)


def test_no_expired_token_comes_back_with_the_clock(
    issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock
) -> None:
    """Ahead, where it is expired, and back: it is good again only because it is not expired again."""
    token = issuer.access_token(expires_in=300)
    assert code_of(caching, token) is None
    clock.set(clock.wall() + 86400)
    assert code_of(caching, token) == "expired"
    clock.set(clock.wall() - 86400)
    assert code_of(caching, token) is None


def test_it_ends_with_its_key(issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock) -> None:
    """A withdrawn key ends all its tokens as soon as that is known, remembered or not."""
    old = issuer.access_token(expires_in=7200)
    assert code_of(caching, old) is None
    issuer.rotate(keep_old=False)
    assert code_of(caching, issuer.access_token()) is None  # has the keys fetched
    assert code_of(caching, old) == "unknown_key"


def test_another_key_under_the_same_name_is_another_key(issuer: RegionalIssuer, caching: TokenValidator) -> None:
    """The look-up must give the key that verified the token, not one that is called alike."""
    old, other = issuer.access_token(), replace(issuer.access_key, private_key=SigningKey.generate().private_key)
    assert code_of(caching, old) is None
    for endpoint in issuer.endpoints:
        issuer.publish(endpoint.region, endpoint.form, {"keys": [other.jwk]})
    assert code_of(caching, issuer.access_token(header={"kid": "unheard-of"})) == "unknown_key"  # has the keys fetched
    assert code_of(caching, old) == "invalid_signature"
    assert code_of(caching, issuer.access_token(key=other)) is None


def test_the_same_key_fetched_again_is_the_same(
    issuer: RegionalIssuer, caching: TokenValidator, clock: SettableClock, signatures: Signatures
) -> None:
    """A refresh that brings the same keys costs nobody a signature."""
    token = issuer.access_token()
    assert code_of(caching, token) is None
    fetched = issuer.count()
    assert code_of(caching, issuer.access_token(header={"kid": "unheard-of"})) == "unknown_key"  # fetches
    assert issuer.count() > fetched
    signatures.taken()
    assert code_of(caching, token) is None
    assert signatures.taken() == 0


def test_refusals_are_not_remembered(
    issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache, clock: SettableClock
) -> None:
    """What is refused now may be good later, and there is no end of what can be refused."""
    early = issuer.sign(merged(issuer.access_token(), nbf=clock.wall() + 100), key=issuer.access_key)
    for token in (early, issuer.forged_token(), issuer.access_token(expires_in=-60), "", "a.b.c", "ü", None, 7):
        assert code_of(caching, token) is not None
    assert len(cache) == 0
    clock.advance(100)
    assert code_of(caching, early) is None


def test_a_forged_copy_of_a_remembered_token_is_refused(issuer: RegionalIssuer, caching: TokenValidator) -> None:
    """The whole token counts: its signature too, and how its last character is written."""
    token = issuer.access_token()
    assert code_of(caching, token) is None
    stem, _, signature = token.rpartition(".")
    for spoilt in (f"{stem}.{signature[:-4]}AAAA", token + "=", token + "A", f"{stem}.", token.swapcase()):
        assert code_of(caching, spoilt) is not None
    assert code_of(caching, token) is None


def test_the_oldest_make_room(issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache) -> None:
    """It never holds more than it may, and forgets the oldest first."""
    tokens = [issuer.access_token() for _ in range(25)]
    for token in tokens:
        assert code_of(caching, token) is None
        assert len(cache) <= 10
    assert len(cache) == 10
    cache.clear()
    assert len(cache) == 0


def test_what_is_over_makes_room(
    issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache, clock: SettableClock
) -> None:
    """Entries whose time is over go as new ones come, so that a quiet service does not keep a busy day."""
    for _ in range(9):
        caching.validate(issuer.access_token())
    clock.advance(TTL)
    for _ in range(9):
        caching.validate(issuer.access_token())
    assert len(cache) == 9
    clock.advance(TTL)
    caching.validate(issuer.access_token())
    assert len(cache) == 8  # two go for each that comes


def test_two_validators_have_two_caches(issuer: RegionalIssuer, cache: TokenCache, caching: TokenValidator) -> None:
    """What one accepts the other may not: a second validator is refused, before it does anything."""
    with pytest.raises(ConfigurationError, match="another validator") as caught:
        validator_for(issuer, token_cache=cache, http_get=HTTP_GET)
    assert caught.value.parameter == "token_cache"


def test_a_validator_that_is_refused_takes_no_cache(issuer: RegionalIssuer) -> None:
    """A wrong setting can be mended, and the same cache used."""
    cache = TokenCache()
    with pytest.raises(ConfigurationError, match="leeway"):
        validator_for(issuer, token_cache=cache, leeway=-1, http_get=HTTP_GET)
    validator_for(issuer, token_cache=cache, http_get=HTTP_GET).close()


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        ({"max_entries": 0}, "max_entries"),
        ({"max_entries": True}, "max_entries"),
        ({"max_entries": 1_000_001}, "max_entries"),
        ({"ttl": 0.5}, "ttl"),
        ({"ttl": 3601}, "ttl"),
        ({"ttl": "60"}, "ttl"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], parameter: str) -> None:
    """Where the cache is made."""
    with pytest.raises(ConfigurationError) as caught:
        TokenCache(**settings)
    assert caught.value.parameter == parameter


def test_what_is_no_cache_is_refused(issuer: RegionalIssuer) -> None:
    """Whatever else there is to be had as a cache."""
    with pytest.raises(ConfigurationError, match="token_cache"):
        validator_for(issuer, token_cache={}, http_get=HTTP_GET)


def test_it_ends_with_its_validator(issuer: RegionalIssuer, cache: TokenCache) -> None:
    """A closed validator says so, also of a token that it knew."""
    token = issuer.access_token()
    with closing(validator_for(issuer, token_cache=cache, http_get=HTTP_GET)) as caching:
        assert code_of(caching, token) is None
    with pytest.raises(ValidatorClosed):
        caching.validate(token)


def test_it_says_what_it_is_and_nothing_of_what_it_holds(caching: TokenValidator, cache: TokenCache) -> None:
    """For a log."""
    assert repr(cache) == "TokenCache(max_entries=10, ttl=600)"


def test_where_somebody_else_writes_nobody_waits(
    issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache
) -> None:
    """A token that comes in that moment is validated and not remembered: a signal handler must not wait for itself."""
    token, someone = issuer.access_token(), object()
    cache._writers.append(someone)  # noqa: SLF001 - as if a thread were inside
    assert code_of(caching, token) is None
    assert len(cache) == 0
    cache._writers.remove(someone)  # noqa: SLF001
    assert code_of(caching, token) is None
    assert len(cache) == 1


def test_a_signal_handler_that_raises_ends_nothing(
    issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache
) -> None:
    """Wherever it comes, the next token is remembered again."""
    moments = 0
    while True:
        with interrupted(TokenCache.keep, moments) as raised, suppress(Interrupted):
            caching.validate(issuer.access_token(subject=f"user{moments}"))
        if not raised:
            break
        moments += 1
        cache.clear()
        caching.validate(issuer.access_token())
        assert len(cache) == 1
    assert moments > 3


def test_what_is_raised_is_what_comes_out(issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache) -> None:
    """Also where it was raised before there was anything to be tidied up."""
    cache._writers = _Full()  # noqa: SLF001
    with pytest.raises(MemoryError):
        caching.validate(issuer.access_token())


class _Full(list[object]):
    """A list that nothing goes into."""

    def append(self, _: object) -> None:
        """Have no memory left."""
        raise MemoryError


def test_what_is_cleared_meanwhile_stays_so(cache: TokenCache) -> None:
    """Whoever was remembering does so in what has been forgotten."""
    entries = cache._entries  # noqa: SLF001 - as somebody in the middle of it has them
    cache.clear()
    entries[b"digest"] = Remembered(None, 0, 1)
    assert len(cache) == 0


def test_many_threads_keep_it_in_bounds(issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache) -> None:
    """Each gets the subject of its own token, whoever writes meanwhile."""
    tokens = {f"user{n}": issuer.access_token(subject=f"user{n}") for n in range(30)}
    begin = threading.Barrier(8)

    def work() -> int:
        begin.wait()
        return sum(caching.validate(token).subject == name for _ in range(20) for name, token in tokens.items())

    with ThreadPoolExecutor(8) as pool:
        assert [future.result() for future in [pool.submit(work) for _ in range(8)]] == [600] * 8
    assert 0 < len(cache) <= 10


def test_a_token_that_is_no_plain_string_is_judged_as_ever(
    issuer: RegionalIssuer, caching: TokenValidator, cache: TokenCache
) -> None:
    """A subclass may say anything of itself: it is read by the long way, and never remembered."""

    class Shy(str):
        __slots__ = ()

        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002
            return b"another token"

    assert code_of(caching, Shy(issuer.access_token())) is None
    assert len(cache) == 0
    assert refusal(caching, Shy("a.b.c")).code == "malformed_token"
