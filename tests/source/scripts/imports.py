"""Says what is imported when, and in which thread: one line of JSON."""

from __future__ import annotations

import json
import sys
import threading

HEAVY = ("httpx", "httpx2", "httpcore", "h11", "anyio", "fastapi", "starlette", "flask")


class Witness:
    """A finder that finds nothing and remembers who looked for what."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def find_spec(self, name: str, *_: object) -> None:
        """Take note."""
        self.seen.append((name, threading.current_thread().name))


def heavy() -> list[str]:
    """Which of the modules that must not be there are there."""
    return [name for name in HEAVY if name in sys.modules]


def main() -> None:
    """Import, make validators, fetch, and say what it took."""
    witness = Witness()
    sys.meta_path.insert(0, witness)  # type: ignore[arg-type]
    import jwtmr  # noqa: PLC0415  # that is what is looked at

    after_import = heavy()
    pool = jwtmr.CognitoUserPool("us-east-1_x", issuer_type="original", client_ids=["c"], token_use="id")
    own = jwtmr.TokenValidator(pool, http_get=lambda *_, **__: jwtmr.HttpAnswer(500, {}, b""))
    own.warm_up()
    after_own = heavy()
    jwtmr.TokenValidator(pool)
    after_default = heavy()
    threads = {thread for name, thread in witness.seen if name.partition(".")[0] in HEAVY}
    witness.seen.clear()
    from jwtmr.testing import RegionalIssuer, validator_for  # noqa: PLC0415

    witness.seen.clear()
    with RegionalIssuer(["us-east-1"]) as issuer:
        validator_for(issuer, issuer_type="original").validate(issuer.access_token())
    flight = [name for name, thread in witness.seen if thread in ("jwtmr-fly", "jwtmr-attempt")]
    sys.stdout.write(json.dumps([after_import, after_own, after_default, sorted(threads), flight]))


if __name__ == "__main__":
    main()
