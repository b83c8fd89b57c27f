"""Forks while another thread holds the lock for longer than a fork waits: ``url pool client token``."""

from __future__ import annotations

import sys
import threading

from common import PATIENCE, SYSTEM, fork, reap, say, validator_of

from jwtmr import KeyPolicy


class SlowClock:
    """A clock whose boot-time can be made to take for ever in one thread, as if the system had stopped that thread."""

    wall = staticmethod(SYSTEM.wall)
    monotonic = staticmethod(SYSTEM.monotonic)

    def __init__(self) -> None:
        self.stuck: threading.Thread | None = None
        self.is_stuck = threading.Event()
        self.go_on = threading.Event()

    def boottime(self) -> float:
        """Tell the time."""
        if threading.current_thread() is self.stuck:
            self.is_stuck.set()
            self.go_on.wait(2 * PATIENCE)
        return SYSTEM.boottime()


def main(url: str, pool: str, client: str, token: str) -> None:
    """Stop a thread inside the lock, fork, and let it go."""
    clock = SlowClock()
    validator = validator_of(url, pool, client, policy=KeyPolicy(wait=PATIENCE), clock=clock)
    validator.warm_up(require="all")
    states: list[str] = []
    clock.stuck = threading.Thread(target=lambda: states.append(validator.status().authorities[0].state), daemon=True)
    clock.stuck.start()
    clock.is_stuck.wait(PATIENCE)
    child = fork(lambda: f"{validator.validate(token).subject} {validator.status().authorities[0].state}")
    say("exit", reap(child))
    clock.go_on.set()
    clock.stuck.join(PATIENCE)
    say("parent", *states, validator.status().authorities[0].state)


if __name__ == "__main__":
    main(*sys.argv[1:])
