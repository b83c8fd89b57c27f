"""How a background observer ends: closed, forgotten, with its process or in a child, and never by hanging."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from queue import SimpleQueue

import pytest
from observer_kit import PATIENCE, Held, observers, told

from jwtmr import BackgroundObserver, ConfigurationError, Event

SCRIPT = Path(__file__).parent / "scripts" / "observers.py"


def test_closing_waits_and_says_whether_all_went_out(inner: Held) -> None:
    """It may be asked again; and it waits for no longer than it is told."""
    observer = BackgroundObserver(inner)
    for number in range(3):
        observer.on_event(told(number))
    inner.wait()
    assert observer.close(0) is False
    assert observer.close(0.01) is False
    inner.let_go()
    assert observer.close(PATIENCE) is True
    assert observer.close(0) is True
    assert inner.codes == ["0", "1", "2"]
    assert observers() == []


def test_closing_waits_for_the_event_that_is_worked_on(inner: Held) -> None:
    """An empty queue is not the end of it."""
    observer = BackgroundObserver(inner)
    observer.on_event(told(0))
    inner.wait()
    assert observer.close(0.01) is False
    inner.let_go()
    assert observer.close(PATIENCE) is True


def test_closing_what_never_began() -> None:
    """All of nothing went out, and no thread was started for it."""
    observer = BackgroundObserver(Held())
    assert observer.close(0) is True
    assert observer.close(0) is True
    assert observers() == []


def test_after_the_end_events_are_dropped() -> None:
    """And counted, and no thread is started for them."""
    inner = Held(held=False)
    observer = BackgroundObserver(inner)
    observer.on_event(told(0))
    assert observer.close(PATIENCE)
    for number in (1, 2):
        observer.on_event(told(number))
    assert observer.dropped == 2
    assert (inner.codes, observers()) == (["0"], [])
    assert observer.close(0) is True


def test_closing_while_the_thread_starts(inner: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has been made and has not begun yet is waited for as any other."""
    start, starting, go_on = threading.Thread.start, threading.Event(), threading.Event()

    def slowly(thread: threading.Thread) -> None:
        if thread.name == "jwtmr-observer":
            starting.set()
            assert go_on.wait(PATIENCE)
        start(thread)

    observer = BackgroundObserver(inner)
    first = threading.Thread(target=observer.on_event, args=(told(0),))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", slowly)
        start(first)
        assert starting.wait(PATIENCE)
        assert observer.close(0.01) is False
        go_on.set()
        first.join(PATIENCE)
    inner.let_go()
    assert observer.close(PATIENCE) is True
    assert inner.codes == ["0"]


class Awaited(threading.Event):
    """Says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, and say so."""
        self.waiting.set()
        return super().wait(timeout)


def test_closing_while_the_thread_fails_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it is told at once that not all went out; asked again, it goes out with another thread."""
    over, starting, inner = Awaited(), threading.Event(), Held(held=False)
    observer, start = BackgroundObserver(inner), threading.Thread.start

    def failing(thread: threading.Thread) -> None:
        if thread.name == "jwtmr-observer":
            observer._hands._turns["one"].over = over  # noqa: SLF001 - there is no other way to know that somebody waits
            starting.set()
            assert over.waiting.wait(PATIENCE)
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", failing)
        first = threading.Thread(target=observer.on_event, args=(told(0),))
        start(first)
        assert starting.wait(PATIENCE)
        assert observer.close(PATIENCE) is False
        first.join(PATIENCE)
    assert (inner.codes, observers(), observer.dropped) == ([], [], 0)
    assert observer.close(PATIENCE) is True
    assert inner.codes == ["0"]


class Overtaken:
    """A queue whose observer is closed while an event is on its way into it."""

    def __init__(self, observer: BackgroundObserver) -> None:
        self.observer, self.queue, self.struck = observer, SimpleQueue[Event | None](), False
        self.qsize, self.empty, self.get, self.get_nowait = (
            self.queue.qsize, self.queue.empty, self.queue.get, self.queue.get_nowait,
        )  # fmt: skip

    def put(self, event: Event | None) -> None:
        """Be overtaken once."""
        if not self.struck:
            self.struck = True
            self.observer.close(PATIENCE)
        self.queue.put(event)


def test_closing_while_an_event_comes() -> None:
    """It is not lost, but goes out before the next answer; and no thread is left behind that waits for more."""
    inner = Held(held=False)
    observer = BackgroundObserver(inner)
    observer._hands.queue = Overtaken(observer)  # noqa: SLF001 - there is no other way to come in between
    observer.on_event(told(0))
    for thread in observers():  # which found an end before the event
        thread.join(PATIENCE)
    assert observer.close(PATIENCE) is True
    assert (inner.codes, observers()) == (["0"], [])


def test_closing_from_the_inside() -> None:
    """An observer that closes itself does not wait for itself."""
    said = []

    class Closing:
        def on_event(self, _: Event, /) -> None:
            said.append(observer.close(PATIENCE))

    observer = BackgroundObserver(Closing())
    observer.on_event(told(0))
    for thread in observers():
        thread.join(PATIENCE)
    assert said == [False]
    assert observer.close(PATIENCE) is True


@pytest.mark.parametrize("timeout", [-1, 3601, None, "5", True, float("nan")])
def test_closing_takes_seconds(timeout: object) -> None:
    """And refuses what is none before anything is closed."""
    inner = Held(held=False)
    observer = BackgroundObserver(inner)
    with pytest.raises(ConfigurationError) as caught:
        observer.close(timeout)
    assert caught.value.parameter == "timeout"
    observer.on_event(told(0))
    assert observer.close(PATIENCE)
    assert inner.codes == ["0"]


def test_what_is_forgotten_ends() -> None:
    """An observer that nobody has any more hands on what it took, and its thread ends."""
    inner = Held()
    observer = BackgroundObserver(inner)
    for number in range(3):
        observer.on_event(told(number))
    inner.wait()
    (thread,), gone = observers(), weakref.ref(observer)
    del observer
    gc.collect()
    assert gone() is None
    inner.let_go()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert inner.codes == ["0", "1", "2"]


def run(what: str) -> list[str]:
    """What the script says."""
    # Python 3.12 and newer warn when a process with threads forks. That is what the script is for.
    line = [sys.executable, "-W", "ignore:This process:DeprecationWarning", str(SCRIPT), what]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_end_of_the_interpreter_waits_for_nothing() -> None:
    """Though its observer never comes back, and events wait for it."""
    assert run("end") == ["dropped 1"]


def test_a_child_has_its_own() -> None:
    """Thread, queue and counts; the parent's events are told in the parent, once."""
    assert run("fork") == ["child 0 0 True ['child']", "parent 1 True ['first', 'second', 'third']"]
