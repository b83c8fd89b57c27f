"""``jwtmr drain``: reports and metrics, in every state, and what is none of either."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from cli_world import Ran, jwtmr
from drain_files import DAY, HOUR, OLD, POOL, report, scraped
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from jwtmr.cli.drain.estimate import process_of
from jwtmr.cli.drain.exposition import BadMetrics, read_metrics
from jwtmr.drain import DrainReport, IssuerDrain, ProcessDrain, Seen
from jwtmr.extras.prometheus import PrometheusObserver
from jwtmr.testing import LoopbackServer, RegionalIssuer, SettableClock, validator_for

CLOCK: Final = SettableClock()
NOW: Final = CLOCK.wall()

Drain = Callable[..., Ran]


@pytest.fixture
def drain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drain:
    """Runs ``jwtmr drain`` in a directory with the files that are given by name."""
    monkeypatch.chdir(tmp_path)

    def running(line: str, stdin: str | bytes = b"", **files: DrainReport | str) -> Ran:
        for name, content in files.items():
            text = content.to_json() if isinstance(content, DrainReport) else content
            Path(f"{name}.json").write_text(text)
        return jwtmr(f"drain {line}", stdin=stdin, clock=CLOCK)

    return running


STATES: Final = [
    (report(NOW, 2 * DAY), 0, "safe", "safe", "the legacy issuer can go"),
    (report(NOW, None), 0, "safe", "safe", "no token of it was accepted"),
    (report(NOW, 2 * DAY, closed=True), 0, "closed", "safe", "refused already"),
    (report(NOW, HOUR), 1, "waiting", "not yet", "safe after"),
    (report(NOW, 0, 10), 1, "not_yet", "not yet", "still in use"),
    (report(NOW, 2 * DAY, since=HOUR), 3, "too_early", "could not tell", "too early"),
    (report(NOW, None, None), 3, "too_early", "could not tell", "Go on collecting"),
    (report(NOW, 3 * DAY, taken=2 * DAY), 3, "too_early", "could not tell", "reported a day ago or longer"),
    (DrainReport(()), 3, "too_early", "could not tell", "Nothing was seen"),
]


@pytest.mark.parametrize("row", STATES, ids=range(len(STATES)))
def test_each_state_has_its_answer(drain: Drain, row: tuple[DrainReport, int, str, str, str]) -> None:
    """In the words of the verdict, and in an exit code."""
    one, code, state, answer, words = row
    ran = drain("one.json --json", one=one)
    verdict = one.verdict(NOW)
    assert (ran.code, ran.document["verdict"]["state"], ran.document["answer"]) == (code, state, answer)
    assert ran.document["verdict"]["text"] == verdict.text
    shown = " ".join(drain("one.json").out.split())
    assert words in shown
    assert verdict.text in shown


def test_the_document_has_its_form(drain: Drain) -> None:
    """A program may rely on these members."""
    document = drain("one.json --json", one=report(NOW, HOUR)).document
    assert document["schema"] == "jwtmr.drain/1"
    assert set(document) == {
        "schema", "evidence", "answer", "verdict", "processes", "since", "until", "sources", "legacy",
    }  # fmt: skip
    assert set(document["verdict"]) == {"state", "safe_after", "text", "issuer"}
    (issuer,) = document["legacy"]
    assert set(issuer) == {
        "authority", "issuer", "region", "accept_until", "accepted", "would_have_refused", "clients",
    }  # fmt: skip
    assert set(issuer["clients"][0]) == {"client", "accepted", "first_seen", "last_seen", "latest_expiry"}
    assert set(document["sources"][0]) == {"source", "processes", "problem"}


def test_a_directory_is_all_its_reports(drain: Drain) -> None:
    """Each once, however often it is named; other files there are none."""
    files = {
        "a": report(NOW, HOUR),
        "b": report(NOW, 2 * DAY, name="2-b", clients=("cron", "old")),
        "c": report(NOW, HOUR),
    }
    Path("notes.txt").write_text("no report")
    ran = drain(". a.json --json", **files)
    clients = {one["client"]: one["accepted"] for one in ran.document["legacy"][0]["clients"]}
    assert (ran.code, ran.document["processes"]) == (1, 2)
    assert clients == {"web": 5, "cron": 6 + 5, "old": 6}
    assert "Seen by 2 processes, all of them since" in drain(".").out


def test_stdin_is_a_report(drain: Drain) -> None:
    """For one that comes over the wire."""
    assert drain("-", stdin=report(NOW, 2 * DAY).to_json()).code == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2}', "\ufeff", "[" * 10_000, '{"schema": 1, "processes": 7}']
)
def test_a_file_that_is_no_report_leaves_the_answer_open(drain: Drain, text: str) -> None:
    """What the others say is shown, and is not enough: a report that is missing is a process that nobody heard."""
    ran = drain("good.json bad.json --json", good=report(NOW, 2 * DAY), bad=text)
    assert (ran.code, ran.document["answer"], ran.document["verdict"]["state"]) == (3, "could not tell", "safe")
    assert [source["problem"] is None for source in ran.document["sources"]] == [True, False]
    shown = drain("good.json bad.json").out
    assert "bad.json: report: must" in shown
    assert "a part of the evidence is missing" in shown


def test_an_empty_directory_is_no_evidence(drain: Drain, tmp_path: Path) -> None:
    """A wrong path must not look like peace."""
    (tmp_path / "empty").mkdir()
    assert drain("empty").code == 3
    assert "holds no *.json" in drain("empty").out


def test_names_of_clients_cannot_speak_to_the_terminal(drain: Drain) -> None:
    """Who mints tokens chooses them, and so does who writes a report."""
    ran = drain("one.json", one=report(NOW, HOUR, clients=("a\x1b[2J\u202e", "b\nsafe: all is well")))
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "\nsafe" not in ran.out


def test_tokens_without_a_client_are_counted(drain: Drain) -> None:
    """They are somebody's too. A dry run tells what would be refused."""
    seen = Seen(4, NOW - DAY, NOW - HOUR, NOW + 10**9, NOW - HOUR, 10.0)
    issuer = IssuerDrain(POOL, OLD, "legacy", None, None, {}, seen, 3)
    ran = drain("one.json", one=DrainReport((ProcessDrain("p", NOW - 2 * DAY, NOW, 30, (issuer,)),)))
    assert "(others)" in ran.out
    assert "would have refused: 3" in ran.out
    assert "its window ends: never" in ran.out


@pytest.mark.parametrize(
    "line",
    [
        "", "nowhere.json", "one.json one.json", "https://example.com/report", "--metrics ftp://localhost/",
        "one.json --metrics https://example.com/", "--metrics http://10.0.0.1/metrics", "--metrics metrics.txt",
        "--metrics - --metrics -", "one.json --switched-at 2026-11-29T20:00:00Z",
        "--metrics - --switched-at 2026-11-29", "--metrics - --switched-at yesterday",
        "--metrics https://u:p@example.com/ --plain-http",
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_usage(drain: Drain, line: str) -> None:
    """And nobody is asked."""
    ran = drain(line, one=report(NOW, HOUR))
    assert (ran.code, ran.out) == (2, "")


def test_plain_http_is_offered_and_must_be_said(drain: Drain) -> None:
    """Workers often serve metrics without TLS; who is between can lie about them."""
    line = "--metrics http://host.invalid/metrics --timeout 0.2"
    assert "--plain-http" in drain(line).err
    assert drain(f"{line} --plain-http").code == 3


@pytest.fixture(scope="module")
def metrics() -> bytes:
    """What a worker says that accepted a legacy token, and a minute later a current one."""
    clock = SettableClock(NOW)
    return scraped(clock, switched=True, accept_legacy_until=clock.now() + timedelta(days=9))


@pytest.mark.parametrize(
    ("later", "code", "state"),
    [(60, 1, "waiting"), (DAY, 1, "waiting"), (DAY + 2 * HOUR, 0, "safe"), (10 * DAY, 0, "closed")],
)
def test_metrics_tell_what_they_can(metrics: bytes, later: float, code: int, state: str) -> None:
    """The last legacy token may have come just before it expired, so a day after that is safe."""
    ran = jwtmr("drain --metrics - --json", stdin=metrics, clock=SettableClock(NOW + later))
    assert (ran.code, ran.document["verdict"]["state"], ran.document["evidence"]) == (code, state, "metrics")
    (client,) = ran.document["legacy"][0]["clients"]
    assert (client["accepted"], client["latest_expiry"]) == (1, NOW + HOUR)
    assert client["last_seen"] is None
    shown = jwtmr("drain --metrics -", stdin=metrics, clock=SettableClock(NOW + later)).out
    assert "By metrics" in shown
    assert "last seen" not in shown


def test_a_pool_that_still_issues_legacy_tokens_is_not_ready() -> None:
    """No current token came, or none later."""
    clock = SettableClock(NOW)
    text = scraped(clock, switched=False, accept_legacy_until=clock.now() + timedelta(days=9))
    ran = jwtmr("drain --metrics -", stdin=text, clock=clock)
    assert ran.code == 1
    assert "still in use" in ran.out


LINES: Final = {
    "until": f'jwtmr_legacy_issuer_accept_until_timestamp_seconds{{authority="p",issuer="{OLD}"}} {NOW + 9 * DAY}\n',
    "current": f'jwtmr_token_latest_issue_timestamp_seconds{{authority="p",issuer_kind="current"}} {NOW - 60}\n',
    "since": f'jwtmr_validations_created{{authority="",code="expired"}} {NOW - 3 * DAY:e}\n',
    "serves": 'jwtmr_keys_serve_until_timestamp_seconds{authority="p"} +Inf\n',
}


def of(*names: str) -> str:
    """An answer of these lines."""
    return "".join(LINES[name] for name in names)


def test_since_when_current_tokens_come_must_be_said(drain: Drain) -> None:
    """Metrics tell when the last one was issued. Whoever switched the pool knows more."""
    text = of("until", "current", "since")
    assert drain("--metrics - --json", stdin=text).document["verdict"]["state"] == "too_early"
    assert "--switched-at" in drain("--metrics -", stdin=text).out
    moment = SettableClock(NOW - 2 * DAY).now().isoformat()
    assert drain(f"--metrics - --switched-at {moment}", stdin=text).code == 0
    assert drain(f"--metrics - --switched-at {moment}", stdin=of("until", "current")).code == 3  # since when it watches


def test_what_an_exporter_leaves_out_is_taken_as_bad(drain: Drain) -> None:
    """Legacy tokens without counts, without expiry, or with a dry run that would have refused them."""
    issued = f'jwtmr_token_latest_issue_timestamp_seconds{{authority="p",issuer_kind="legacy"}} {NOW - 3 * DAY}\n'
    ran = drain("--metrics - --json", stdin=of("until", "current", "since") + issued)
    assert ran.document["legacy"][0]["accepted"] == 1
    assert ran.document["verdict"]["state"] == "waiting"
    web = 'jwtmr_legacy_tokens_total{authority="p",client="web"} 4\n'
    expires = f'jwtmr_legacy_token_latest_expiry_timestamp_seconds{{authority="p",client="cron"}} {NOW + HOUR}\n'
    (one,) = drain("--metrics - --json", stdin=of("until", "current", "since") + web + expires).document["legacy"]
    assert {client["client"]: client["accepted"] for client in one["clients"]} == {"web": 4, "cron": 1}
    for series in (expires, 'jwtmr_removal_dry_run_refusals_total{authority="p"} 1\n'):
        assert drain("--metrics -", stdin=of("until", "current", "since") + series).code == 1
        assert drain("--metrics -", stdin=of("current", "serves") + series.replace('"p"', '"q"')).code == 3
    counts = 'jwtmr_legacy_tokens_total{authority="p",client="web"} 4\n'
    refusals = 'jwtmr_removal_dry_run_refusals_total{authority="p",client="web"} 3\n'
    (one,) = drain("--metrics - --json", stdin=of("until", "current") + counts + refusals).document["legacy"]
    assert (one["accepted"], one["would_have_refused"]) == (4, 3)


def test_a_window_that_is_left_open_is_open(drain: Drain) -> None:
    """The files of a process go on telling of a validator that was closed: then nothing is known of its window."""
    left = LINES["until"].replace(str(NOW + 9 * DAY), "+Inf")
    ran = drain("--metrics - --json", stdin=of("current", "since", "serves") + left)
    assert ran.document["legacy"][0]["accept_until"] is None
    assert ran.document["verdict"]["state"] == "too_early"


def test_a_report_beyond_all_bounds_is_none(drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end."""
    monkeypatch.setattr("jwtmr.cli.drain.MAX_JSON_CHARACTERS", 100)
    assert drain("one.json", one=report(NOW, 2 * DAY)).code == 3
    assert "more than 100 bytes" in drain("one.json").out


def test_no_window_is_only_told_where_somebody_watches(drain: Drain) -> None:
    """An open window without tokens, of a validator that the observer does not watch, looks like none."""
    assert drain("--metrics -", stdin=of("current", "serves")).code == 0
    ran = drain("--metrics -", stdin=of("current"))
    assert ran.code == 3
    assert "watch is missing" in ran.out
    assert drain("--metrics -", stdin=of("since")).code == 3


def test_several_hosts_are_asked_and_one_silence_is_enough(drain: Drain, metrics: bytes) -> None:
    """With progress on a terminal; redirects, passwords and pages are no metrics."""
    answers = [
        (200, {}, metrics),
        (302, {"Location": "/"}, b""),
        (401, {}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"\xff\n"),
    ]
    servers = [LoopbackServer(lambda request, answer=answer: answer) for answer in answers]
    for server in servers:
        server.start()
    good, *bad = servers
    try:
        assert drain(f"--metrics {good.url}/metrics --metrics {good.url}/other").code == 1
        line = " ".join(f"--metrics {server.url}/metrics" for server in servers)
        document = drain(f"{line} --json").document
        alone = [drain(f"--metrics {server.url}").code for server in bad]
        shown = jwtmr(f"drain --metrics {good.url}", terminal=True, clock=CLOCK)
    finally:
        for server in servers:
            server.close()
    assert document["answer"] == "could not tell"
    assert [one["problem"] is None for one in document["sources"]] == [True, False, False, False, False]
    assert alone == [3] * len(bad)
    assert "asking 1 address" in shown.err
    assert drain(f"--metrics {good.url} --timeout 0.2").code == 3


BAD: Final = [
    'jwtmr_legacy_tokens_total{authority="p"} 1', 'jwtmr_legacy_tokens_total{authority="p"} NaN\n',
    'jwtmr_legacy_tokens_total{authority="p"} -1\n', 'jwtmr_legacy_tokens_total{authority="p"} 1.5\n',
    'jwtmr_legacy_tokens_total{authority="p"} 1_0\n', 'jwtmr_legacy_tokens_total{authority="p"} +Inf\n',
    'jwtmr_legacy_tokens_total{authority="p"} 1e99\n', 'jwtmr_legacy_tokens_total{authority="p"} 1e999\n',
    '\t jwtmr_legacy_tokens_total{authority="p"} NaN\n',
    "jwtmr_legacy_tokens_total 1\n", 'jwtmr_legacy_tokens_total{authority=""} 1\n',
    'jwtmr_legacy_tokens_total{authority="p" 1\n', 'jwtmr_legacy_tokens_total{authority=p} 1\n',
    'jwtmr_legacy_tokens_total{authority="p",authority="q"} 1\n', 'jwtmr_legacy_tokens_total{authority="\\x"} 1\n',
    'jwtmr_legacy_tokens_total{authority="p"} 1 2 3\n', 'jwtmr_legacy_tokens_total{authority="p"}\n',
    'jwtmr_legacy_tokens_total{authority="p"} 1 # {trace="x"} 1\n',
    'jwtmr_legacy_tokens_total{authority="p"} 1\n' * 2, "jwtmr_legacy_tokens_total-x 1\n",
    'jwtmr_legacy_token_latest_expiry_timestamp_seconds{authority="p"} 1e13\n',
    "".join(f'jwtmr_legacy_tokens_total{{authority="p{number}"}} 1\n' for number in range(101)),
    'jwtmr_validations_created{} -5\n', "up 1\n", "",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_a_line_that_cannot_be_read_spoils_the_answer(text: str) -> None:
    """A count that is left out would be silence."""
    with pytest.raises(BadMetrics):
        read_metrics(text.encode())


def test_several_processes_in_one_answer_are_no_process(drain: Drain) -> None:
    """A collector has kept the start of one that watched for days, and one beside it may have begun just now."""
    text = of("until", "current", "since")
    moment = SettableClock(NOW - 2 * DAY).now().isoformat()
    assert drain(f"--metrics - --switched-at {moment}", stdin=text.replace("{", '{instance="a",')).code == 0
    late = f'jwtmr_validations_created{{code="expired",instance="b"}} {NOW - 60}\n'
    ran = drain(f"--metrics - --switched-at {moment}", stdin=text.replace("{", '{instance="a",') + late)
    assert ran.code == 3
    assert "ask each by itself" in " ".join(ran.out.split())


def test_the_reader_reads_what_others_read(metrics: bytes) -> None:
    """The parser of ``prometheus_client`` finds the same numbers, and an exporter may add labels."""
    told = read_metrics(metrics)
    samples = [one for family in text_string_to_metric_families(metrics.decode()) for one in family.samples]
    created = [one.value for one in samples if one.name == "jwtmr_validations_created"]
    tokens = {one.labels["client"]: one.value for one in samples if one.name == "jwtmr_legacy_tokens_total"}
    assert told.since == min(created)
    assert {client: count for (_, client), count in told.tokens.items()} == tokens
    odd = 'jwtmr_legacy_tokens_total { authority="a\\"\\\\\\n}" , otel_scope_name="jwtmr", } 3 1700000000000\r\n'
    two = 'jwtmr_legacy_tokens_total{otel_scope_name="other",authority="a\\"\\\\\\n}"} 4\n'
    assert read_metrics((odd + two).encode()).tokens == {('a"\\\n}', ""): 7}


def test_whatever_is_changed_is_read_or_refused(metrics: bytes) -> None:
    """A few thousand small changes of a real answer: numbers within bounds come out, or a refusal, and nothing else."""
    chance = random.Random(7)
    kept = [
        line
        for line in metrics.splitlines(keepends=True)
        if b"legacy" in line or b"latest" in line or b"created" in line
    ]
    pieces = [b'"', b"{", b"}", b"\\", b"\n", b" ", b"1e9", b"NaN", b"=", b",", b"\xff", b"jwtmr_", b"#"]
    for _ in range(3000):
        text = bytearray(chance.choice(kept) + LINES["until"].encode())
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(text))
            text[place : place + chance.randint(0, 2)] = chance.choice(pieces)
        try:
            told = read_metrics(bytes(text))
            process = process_of("x", told, NOW, None)
        except BadMetrics:
            continue
        assert all(0 <= count <= 2**53 for count in told.tokens.values())
        again = DrainReport((process,))
        assert again.verdict(NOW).state in ("closed", "safe", "waiting", "too_early", "not_yet")


def test_metrics_never_say_more_than_the_report() -> None:
    """Of one process, through migrations with stragglers: where metrics say safe, its report says it too."""
    said = [state for seed in range(4) for state in _migration(seed)]
    assert ("safe", "safe") in said
    assert {report for metrics, report in said if metrics == "safe"} == {"safe"}


def _migration(seed: int) -> list[tuple[str, str]]:
    """The states by metrics and by report, at some moments of it."""
    chance, clock, registry = random.Random(seed), SettableClock(NOW), CollectorRegistry()
    observer = PrometheusObserver(registry)
    said: list[tuple[str, str]] = []
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        validator = validator_for(issuer, observers=[observer], accept_legacy_until=clock.now() + timedelta(days=30))
        observer.watch(validator)
        old = issuer.access_token()
        validator.validate(old)
        issuer.switch_to_updated()
        for _ in range(15):
            clock.advance(chance.choice([600, 2 * HOUR, 12 * HOUR, 30 * HOUR]))
            if clock.wall() < NOW + HOUR:
                validator.validate(old)
            if chance.random() < 0.7:
                validator.validate(issuer.access_token())
            guess = process_of("x", read_metrics(generate_latest(registry)), clock.wall(), None)
            by_metrics, by_report = DrainReport((guess,)), validator.drain_report()
            said.append((by_metrics.verdict(clock.wall()).state, by_report.verdict(clock.wall()).state))
        validator.close()
    return said
