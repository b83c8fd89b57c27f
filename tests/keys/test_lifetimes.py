"""Fresh sets and the refresh ahead of their end (design section 5, "lifetime" and "refresh ahead")."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from furniture import COGNITO, highest, lowest, middle, seeded
from servers import Server, silent_server
from world import World

from jwtmr._keys.pace import Uniform
from jwtmr.settings import KeyPolicy

INLINE = KeyPolicy(refresh="inline")


def started(*servers: Server, uniform: Uniform = middle, policy: KeyPolicy | None = None) -> World:
    """A world that has had its first request."""
    world = World(*servers, uniform=uniform, policy=policy)
    assert world.get("a").outcome == "key"
    return world


def gaps(moments: Sequence[float]) -> list[float]:
    """Seconds from each moment to the next."""
    return [after - before for before, after in pairwise(moments)]


@pytest.mark.parametrize(("uniform", "share"), [(lowest, 0.7), (middle, 0.8), (highest, 0.9)])
@pytest.mark.parametrize(
    ("max_age", "age", "lifetime"),
    [
        *((30, None, 60), (100, None, 100), (600, None, 600), (900, None, 900), (86400, None, 900), (None, None, 600)),
        *((600, 300, 300), (600, 590, 60), (86400, 85800, 600)),
    ],
)
def test_a_set_is_asked_for_again_at_80_percent_of_its_lifetime(
    uniform: Uniform, share: float, max_age: int | None, age: int | None, lifetime: float
) -> None:
    """With ten per cent of jitter to either side, by the lifetime that its headers give it, within the clamps."""
    world = started(Server(max_age=max_age, age=age), uniform=uniform)
    world.keep_asking("a", lifetime, every=0.25)
    first, second = world.asked(0)[:2]
    assert share * lifetime - 0.01 <= second.at - first.at <= share * lifetime + 0.3
    assert second.trigger == "refresh"


def test_nobody_is_asked_without_traffic() -> None:
    """A refresh is triggered by a request, not by a timer."""
    world = started(Server())
    world.run(3000)
    assert len(world.asks) == 1
    world.get("a")
    world.run(1)
    assert len(world.asks) == 2


def test_a_refresh_delays_nobody() -> None:
    """Not even while the endpoint keeps silent."""
    world = started(Server())
    world.servers[0].silent()
    answers = world.keep_asking("a", 1200)
    assert {(answer.outcome, answer.waited) for answer in answers} == {("key", 0)}
    assert len(world.asks) > 2


def test_many_requests_at_once_cause_one_refresh() -> None:
    """A thousand of them find it due."""
    world = started(Server())
    world.run(500)
    for _ in range(1000):
        world.request("a")
    world.run(1)
    assert len(world.asks) == 2


def test_start_up_stops_at_the_first_usable_set_and_the_refresh_asks_everybody() -> None:
    """In asking order, each as soon as the one before has answered."""
    world = started(Server(), Server(), Server())
    assert [ask.place for ask in world.asks] == [0]
    world.keep_asking("a", 485)
    assert [(ask.place, ask.trigger) for ask in world.asks[1:]] == [(0, "refresh"), (2, "refresh"), (1, "refresh")]
    assert world.walks_for("refresh") == [world.asks[1].at]


def test_each_endpoint_is_asked_on_its_own_lifetime() -> None:
    """After the first refresh, which all join, they part."""
    world = started(Server(max_age=300), Server(max_age=600), Server(max_age=900))
    world.keep_asking("a", 7200)
    first, second, third = ([ask.at for ask in world.asked(place)] for place in range(3))
    assert gaps(first)[:28] == pytest.approx([240] * 28, abs=1.3)
    assert gaps(second)[:14] == pytest.approx([480] * 14, abs=1.3)
    assert gaps(third)[:9] == pytest.approx([720] * 9, abs=1.3)
    assert len(world.asks) <= 30 + 16 + 11


def test_a_refresh_is_conditional_and_a_304_renews_the_lifetime() -> None:
    """Two hours of ``Not Modified``, and the keys never grow stale."""
    world = started(Server(etags=True), Server(etags=True))
    answers = world.keep_asking("a", 7200)
    world.run(1)
    assert all(answer.outcome == "key" for answer in answers)
    first, rest = world.asked(0)[0], world.asked(0)[1:]
    assert (first.etag, first.outcome) == (None, "ok")
    assert {(ask.etag is None, ask.outcome) for ask in rest} == {(False, "not_modified")}
    assert gaps([ask.at for ask in rest]) == pytest.approx([480] * (len(rest) - 1), abs=1.3)
    assert world.state.report(world.now())[0] == pytest.approx(3600, abs=481)


def test_without_an_etag_a_refresh_is_unconditional() -> None:
    """There is nothing to compare with."""
    world = started(Server(etags=False))
    world.keep_asking("a", 2000)
    assert {(ask.etag, ask.outcome) for ask in world.asks} == {(None, "ok")}


def test_a_new_set_is_asked_for_with_its_own_etag() -> None:
    """The tag of a set that is no longer held is not sent."""
    world = started(Server(etags=True))
    world.servers[0].kids = ("a", "b")
    world.keep_asking("a", 1000)
    assert [ask.outcome for ask in world.asks] == ["ok", "ok", "not_modified"]
    assert world.asks[1].etag != world.asks[2].etag
    assert world.get("b").waited == 0


def test_headers_of_errors_say_nothing_about_the_lifetime() -> None:
    """A 503 that may be cached for a day does not keep anybody from asking again."""
    world = started(Server())
    world.servers[0].status, world.servers[0].max_age = 503, 86400
    world.keep_asking("a", 600)
    assert [ask.outcome for ask in world.asks][:3] == ["ok", "server_error", "server_error"]
    assert world.asks[2].at - world.asks[1].at < 3


def test_processes_do_not_refresh_in_step() -> None:
    """A hundred that started together spread over a fifth of the lifetime, and none leaves its bounds."""
    moments = []
    for seed in range(100):
        world = started(Server(), uniform=seeded(seed))
        world.keep_asking("a", 560, every=5)
        moments.append(world.asks[1].at)
    assert 420 <= min(moments) < 440
    assert 525 < max(moments) <= 546
    assert len(set(moments)) > 15


def test_inline_refresh_happens_in_the_request() -> None:
    """For AWS Lambda: the request that finds the keys due waits for the walk, and has its outcome."""
    world = started(Server(), policy=INLINE)
    world.servers[0].kids = ("a=new",)
    world.run(500)
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert world.asks[1].outcome == "ok"
    assert request.key == world.find("a")


def test_inline_refresh_waits_for_a_silent_endpoint_as_long_as_its_head_start() -> None:
    """Then the old key serves, also while the attempt goes on, and later too."""
    world = started(Server(), policy=INLINE)
    world.servers[0].silent()
    world.run(500)
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(0.4, abs=0.11))
    assert world.get("a").waited == 0
    assert max(later.waited for later in world.keep_asking("a", 60) if later.outcome) < 0.51


def test_inline_refresh_waits_for_nothing_when_nothing_is_due() -> None:
    """Fresh keys are used at once, and so are those of an endpoint that is in its pause."""
    world = started(Server(), policy=INLINE)
    assert world.get("a").waited == 0
    world.servers[0].down = True
    world.run(500)
    assert world.get("a").waited == 0.0625
    assert world.get("a").waited == 0


def test_endpoints_of_the_worlds_stand_as_those_of_cognito() -> None:
    """Updated and original host of the primary region, then a replica; a silent host is silent."""
    assert COGNITO == ("us-east-1", "us-east-1", "us-west-2")
    world = World(silent_server())
    request = world.get("a")
    assert (request.outcome, request.waited) == ("503", pytest.approx(2))
