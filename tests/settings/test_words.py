"""The small types that settings are made of: names, seconds, choices, and the key policy."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import time

import pytest
from refusal import assert_refused

import jwtmr
from jwtmr import UNCHECKED, ConfigurationError, KeyPolicy, SystemClock
from jwtmr.settings import names, one_of, read, seconds

NO_SECONDS = [True, False, None, "2", "", [2], math.nan, math.inf, -math.inf]


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        (["a", "b"], ("a", "b")),
        (("b", "a"), ("b", "a")),
        ({"b", "a"}, ("a", "b")),
        (frozenset({"b", "a"}), ("a", "b")),
        (["a", "b", "a"], ("a", "b")),
        ([" "], (" ",)),
    ],
)
def test_names_keep_their_order(given: object, listed: tuple[str, ...]) -> None:
    """Several names become a tuple in their order, each once; sets, which have none, are sorted."""
    assert names("clients", given) == listed


@pytest.mark.parametrize("given", ["abc", "", b"abc", None, 7, {"a": 1}, iter(["a"]), range(3), UNCHECKED])
def test_a_bare_string_is_no_collection(given: object) -> None:
    """A bare string, and whatever else is no list, tuple or set, is refused, also where empty is allowed."""
    assert_refused(lambda: names("clients", given), "clients", "must be a list, tuple or set of strings")
    assert_refused(lambda: names("clients", given, allow_empty=True), "clients", f"not {type(given).__name__}")


@pytest.mark.parametrize("given", [[""], ["a", ""], ["a", None], [1], [b"a"], {1, "a"}, [["a"]], (True,)])
def test_names_are_non_empty_strings(given: object) -> None:
    """One member that is no name spoils the collection."""
    assert_refused(lambda: names("clients", given), "clients", "non-empty strings")


@pytest.mark.parametrize("given", [[], (), set(), frozenset()])
def test_empty_is_not_unchecked(given: object) -> None:
    """An empty collection is refused where it would mean unchecked."""
    assert_refused(lambda: names("clients", given), "clients", "must not be empty")
    assert names("clients", given, allow_empty=True) == ()


@pytest.mark.parametrize("value", [1, 1.0, 2.5, 4, 4.0])
def test_seconds_between_bounds(value: float) -> None:
    """Numbers between the bounds pass as floats, the bounds included."""
    result = seconds("wait", value, low=1, high=4)
    assert result == value
    assert type(result) is float


@pytest.mark.parametrize("value", [0, 0.999, 4.001, 5, -1])
def test_seconds_out_of_bounds(value: float) -> None:
    """Outside the bounds the text names them."""
    assert_refused(lambda: seconds("wait", value, low=1, high=4), "wait", "between 1 and 4 seconds")


@pytest.mark.parametrize("value", NO_SECONDS)
def test_no_seconds(value: object) -> None:
    """Bools, strings and what is not finite are no seconds."""
    assert_refused(lambda: seconds("wait", value, low=0, high=4), "wait", "must be a number of seconds")


def test_an_endless_int_is_out_of_bounds() -> None:
    """An int beyond every float is refused like any other, not by an ``OverflowError``."""
    assert_refused(lambda: seconds("wait", 10**400, low=0, high=4), "wait", "seconds")
    assert_refused(lambda: KeyPolicy(wait=10**400), "wait", "seconds")


@pytest.mark.parametrize("value", ["C", "", None, 1, ["a"], {}])
def test_a_choice_names_the_others(value: object) -> None:
    """What is not among the choices is refused with their list."""
    one_of("kind", "a", ("a", "b"))
    assert_refused(lambda: one_of("kind", value, ("a", "b")), "kind", "must be 'a' or 'b'")


def test_unchecked_is_one_and_says_so() -> None:
    """There is one ``UNCHECKED``, also in copies and other processes, and it shows by its searchable name."""
    assert repr(UNCHECKED) == "jwtmr.UNCHECKED"
    assert copy.deepcopy(UNCHECKED) is pickle.loads(pickle.dumps(UNCHECKED)) is jwtmr.UNCHECKED
    assert not isinstance(UNCHECKED, str)


@pytest.mark.parametrize("max_stale", [0, 0.0, 1800, 3600, 86400])
def test_policy_takes_sound_staleness(max_stale: float) -> None:
    """Keys serve not at all past their lifetime, or for twice the longest lifetime up to a day."""
    assert KeyPolicy(max_stale=max_stale).max_stale == max_stale


@pytest.mark.parametrize("max_stale", [-1, -0.001, 86400.001, 86401])
def test_policy_refuses_unsound_staleness(max_stale: float) -> None:
    """Outside its bounds the text names them."""
    assert_refused(lambda: KeyPolicy(max_stale=max_stale), "max_stale", "between 0 and 86400 seconds")


@pytest.mark.parametrize("max_stale", [0.001, 1, 900, 1799, 1799.999])
def test_policy_refuses_half_a_lifetime(max_stale: float) -> None:
    """Between 0 and twice the longest lifetime, keys would end before they are refreshed."""
    assert_refused(lambda: KeyPolicy(max_stale=max_stale), "max_stale", "0 or at least 1800")


@pytest.mark.parametrize("value", NO_SECONDS)
@pytest.mark.parametrize("name", ["max_stale", "wait"])
def test_policy_refuses_no_seconds(name: str, value: object) -> None:
    """Every number of the policy is a real one."""
    assert_refused(lambda: KeyPolicy(**{name: value}), name, "must be a number of seconds")


def test_policy_bounds_the_wait() -> None:
    """A request waits between a tenth of a second and thirty."""
    assert [KeyPolicy(wait=wait).wait for wait in (0.1, 2, 30)] == [0.1, 2, 30]
    for wait in (0, 0.0999, 30.001, -1):
        assert_refused(lambda wait=wait: KeyPolicy(wait=wait), "wait", "between 0.1 and 30 seconds")


@pytest.mark.parametrize("refresh", ["Inline", "", None, True, "foreground"])
def test_policy_refuses_other_ways_to_refresh(refresh: object) -> None:
    """There are two ways to refresh, and the text names both."""
    assert KeyPolicy(refresh="inline").refresh == "inline"
    assert_refused(lambda: KeyPolicy(refresh=refresh), "refresh", "'background' or 'inline'")


def test_policy_cannot_be_changed_afterwards() -> None:
    """What was checked stays what it was; the defaults are those that are documented."""
    policy = KeyPolicy()
    assert (policy.max_stale, policy.wait, policy.refresh) == (3600, 2, "background")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.wait = 0
    with pytest.raises(ConfigurationError):
        dataclasses.replace(policy, wait=0)


def test_system_clock_is_this_machines() -> None:
    """The clocks of the machine: Unix time, and two that never go back."""
    clock = SystemClock()
    first, second = read(clock), read(clock)
    assert abs(first.wall - time.time()) < 5
    assert abs(first.mono - time.monotonic()) < 5
    assert (second.mono >= first.mono, second.boot >= first.boot) == (True, True)
    assert repr(clock) == "SystemClock()"
