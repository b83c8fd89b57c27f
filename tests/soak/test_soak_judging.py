"""The model as a judge: lives written by hand, with answers that it must allow and answers that it must not."""

from __future__ import annotations

import json
from typing import Final

import pytest
from soak_facts import Fetch, Log, Request, Time, Token
from soak_model import Model, Verdict

from jwtmr.http import HttpAnswer

PLACES: Final = 3
EXPIRES: Final = 10**11
ORDER: Final = (0, 2, 1)


class Life:
    """A log that is written line by line. Seconds are counted from its beginning, which lies in the past."""

    def __init__(self) -> None:
        self.log = Log(PLACES, Time(), legacy_ends=EXPIRES)
        self._start = self.log.began - 100_000

    def asked(self, t: float, place: int, *kids: str, status: int = 200, trigger: str = "refresh") -> None:
        """An endpoint is asked, and answers within ten milliseconds."""
        body = json.dumps({"keys": [{"kid": kid, "n": f"key of {kid}"} for kid in kids]}).encode()
        fetch = Fetch(place, self._start + t, None, self._start + t + 0.01, HttpAnswer(status, {}, body))
        fetch.noted, fetch.trigger = fetch.returned + 0.001, trigger
        fetch.outcome = "ok" if status == 200 else "server_error"
        self.log.fetches.append(fetch)

    def all_asked(self, t: float, *kids: str, status: int = 200, trigger: str = "refresh") -> None:
        """A walk over all of them."""
        for step, place in enumerate(ORDER):
            self.asked(t + step / 50, place, *kids, status=status, trigger=trigger)

    def judged(self, t: float, kid: str, outcome: str, *, took: float = 0.1, signer: str = "") -> Verdict:
        """The verdict on one more answer."""
        token = Token("valid", "", kid, signer or f"key of {kid}", "current", EXPIRES, "")
        request = Request("validate", token, self._start + t, self._start + t + took, outcome)
        self.log.requests.append(request)
        return next(verdict for verdict in Model(self.log).verdicts() if verdict.request is request)


@pytest.fixture
def life() -> Life:
    """One that begins with a walk which found ``a`` everywhere."""
    life = Life()
    life.all_asked(0, "a")
    return life


def test_a_known_key_has_one_answer(life: Life) -> None:
    """The right signature is good, any other is not, and neither 401 for the key nor 503 will do."""
    assert life.judged(10, "a", "ok").complaints == ()
    assert life.judged(10, "a", "invalid_signature", signer="somebody's").complaints == ()
    for wrong in ("unknown_key", "keys_unavailable", "invalid_signature", "status 500"):
        verdict = life.judged(10, "a", wrong)
        assert verdict.forced
        assert verdict.complaints


def test_no_answer_past_an_hour(life: Life) -> None:
    """Once the last set is an hour old only 503 is right."""
    life.all_asked(900, status=503)
    assert life.judged(3599, "a", "ok").complaints == ()
    assert life.judged(3601, "a", "ok").allowed == {"keys_unavailable"}


def test_an_unknown_kid_in_an_outage_is_no_401(life: Life) -> None:
    """While endpoints fail nobody can say that a kid does not exist, whatever they had said a minute before."""
    life.all_asked(900, status=503)
    life.all_asked(1000, status=503, trigger="unknown_kid")
    verdict = life.judged(1000, "bogus", "unknown_key")
    assert verdict.allowed == {"keys_unavailable"}
    assert verdict.complaints


def test_an_endpoint_that_is_silent_for_an_hour_has_no_say(life: Life) -> None:
    """Then 401 may rest on the answers of the others."""
    for t in (900, 4600):
        life.asked(t, 0, status=503)
        life.asked(t, 2, "a")
        life.asked(t + 0.02, 1, "a")
    assert "unknown_key" in life.judged(4600, "bogus", "unknown_key").allowed


def test_an_unknown_kid_that_can_be_looked_for_is_no_503(life: Life) -> None:
    """Nothing stands in the way: everybody answers, and the bucket is full. Then a bogus kid is 401."""
    life.all_asked(1000, "a", trigger="unknown_kid")
    verdict = life.judged(999.9, "bogus", "keys_unavailable", took=0.3)
    assert verdict.allowed == {"unknown_key"}
    assert verdict.complaints


def test_a_new_key_is_found_by_the_first_who_asks(life: Life) -> None:
    """It is listed, and nothing stands in the way: no refusal will do."""
    life.all_asked(1000, "a", "new", trigger="unknown_kid")
    assert life.judged(999.9, "new", "unknown_key", took=0.3).allowed == {"ok"}


def test_who_may_not_walk_is_answered_by_the_last_walk(life: Life) -> None:
    """With an empty bucket a walk of the last half minute that heard everybody makes it 401; later it may be 503."""
    life.all_asked(1000, "a", trigger="unknown_kid")
    for n in range(3):
        life.judged(999.9 + n / 10, f"bogus {n}", "unknown_key")
    assert life.judged(1020, "another", "keys_unavailable").allowed == {"unknown_key"}
    assert "keys_unavailable" in life.judged(1035, "another", "keys_unavailable").allowed


def test_a_401_rests_on_answers_that_are_not_older_than_a_walk_and_its_memory(life: Life) -> None:
    """A refresh of a minute ago is no reason to say that a kid does not exist."""
    for n in range(3):
        life.judged(1000, f"bogus {n}", "keys_unavailable")
    life.all_asked(940, "a")
    assert life.judged(1000, "bogus", "unknown_key").allowed == {"keys_unavailable"}


def test_a_dropped_key_is_neither_good_nor_unknown(life: Life) -> None:
    """One endpoint left it out, another lists it still: 503 for an hour."""
    life.all_asked(900, "a", "b")
    life.asked(1800, 0, "b")
    life.asked(1800.02, 2, "a", "b")
    life.asked(1800.04, 1, "b")
    assert life.judged(1801, "a", "ok").allowed == {"keys_unavailable"}
    assert life.judged(1801, "a", "unknown_key").complaints


def test_waits_are_bounded(life: Life) -> None:
    """Two seconds for keys, none for who has them, and what the machine adds."""
    assert life.judged(10, "a", "ok", took=0.9).complaints == ()
    assert life.judged(10, "a", "ok", took=1.9).complaints
    assert life.judged(20, "bogus", "keys_unavailable", took=2.5).complaints == ()
    assert life.judged(30, "bogus", "keys_unavailable", took=3.9).complaints


def test_a_process_that_stood_still_is_granted_the_time(life: Life) -> None:
    """A wait that the machine caused is nobody's fault."""
    late = life.log.began - 100_000 + 12
    life.log.stalls.append((late, 1.5))
    assert life.judged(10, "a", "ok", took=2.4).complaints == ()


def test_an_answer_that_took_too_long_is_a_failure(life: Life) -> None:
    """What comes after 2.5 s adopts nothing."""
    life.asked(1000, 0, "new", trigger="unknown_kid")
    life.log.fetches[-1].returned += 3
    life.log.fetches[-1].noted += 3
    assert life.judged(1004, "new", "ok").complaints


def test_who_is_due_is_asked(life: Life) -> None:
    """Keys past their lifetime, traffic, and endpoints that nobody asks: that is neglect."""
    assert life.judged(700, "a", "ok").complaints
    life.all_asked(700.2, "a")
    assert life.judged(700, "a", "ok").complaints == ()


def test_the_bucket_is_not_overspent(life: Life) -> None:
    """Two walks at once and one more in half a minute are paid for, a fourth is not."""
    for t in (1000, 1000.2, 1031):
        life.all_asked(t, "a", trigger="unknown_kid")
    assert [*Model(life.log).of_the_life()] == []
    life.all_asked(1031.2, "a", trigger="unknown_kid")
    assert [*Model(life.log).of_the_life()] == ["endpoint 0 was asked 4 times in 32 s"]


def test_a_followed_redirect_is_told(life: Life) -> None:
    """Wherever it led."""
    life.log.followed = 1
    assert [*Model(life.log).of_the_life()] == ["1 redirects were followed"]
