"""Events wait in a queue: their order is kept, what does not fit is counted, and no request waits."""

from __future__ import annotations

import threading
from contextlib import closing, suppress

import pytest
from interrupting import Interrupted, interrupted
from observer_kit import PATIENCE, Held, observers, told

from jwtmr import BackgroundObserver, ConfigurationError, Event
from jwtmr.background import _Hands, _Turn
from jwtmr.events import TokenAccepted
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for


def test_the_order_is_kept() -> None:
    """One event at a time, in one thread, as they came, and all of them before it is closed."""
    inner = Held(held=False)
    observer = BackgroundObserver(inner, max_events=10_000)
    for number in range(5000):
        observer.on_event(told(number))
    assert observer.close(PATIENCE)
    assert inner.codes == [str(number) for number in range(5000)]
    assert len(inner.threads) == 1
    assert threading.current_thread() not in inner.threads
    assert (observer.dropped, observer.failures) == (0, 0)


@pytest.mark.parametrize("room", [1, 3])
def test_what_does_not_fit_is_counted(inner: Held, room: int) -> None:
    """While one event is worked on, so many others wait; the rest is dropped, and what comes later is not."""
    observer = BackgroundObserver(inner, max_events=room)
    observer.on_event(told(0))
    inner.wait()
    for number in range(1, room + 6):
        observer.on_event(told(number))
    assert observer.dropped == 5
    inner.go_on.release()
    inner.wait()
    observer.on_event(told(99))
    assert observer.dropped == 5
    inner.let_go()
    assert observer.close(PATIENCE)
    assert inner.codes == [*(str(number) for number in range(room + 1)), "99"]


class Failing:
    """An observer that raises at each event but the last."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.seen = error, list[Event]()

    def on_event(self, event: Event, /) -> None:
        """Raise."""
        self.seen.append(event)
        if event != told(3):
            raise self.error


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, StopIteration])
def test_failures_are_counted(error: type[Exception]) -> None:
    """And the next event goes on."""
    inner = Failing(error)
    observer = BackgroundObserver(inner)
    for number in range(4):
        observer.on_event(told(number))
    assert observer.close(PATIENCE)
    assert (observer.failures, observer.dropped, len(inner.seen)) == (3, 0, 4)


# pytest replaces the hook for threads, which would pass over SystemExit
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_observer_that_ends_its_thread() -> None:
    """``sys.exit()`` ends the thread that it is called in; the next event has another one."""
    failing = Failing(SystemExit)
    observer = BackgroundObserver(failing)
    for number in (0, 1, 3):
        observer.on_event(told(number))
        for thread in observers():
            thread.join(PATIENCE if number != 3 else 0)
    assert observer.close(PATIENCE)
    assert failing.seen == [told(0), told(1), told(3)]


@pytest.mark.parametrize("given", [0, -1, 1_000_001, 1.5, True, None, "1000"])
def test_refuses_bad_sizes(given: object) -> None:
    """Where it is made."""
    with pytest.raises(ConfigurationError) as caught:
        BackgroundObserver(Held(), max_events=given)
    assert caught.value.parameter == "max_events"


@pytest.mark.parametrize("given", [None, print, "observer", BackgroundObserver])
def test_refuses_what_cannot_observe(given: object) -> None:
    """Where it is made."""
    if given is BackgroundObserver:
        BackgroundObserver(BackgroundObserver(Held(held=False))).close()
        return
    with pytest.raises(ConfigurationError) as caught:
        BackgroundObserver(given)
    assert caught.value.parameter == "inner"


def test_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events wait for one, each tries again, and what does not fit is dropped; in the end all that waited go out."""
    start, refused = threading.Thread.start, []

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "jwtmr-observer":
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    inner = Held(held=False)
    observer = BackgroundObserver(inner, max_events=2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for number in range(3):
            observer.on_event(told(number))
        assert (len(refused), observer.dropped, inner.codes) == (2, 1, [])
        assert observer.close(0) is False
    assert observer.close(PATIENCE) is True
    assert inner.codes == ["0", "1"]


def test_many_threads_start_one(inner: Held) -> None:
    """However many bring the first event at once: two would mix the order up."""
    observer, together = BackgroundObserver(inner), threading.Barrier(8)

    def come(number: int) -> None:
        together.wait(PATIENCE)
        observer.on_event(told(number))

    threads = [threading.Thread(target=come, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(observers()) == 1
    inner.let_go()
    assert observer.close(PATIENCE)
    assert len(inner.seen) == 8


class Overtaking(dict[str, object]):
    """Another thread brings an event while one is about to start the thread."""

    def __init__(self, observer: BackgroundObserver) -> None:
        super().__init__()
        self.observer, self.struck = observer, False

    def setdefault(self, key: str, value: object) -> object:
        """Be overtaken once."""
        if not self.struck:
            self.struck = True
            self.observer.on_event(told(1))
        return super().setdefault(key, value)


def test_two_threads_at_once_start_one(inner: Held) -> None:
    """Also where both have seen that there is none."""
    observer = BackgroundObserver(inner)
    hands = observer._hands  # noqa: SLF001 - there is no other way to come in between
    hands._turns = Overtaking(observer)  # noqa: SLF001 - as above
    observer.on_event(told(0))
    assert len(observers()) == 1
    inner.let_go()
    assert observer.close(PATIENCE)
    assert sorted(inner.codes) == ["0", "1"]


def test_a_slow_observer_costs_a_validation_no_wait(inner: Held) -> None:
    """Tokens are accepted and refused while it is still at the first event; it is told of all of them."""
    observer = BackgroundObserver(inner)
    with RegionalIssuer() as issuer, closing(validator_for(issuer, observers=[observer], http_get=httpx_get())) as made:
        issuer.switch_to_updated()
        token = issuer.access_token()
        for _ in range(100):
            made.validate(token)
        assert len(inner.seen) <= 1
        assert made.status().observer_failures == 0
        inner.let_go()
        assert observer.close(PATIENCE)
    assert sum(isinstance(event, TokenAccepted) for event in inner.seen) == 100


def test_a_signal_handler_raises_while_the_thread_starts() -> None:
    """Wherever that is, the event is kept, and the next one finds a thread or starts it; there is never a second."""
    for at in range(50):
        inner = Held(held=False)
        observer = BackgroundObserver(inner)
        with interrupted(_Hands.start, at) as raised, suppress(Interrupted):
            observer.on_event(told(0))
        observer.on_event(told(1))
        assert observer.close(PATIENCE), f"call {at}"
        assert (inner.codes, len(inner.threads)) == (["0", "1"], 1), f"call {at}"
        if not raised:
            break
    assert at > 2, "nothing was interrupted"
    assert observers() == []


def test_a_thread_that_was_given_up_does_nothing() -> None:
    """It began when nobody believed that it would, and another has its events."""
    handed = list[str]()
    turn = _Turn(lambda: handed.append("on"))
    assert turn.becomes("given up")
    turn.thread.start()
    turn.thread.join(PATIENCE)
    assert not turn.becomes("begun")
    assert handed == []
