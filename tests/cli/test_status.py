"""``jwtmr status``: a real view in each of its states, and all that is none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import pytest
from cli_world import Ran, jwtmr
from flask import Flask
from werkzeug.serving import make_server

from jwtmr import OidcProvider, TokenValidator
from jwtmr.bearer import HealthView
from jwtmr.cli.status.explained import span
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, SettableClock, validator_for
from jwtmr_flask import BearerAuth

HOUR: Final = 3600.0
NASTY: Final = "x\x1b[2J\u202e\nok: all is well"


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that always says ``answer``; its address."""
    with LoopbackServer(lambda request: answer) as server:
        yield f"{server.url}/readyz"


def told(status: str, *authorities: object, code: int | None = None) -> Answer:
    """What a view says."""
    body = json.dumps({"status": status, "authorities": authorities}).encode()
    return (503 if status == "unavailable" else 200) if code is None else code, {}, body


def authority(state: str = "ok", left: int | None = 3725, **more: object) -> dict[str, object]:
    """One of them."""
    ready = state in ("ok", "degraded")
    return {"state": state, "ready": ready, "seconds_left": left if ready else None, **more}


def ask(answer: Answer, options: str = "") -> Ran:
    """What ``jwtmr status`` makes of it."""
    with answering(answer) as url:
        return jwtmr(f"status {url} {options}")


@contextmanager
def place(state: str) -> Iterator[tuple[RegionalIssuer, TokenValidator]]:
    """A validator that is in this state."""
    clock = SettableClock()
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as issuer:
        issuer.switch_to_updated()
        validator = validator_for(issuer) if state != "retired" else TokenValidator(_retired(issuer), clock=clock)
        if state == "down":
            issuer.take_down("us-east-1")
            issuer.take_down("us-west-2")
        if state not in ("cold", "retired"):
            validator.warm_up()
        if state == "degraded":
            issuer.take_down("us-east-1")
            issuer.take_down("us-west-2")
            clock.advance(0.75 * HOUR)
        yield issuer, validator
        validator.close()


def _retired(issuer: RegionalIssuer) -> OidcProvider:
    return OidcProvider(
        issuer.original_issuer, audience="api", client_ids=["app"], token_type="at+jwt",
        jwks_uris=issuer.jwks_uris, accept_until=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


ASKED: Final = [
    ("cold", 1, "nobody has asked for its keys"),
    ("ok", 0, "if all its endpoints stay silent, tokens can be checked for"),
    ("degraded", 0, "past their lifetime"),
    ("down", 1, "keys_unavailable"),
    ("retired", 1, "its issuers are all retired"),
]


@pytest.mark.parametrize(("state", "code", "words"), ASKED)
def test_a_real_view_is_explained_in_every_state(state: str, code: int, words: str) -> None:
    """What a validator says of itself, over HTTP, in words; what the view hides stays hidden."""
    with place(state) as (issuer, validator):
        status = validator.status()  # which asks for keys that are due, so once
        for shown in (True, False):
            document = HealthView(show_urls=shown).answer(status)
            answer = document.status, document.headers, document.body
            ran, strict, read = ask(answer), ask(answer, "--strict"), ask(answer, "--json").document
            text = " ".join(ran.out.split())
            assert (ran.code, words in text) == (code, True), ran
            assert strict.code == (0 if state == "ok" else 1)
            assert (issuer.jwks_uris[0] in text) is shown
            assert read["authorities"][0]["state"] == state


def test_the_document_has_its_form() -> None:
    """A program may rely on these members."""
    with place("ok") as (_, validator):
        document = HealthView(show_urls=True).answer(validator.status())
        read = ask((document.status, document.headers, document.body), "--json").document
    assert set(read) == {"schema", "source", "http_status", "status", "ready", "warnings", "authorities"}
    assert (read["schema"], read["http_status"], read["status"], read["ready"]) == ("jwtmr.status/1", 200, "ok", True)
    (one,) = read["authorities"]
    assert set(one) == {"state", "ready", "seconds_left", "id", "endpoints", "problems", "means", "to_do"}
    told_endpoint = document.content["authorities"][0]["endpoints"][0]  # type: ignore[index]
    assert one["endpoints"][0] == told_endpoint


def test_the_view_of_a_running_app_is_asked() -> None:
    """Flask behind a real server, as an operator would ask it; and under an override, which says less than nothing."""
    app, auth = Flask(__name__), BearerAuth()
    with place("ok") as (_, validator):
        auth.init_app(app, validator)
        auth.add_health(app, "/readyz")
        server = make_server("127.0.0.1", 0, app)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            good, wrong = jwtmr(f"status {url}/readyz"), jwtmr(f"status {url}/elsewhere")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    assert (good.code, good.out.splitlines()[0]) == (0, "ok: it is ready, and its keys are fresh")
    assert (wrong.code, "/readyz" in wrong.err) == (3, True)
    overridden = ask(told("ok"))
    assert (overridden.code, "overridden" in overridden.out) == (0, True)
    assert ask(told("ok"), "--strict").code == 1


def test_an_authority_that_is_required_makes_it_unavailable() -> None:
    """Although another one could serve: that is said, as it would puzzle."""
    ran = ask(told("unavailable", authority(), authority("down")))
    assert ran.code == 1
    assert "told to require" in " ".join(ran.out.split())
    assert "authority 2" in ran.out


ENDPOINT: Final = {
    "url": "https://keys.example/", "jwks_uri": None, "region": None, "state": "ok", "keys": 2, "age": 5,
    "seconds_left": 9, "failures": 0, "last_outcome": None,
}  # fmt: skip
NO_VIEWS: Final[list[Answer]] = [
    *((status, {"Location": "/readyz"}, b"") for status in (204, 301, 302, 401, 403, 404, 418, 500, 502)),
    *((status, {}, body) for status in (200, 503) for body in (b"", b"ok", b"[]", b"{}", b"<html>")),
    (200, {}, b'{"status":"ok"}'),
    (200, {}, b'{"status":"ok","status":"ok","authorities":[]}'),
    (200, {}, b'{"status":"ok","authorities":' + b"[" * 5000),
    (200, {}, b'{"status":"ok","authorities":[],"x":"' + b"x" * 600_000 + b'"}'),
    told("fine", authority()), told("ok", authority("lost")), told("ok", authority(left=-1)), told("ok", 7),
    told("ok", authority(ready=1)), told("ok", authority(left=1.5)), told("ok", authority(seconds_left="60")),
    told("ok", authority(id=7)), told("ok", authority(endpoints=[{}])), told("ok", authority(problems="none")),
    told("ok", authority(endpoints=[{**ENDPOINT, "state": "fine"}])), told("ok", *[authority()] * 1001),
    told("ok", authority(endpoints=[{**ENDPOINT, "keys": True}])), told("ok", authority(id="x" * 5000)),
]  # fmt: skip


@pytest.mark.parametrize("answer", NO_VIEWS, ids=range(len(NO_VIEWS)))
def test_what_is_no_view_is_unknown(answer: Answer) -> None:
    """Whatever it says, it is not the word of this library; nothing of it is shown."""
    ran = ask(answer)
    assert (ran.code, ran.out) == (3, "")
    assert "could not tell" in ran.err


@pytest.mark.parametrize(
    "answer",
    [
        told("ok", authority(), code=503), told("degraded", authority("degraded"), code=503),
        told("unavailable", authority("down"), code=200), told("ok", authority("down")),
        told("degraded", authority("cold")), told("ok", authority("down", ready=True)),
        told("ok", authority(), authority(ready=False)), told("ok", authority(), authority("degraded")),
        told("ok", authority(), authority("down")), told("ok", authority(), authority("cold")),
    ],
)  # fmt: skip
def test_an_answer_that_contradicts_itself_is_unknown(answer: Answer) -> None:
    """A cache or a proxy that changes the status would make a probe see another app than a person."""
    ran = ask(answer)
    assert ran.code == 3
    assert "contradict" in ran.err


def test_nobody_there_is_unknown() -> None:
    """No app, or one that hangs."""
    with LoopbackServer(lambda request: told("ok", authority())) as server:
        server.take_down("accept_silent")
        hanging = jwtmr(f"status {server.url} --timeout 0.2")
        server.take_down("refuse")
        gone = jwtmr(f"status {server.url}")
    assert (hanging.code, "no answer within 0.2 s" in hanging.err) == (3, True)
    assert (gone.code, "no answer" in gone.err) == (3, True)


def test_a_slow_unavailable_answer_ends_in_time() -> None:
    """The body of a 503 is read as any other, byte after byte and no longer than its time."""

    def slow(request: RecordedRequest) -> Answer:
        status, _, body = told("unavailable", authority("down"))
        return status, {"Content-Length": str(len(body) + 10)}, body

    with LoopbackServer(slow) as server:
        ran = jwtmr(f"status {server.url} --timeout 0.3")
    assert (ran.code, ran.out) == (3, "")


def test_nothing_hostile_reaches_the_terminal() -> None:
    """Ids, addresses, regions and problems come from whoever answers."""
    endpoint = {**ENDPOINT, "url": NASTY, "jwks_uri": NASTY + "2", "region": NASTY}
    ran = ask(told("ok", authority(id=NASTY, endpoints=[endpoint], problems=[NASTY])))
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert sum(line.startswith("ok:") for line in ran.out.splitlines()) == 1


def test_a_view_can_be_piped_in() -> None:
    """From where no address leads, as out of a container. Members of a newer jwtmr are left alone."""
    said = json.dumps({"status": "ok", "authorities": [authority(more=1)], "version": 2})
    assert jwtmr("status -", stdin=said).code == 0


@pytest.mark.parametrize(
    "line",
    ["", "health.json", "http://example.com/readyz", "https://u:p@example.com/", "a b", "https://example.com/#x"],
)
def test_what_cannot_be_run_is_usage(line: str) -> None:
    """And nobody is asked."""
    assert jwtmr(f"status {line}").code == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (86400, "1 d"), (90061, "1 d 1 h"), (3605, "1 h")],
)
def test_a_stretch_of_time_is_told_in_two_units(seconds: int, said: str) -> None:
    """Nobody wants seconds of days."""
    assert span(seconds) == said
