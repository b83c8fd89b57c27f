"""The memory of burnt keys, and what it leaves of an answer."""

from __future__ import annotations

import pytest
from keymaterial import set_of, thumbprint_of
from leaks import PUBLISHED, refresh, started

from jwtmr._keys.burnt import MAX_BURNT, Burnt
from jwtmr._keys.keyset import KeySet, parse_key_set
from jwtmr._keys.reading import Reading

NEW = "https://keys.example/new"


def keys_of(*names: str) -> KeySet:
    """A set."""
    return parse_key_set(set_of(*names), frozenset({"EdDSA"}))


def test_what_is_remembered() -> None:
    """New is what was not remembered."""
    burnt = Burnt()
    assert [burnt.remember(prints) for prints in ([], ["a"], ["a"], ["a", "b"], ["b"])] == [
        False, True, False, True, False,
    ]  # fmt: skip


def test_memory_is_bounded_and_the_oldest_stay() -> None:
    """What is burnt does not come back, whatever else an endpoint publishes."""
    burnt, first = Burnt(), thumbprint_of("a")
    burnt.remember([first])
    burnt.remember(f"x{number}" for number in range(MAX_BURNT - 2))
    assert burnt.remember([thumbprint_of("b")])
    assert not burnt.remember([thumbprint_of("c")])
    assert not burnt.remember(f"y{number}" for number in range(5000))
    sifted = burnt.sift(Reading("ok", keys_of("a", "b", "c")), None)
    assert sifted.keys is not None
    assert list(sifted.keys.keys) == ["c"]


def test_what_is_not_remembered_any_more_is_gone_from_what_is_held() -> None:
    """An endpoint has filled the memory: what leaks then is refused where it stands, and no copy keeps it."""
    world = started()
    world.state._endpoints.burnt.remember(map(str, range(MAX_BURNT)))  # noqa: SLF001
    world.servers[0].kids = ("a!", "b")
    world.servers[1].down = True
    refresh(world)
    assert set(world.state.view.keys) == {"b"}


@pytest.mark.parametrize("outcome", ["timeout", "unusable", "client_error"])
def test_only_good_answers_are_sifted(outcome: str) -> None:
    """What failed stays what it was, also where the copy that is held has lost all its keys."""
    burnt, reading = Burnt(), Reading(outcome, refused=("why",))  # type: ignore[arg-type]
    burnt.remember([thumbprint_of("a")])
    assert burnt.sift(reading, keys_of("a")) is reading
    assert burnt.sift(reading, None) is reading


def test_a_good_answer_without_burnt_keys_is_left_alone() -> None:
    """As it came, with or without keys of its own."""
    burnt = Burnt()
    burnt.remember([thumbprint_of("z")])
    for reading in (Reading("ok", keys_of("a", "b")), Reading("not_modified")):
        assert burnt.sift(reading, keys_of("a")) is reading
    assert burnt.sift(Reading("not_modified"), None).good


def test_what_is_left_of_an_answer() -> None:
    """Its other keys and all else that it says; with none of them its reasons, where the keys are and what leaked."""
    burnt, leaked = Burnt(), frozenset({"l"})
    burnt.remember([thumbprint_of("a")])
    good = Reading("ok", keys_of("a", "b"), 600, 20, '"x"', None, (), NEW, leaked)
    left = burnt.sift(good, None)
    assert left.keys is not None
    assert (left.outcome, list(left.keys.keys), left.refused) == ("ok", ["b"], (PUBLISHED,))
    assert (left.lifetime, left.age, left.etag, left.jwks_uri, left.leaked) == (600, 20, '"x"', NEW, leaked)
    none = burnt.sift(Reading("ok", keys_of("a"), 600, 20, '"x"', None, (), NEW, leaked), None)
    assert none == Reading("unusable", refused=("no usable key", PUBLISHED), jwks_uri=NEW, leaked=leaked)
