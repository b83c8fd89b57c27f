"""``jwtmr validate``: every check by name, and nothing of a token that nobody has verified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cli_world import Ran, jwtmr
from doctor_world import ca_file, tls_authority
from place import Place

from jwtmr.cli.checks import CHECKS, MEANINGS, outcomes
from jwtmr.errors import CODES
from jwtmr.testing import MISSING, RegionalIssuer, SettableClock, SigningKey

COMMAND = "validate --config jwtmr.toml --json"


def spoilt_signature(place: Place) -> str:
    """A good token with another signature of the right length."""
    head, _, _ = place.issuer.access_token().rpartition(".")
    return f"{head}.{'A' * 342}"


SPOILT: list[tuple[str, int, Callable[[Place], str]]] = [
    ("malformed_token", 1, lambda place: place.issuer.access_token()[:-3] + "=="),
    ("unsupported_token", 2, lambda place: place.issuer.access_token(header={"alg": "none"})),
    ("untrusted_issuer", 3, lambda place: place.issuer.access_token(issuer="https://example.com/secret-iss")),
    ("expired", 4, lambda place: place.issuer.access_token(issued_at=place.clock.now() - timedelta(days=2))),
    ("not_yet_valid", 4, lambda place: place.issuer.access_token(issued_at=place.clock.now() + timedelta(days=2))),
    ("invalid_claim", 4, lambda place: place.issuer.access_token(claims={"sub": MISSING})),
    ("wrong_token_use", 4, lambda place: place.issuer.id_token()),
    ("wrong_client", 4, lambda place: place.issuer.access_token(client_id="secretclient")),
    ("wrong_audience", 4, lambda place: place.issuer.access_token(claims={"aud": "secret-audience"})),
    ("bound_token", 4, lambda place: place.issuer.access_token(claims={"cnf": {"jkt": "secret"}})),
    ("unknown_key", 5, lambda place: place.issuer.access_token(key=SigningKey.generate("RS256"))),
    ("invalid_signature", 6, spoilt_signature),
]
"""A code, the check that it belongs to, and a token that deserves it."""


@pytest.mark.parametrize(("code", "check", "token"), SPOILT, ids=[row[0] for row in SPOILT])
def test_a_refusal_names_its_check(place: Place, code: str, check: int, token: Callable[[Place], str]) -> None:
    """One thing is wrong: the check that sees it fails, those before it passed, and nothing of the token is shown."""
    ran = jwtmr(COMMAND, stdin=token(place), clock=place.clock)
    document = ran.document
    assert ran.code == 1, ran.err
    assert document["refusal"]["code"] == code
    assert [row["outcome"] for row in document["checks"]] == ["passed"] * (check - 1) + ["failed"] + ["not reached"] * (
        7 - check
    )
    assert (document["valid"], document["principal"], document["key"]) == (False, None, None)
    assert "secret" not in ran.out + ran.err


def test_a_valid_token_tells_who_and_from_where(place: Place) -> None:
    """All checks passed, and with the caller come issuer kind, region, and the endpoint that the key came from."""
    ran = jwtmr(COMMAND, stdin=place.issuer.access_token(groups=["admins"]), clock=place.clock)
    document = ran.document
    assert ran.code == 0, ran.err
    assert document["schema"] == "jwtmr.validate/1"
    assert {row["outcome"] for row in document["checks"]} == {"passed"}
    principal = document["principal"]
    assert (principal["issuer_kind"], principal["issuer_region"]) == ("current", "us-east-1")
    assert principal["groups"] == ["admins"]
    assert document["key"]["endpoint"] == place.issuer.jwks_uris[0]
    assert document["key"]["region"] == "us-east-1"
    assert document["key"]["kid"] == place.issuer.access_key.kid


def test_a_legacy_token_says_so(place: Place) -> None:
    """The person who moves the issuer sees which kind a token is of."""
    ran = jwtmr("validate --config jwtmr.toml --token-file legacy.txt", clock=place.clock)
    assert ran.code == 0, ran.err
    assert "issuer kind    legacy: an old one" in ran.out


def test_the_key_of_a_replica_is_named_as_such(place: Place) -> None:
    """While the primary region is dark the key comes from elsewhere, and that is said."""
    place.issuer.take_down("us-east-1")
    ran = jwtmr(COMMAND, stdin=place.issuer.access_token(), clock=place.clock)
    assert ran.code == 0, ran.err
    assert ran.document["key"]["region"] == "us-west-2"


def test_an_outage_is_no_verdict(place: Place) -> None:
    """Without keys the exit code is 3: nothing is said against the token."""
    place.issuer.take_down("us-east-1")
    place.issuer.take_down("us-west-2")
    ran = jwtmr("validate --config jwtmr.toml", stdin=place.issuer.access_token(), clock=place.clock)
    assert ran.code == 3
    assert "could not tell: keys_unavailable" in ran.out
    assert "jwtmr doctor" in ran.out


def test_what_is_asked_of_a_good_token(place: Place) -> None:
    """A scope that is not granted: only the last check fails, and who it is may be shown, as that is verified."""
    ran = jwtmr(COMMAND + " --require-scope orders/read", stdin=place.issuer.access_token(), clock=place.clock)
    document = ran.document
    assert ran.code == 1
    assert document["refusal"]["code"] == "insufficient_scope"
    assert document["checks"][5]["outcome"] == "passed"
    assert document["principal"]["username"] == "alice"


@pytest.mark.parametrize("asked", ["--require-scope ''", "--require-group=", "--require-scope a --require-group ''"])
def test_what_is_asked_must_be_something(place: Place, asked: str) -> None:
    """An empty variable in a script is no question; it is refused by the name of its option, and nobody is asked."""
    place.issuer.forget_requests()
    ran = jwtmr(f"validate --config jwtmr.toml --token-file token.txt {asked}")
    assert (ran.code, place.issuer.count()) == (2, 0)
    assert "--require-group: must not be empty" in ran.err


def test_a_retired_issuer(place: Place) -> None:
    """After the window the old token is refused by the third check, with what to do."""
    late = SettableClock(place.clock.now() + timedelta(days=11))
    token = place.issuer.access_token(issuer=place.issuer.original_issuer, issued_at=late.now())
    ran = jwtmr("validate --config jwtmr.toml", stdin=token, clock=late)
    assert ran.code == 1
    assert "failed       3 issuer and its window" in ran.out
    assert "not valid: legacy_issuer_retired" in ran.out


def test_every_code_has_a_meaning() -> None:
    """The table knows all codes that a validation can end with, and each belongs to a check."""
    assert set(MEANINGS) == set(CODES) - {"missing_token", "invalid_request"}
    for code, meaning in MEANINGS.items():
        assert len(outcomes(code)) == len(CHECKS)
        assert meaning.means.endswith(".")
        assert meaning.do.endswith(".")


HOW_TOKENS_COME: list[tuple[str, dict[str, str], str]] = [
    ("", {}, "stdin"),
    (" --token-file -", {}, "stdin"),
    (" --token-file token.txt", {}, "file"),
    (" --token-env TOKEN", {}, "variable"),
]


@pytest.mark.parametrize(("options", "environ", "where"), HOW_TOKENS_COME)
def test_where_a_token_comes_from(place: Place, options: str, environ: dict[str, str], where: str) -> None:
    """From stdin, a file, or a variable; with white space around it, and as it stood in a header."""
    head = {"stdin": "Bearer", "file": "Authorization: bearer", "variable": "authorization:"}[where]
    token = f"\n {head} {place.issuer.access_token()} \n"
    environ = {"TOKEN": token} if where == "variable" else environ
    ran = jwtmr("validate --config jwtmr.toml" + options, stdin=token if where == "stdin" else "", environ=environ)
    assert ran.code == 0, ran.out + ran.err


NO_TOKEN: list[tuple[str, bytes, str]] = [
    ("", b"", "no token: what was given is empty"),
    ("", b"Authorization: Bearer", "no token: what was given is empty"),
    ("", b'"eyJ.eyJ.x"', "the token stands in quotes: leave them out"),
    ("", b"Bearer 'eyJ.eyJ.x'", "the token stands in quotes: leave them out"),
    ("", b"eyJ.eyJ.x\neyJ.eyJ.x\n", "more than one token: give one"),
    ("", b"x" * (1024 * 1024 + 1), "no token: more than 1048576 bytes"),
    (" --token-file missing.txt", b"", "--token-file: missing.txt: No such file or directory"),
    (" --token-file .", b"", "--token-file: .: Is a directory"),
    (" --token-env NOWHERE", b"", "--token-env: there is no variable NOWHERE"),
]


@pytest.mark.parametrize(("options", "stdin", "said"), NO_TOKEN)
def test_no_token_is_a_matter_of_usage(place: Place, options: str, stdin: bytes, said: str) -> None:
    """What cannot be read is said, with exit code 2 and nothing on stdout."""
    ran = jwtmr("validate --config jwtmr.toml" + options, stdin=stdin)
    assert ran == Ran(2, "", f"jwtmr validate: {said}\n")


def test_settings_are_checked_before_the_token(place: Place) -> None:
    """Without settings there is nothing to validate against: exit code 2, and what to give."""
    ran = jwtmr("validate", stdin=place.issuer.access_token())
    assert ran.code == 2
    assert "--config" in ran.err


@pytest.mark.parametrize(
    "rubbish", [b"\xff\xfe\x00", b"a.b.c", b"\x1b[2J.\x1b[2J.\x1b[2J", b"\xe2\x80\xae.\xe2\x80\xae."]
)
def test_rubbish_is_refused_and_does_nothing_to_a_terminal(place: Place, rubbish: bytes) -> None:
    """Whatever the bytes are: malformed, and nothing of them comes out."""
    ran = jwtmr("validate --config jwtmr.toml", stdin=rubbish, terminal=True)
    assert ran.code == 1
    assert "\x1b[2J" not in ran.out + ran.err
    assert "\u202e" not in ran.out + ran.err


def test_keys_of_a_host_with_a_private_authority(tmp_path: Path) -> None:
    """Its certificate is nobody's word until ``--ca-file`` names who signed it."""
    known = ca_file(tmp_path)
    with RegionalIssuer(["us-east-1"], tls=tls_authority()) as issuer:
        settings = f"--pool-id {issuer.user_pool_id} --issuer-type original --client-id {issuer.client_id}"
        line = f"validate {settings} --token-use access --jwks-uri {issuer.jwks_uris_for('original')[0]}"
        assert jwtmr(line, stdin=issuer.access_token()).code == 3
        assert jwtmr(f"{line} --ca-file {known}", stdin=issuer.access_token()).code == 0
        assert jwtmr(f"{line} --ca-file {tmp_path / 'nope.pem'}", stdin=issuer.access_token()).code == 2
