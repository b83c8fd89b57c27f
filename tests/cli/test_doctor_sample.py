"""The sample token: the validator judges it, and doctor says what its refusal means and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doctor_world import World

from jwtmr.testing.faults import at, status


def _original(world: World) -> None:
    world.options["issuer-type"] = ["original"]
    world.options["jwks-uri"] = world.issuer.jwks_uris_for("original")
    del world.options["accept-legacy-until"]


def _dark(world: World) -> None:
    world.faults.enter_context(at(world.issuer).let(status(503)))


def _replica(world: World) -> None:
    world.token = world.issuer.access_token(issuer=world.issuer.replica_issuer("us-west-2"))


def _unlisted(world: World) -> None:
    elsewhere = world.issuer.original_issuer.replace("us-east-1.", "eu-west-1.")
    world.token = world.issuer.access_token(issuer=elsewhere)


def _with(**claims: object) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.token = world.issuer.access_token(claims=claims)

    return spoil


def _token(make: Callable[[World], str]) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.token = make(world)

    return spoil


def _window_closed(world: World) -> None:
    world.token = world.issuer.access_token(issuer=world.issuer.original_issuer)
    del world.options["accept-legacy-until"]


def _cut_over(world: World) -> None:
    world.token = world.issuer.access_token(issuer=world.issuer.original_issuer)
    world.options["legacy-issued-before"] = [world.clock.now().isoformat()]


REFUSED: dict[str, tuple[Callable[[World], None], str, tuple[str, ...]]] = {
    "expired": (_token(lambda w: w.issuer.access_token(issued_at=0.0)), "token_expired", ("Get a new token",)),
    "client": (_token(lambda w: w.issuer.access_token(client_id="x")), "token_of_wrong_client", ("client_ids",)),
    "use": (_token(lambda w: w.issuer.id_token()), "token_of_wrong_use", ("access tokens",)),
    "audience": (_with(aud="https://other.example"), "token_of_wrong_audience", ("audience",)),
    "forged": (_token(lambda w: w.issuer.forged_token()), "token_forged", ("made it up",)),
    "no token at all": (_token(lambda w: "a.b.c"), "token_refused", ("malformed_token",)),
    "a broken claim": (_with(sub=7), "token_refused", ("invalid_claim", "'sub'")),
    "from the future": (
        _token(lambda w: w.issuer.access_token(issued_at=w.clock.wall() + 600)), "token_refused", ("clock",),
    ),
    "original settings": (_original, "token_of_updated_issuer", ('issuer_type to "updated"',)),
    "a replica's issuer": (_replica, "token_of_replica_issuer", ("accept_replica_issuers",)),
    "an unlisted region": (_unlisted, "token_of_unlisted_region", ("eu-west-1", "replica_regions")),
    "any issuer": (
        _token(lambda w: w.issuer.access_token(issuer="https://\u202e.example/" + "x" * 900)),
        "token_of_foreign_issuer", ("not configured",),
    ),
    "a slash too many": (
        _token(lambda w: w.issuer.access_token(issuer=w.issuer.updated_issuer + "/")),
        "token_of_foreign_issuer", ("slash",),
    ),
    "a closed window": (_window_closed, "token_of_retired_issuer", ("window",)),
    "after the cut-over": (_cut_over, "token_of_retired_issuer", ("legacy_issued_before",)),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_token_is_explained(
    world: World, spoil: Callable[[World], None], code: str, words: tuple[str, ...]
) -> None:
    """What the refusal means here, and what to do; the token itself is in no output."""
    spoil(world)
    ran = world.doctor("--json")
    (finding,) = ran.document["findings"]
    assert finding["code"] == code
    said = " ".join(finding[part] for part in ("what", "why", "do"))
    assert all(word in said for word in words), said
    assert ran.code == (0 if code == "token_expired" else 1)
    page = world.doctor().out
    assert page.replace("\n", "").isprintable()
    assert len(page) < 6000
    assert not any(part in page + ran.out for part in world.token.split(".") if len(part) > 1)


def test_a_token_that_cannot_be_checked_is_not_called_bad(world: World) -> None:
    """Without keys nothing is said against it."""
    _dark(world)
    ran = world.doctor("--json")
    assert {finding["code"] for finding in ran.document["findings"]} == {"server_error", "no_keys", "token_not_checked"}
    assert ran.code == 1


def test_an_accepted_token_is_told_of(world: World) -> None:
    """Which issuer and which kind it was, and that it counts in the verdict."""
    ran = world.doctor("--json")
    token = ran.document["token"]
    assert (token["accepted"], token["issuer_kind"], token["issuer"]) == (True, "current", world.issuer.updated_issuer)
    assert "the sample token was accepted" in ran.document["verdicts"][0]["why"]
    assert "sample token: accepted, of the current issuer" in world.doctor().out


def test_the_token_may_come_from_a_variable(world: World) -> None:
    """As in every command."""
    token, world.token = world.token, ""
    assert world.doctor("--token-env MINE --json", environ={"MINE": token}).document["token"]["accepted"]
