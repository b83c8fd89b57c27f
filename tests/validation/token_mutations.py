"""Mutations of valid tokens: of members, of JSON text, of the compact form; signed anew in between, mostly rightly."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from validation_kit import as_json, claims_of, spliced
from validation_oracle import LAST_SECOND, Case

from jwtmr.testing import RegionalIssuer, SigningKey

Change = Callable[["Draft"], None]
"""Mutates a draft."""

HEADER_NAMES = ("kid", "alg", "typ", "crit", "b64", "zip", "jwk", "x")
CLAIM_NAMES = (
    *("iss", "sub", "exp", "iat", "nbf", "jti", "token_use", "client_id", "aud", "scope", "username", "cnf", "x"),
    *("cognito:groups", "cognito:username", "auth_time"),
)
FRAGMENTS = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b" ", b"\n", b"\0", b"\xff", b"\xed\xa0\x80", b"\xc3\xa9"),
    *(b'"sub":"x",', b'"\\u0073ub":"x",', b'"exp":1,', b"NaN", b"1e999", b"-", b"1", b".5", b"null", b'"x":1,'),
    *(b"[" * 64, b'{"a":' * 64, b'"x":"\\ud83d\\ude00",', b'"y":"\\ud83d",', b"\xef\xbb\xbf", b"9" * 4301),
)
CHARACTERS = string.ascii_letters + string.digits + "-_" + ".=+/ \n\0é"
TYPES = ("JWT", "jwt", "at+jwt", "application/JWT", "dpop+jwt", "logout+jwt")


@dataclass
class Draft:
    """A token that is being mutated."""

    issuer: RegionalIssuer
    header: dict[str, Any]
    claims: dict[str, Any]
    key: SigningKey
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    """Members that are written behind the others as they are: ``header`` or ``claims``, and the bytes."""
    splices: list[tuple[str, float, bytes]] = field(default_factory=list)
    """Bytes written into the JSON text: where, how far into it, and what."""

    def signed(self) -> str:
        """The draft as a token, signed by its key."""
        texts = {"header": as_json(self.header), "claims": as_json(self.claims)}
        for where, member in self.raw:
            texts[where] = spliced(texts[where], member)
        for where, share, fragment in self.splices:
            at = int(share * len(texts[where]))
            texts[where] = texts[where][:at] + fragment + texts[where][at:]
        return self.issuer.sign_raw(texts["header"], texts["claims"], self.key)


def values(issuer: RegionalIssuer, now: int, leeway: int) -> st.SearchStrategy[Any]:
    """What a member may become: of every type, and on both sides of every boundary."""
    times = [now + offset for offset in (0, 1, -1, 0.5, -0.5, leeway, -leeway, leeway + 1, -leeway - 1, leeway - 1)]
    cuts = [now - 100, now - 101, now - 100.5, 0, -1, 0.0, LAST_SECOND, LAST_SECOND + 1, 10**20, 10**400, 1e300]
    odd = [True, False, None, float("nan"), float("inf"), [], {}, [1], {"a": []}, str(now + 3600)]
    texts = ["", "x", "access", "id", "refresh", "none", "HS256", "RS256", "k" * 256, "k" * 257, "\ud800", *TYPES]
    names = [
        issuer.client_id, issuer.access_kid, issuer.id_kid, issuer.original_issuer, issuer.updated_issuer,
        issuer.replica_issuer("us-west-2"), issuer.updated_issuer + "/", issuer.updated_issuer.upper(),
    ]  # fmt: skip
    chosen = st.sampled_from([*times, *cuts, *odd, *texts, *names])
    return chosen | st.lists(chosen, max_size=2) | st.text(max_size=5) | st.integers() | st.floats()


def member_changes(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    """Delete, replace, swap, nest or duplicate members of the header or the payload."""
    place = st.sampled_from(
        [("header", name) for name in HEADER_NAMES] + [("claims", name) for name in CLAIM_NAMES] * 2
    )

    def delete(at: tuple[str, str]) -> Change:
        return lambda draft: getattr(draft, at[0]).pop(at[1], None)

    def put(at: tuple[str, str], new: object) -> Change:
        return lambda draft: getattr(draft, at[0]).__setitem__(at[1], new)

    def swap(one: tuple[str, str], two: tuple[str, str]) -> Change:
        def change(draft: Draft) -> None:
            first, second = getattr(draft, one[0]), getattr(draft, two[0])
            first[one[1]], second[two[1]] = second.get(two[1]), first.get(one[1])

        return change

    def nest(at: tuple[str, str], depth: int) -> Change:
        def change(draft: Draft) -> None:
            for _ in range(depth):
                getattr(draft, at[0])[at[1]] = [getattr(draft, at[0]).get(at[1])]

        return change

    def twice(at: tuple[str, str], new: object) -> Change:
        return lambda draft: draft.raw.append((at[0], as_json({at[1]: new})[1:-1]))

    return st.one_of(
        st.builds(delete, place),
        st.builds(put, place, value),
        st.builds(put, place, value),
        st.builds(swap, place, place),
        st.builds(nest, place, st.sampled_from([1, 62, 63, 64])),
        st.builds(twice, place, value),
    )


def key_changes(keys: list[SigningKey]) -> st.SearchStrategy[Change]:
    """Sign with another key, under its own name or not."""

    def sign(key: SigningKey, named: bool) -> Change:
        def change(draft: Draft) -> None:
            draft.key = key
            if named:
                draft.header["kid"] = key.kid

        return change

    return st.builds(sign, st.sampled_from(keys), st.sampled_from([True, True, False]))


def byte_changes() -> st.SearchStrategy[Change]:
    """Write bytes into the JSON text before it is signed."""

    def splice(where: str, share: float, fragment: bytes) -> Change:
        return lambda draft: draft.splices.append((where, share, fragment))

    pieces = st.sampled_from(FRAGMENTS) | st.binary(min_size=1, max_size=3)
    return st.builds(
        splice, st.sampled_from(["header", "claims"]), st.sampled_from([0.0, 1.0]) | st.floats(0, 1), pieces
    )


def text_changes() -> st.SearchStrategy[Callable[[str], object]]:
    """Change the compact form after it was signed: characters, parts, type."""

    def edit(share: float, cut: int, new: str) -> Callable[[str], object]:
        def change(token: str) -> object:
            at = int(share * len(token))
            return token[:at] + new + token[at + cut :]

        return change

    def parts(order: list[int]) -> Callable[[str], object]:
        return lambda token: ".".join((token.split(".") * 2)[number] for number in order)

    return st.one_of(
        st.builds(edit, st.floats(0, 1) | st.just(1.0), st.integers(0, 3), st.text(CHARACTERS, max_size=3)),
        st.builds(parts, st.lists(st.integers(0, 2), max_size=5)),
        st.sampled_from([str.encode, lambda _: None, lambda token: token + "A" * 16384, str.swapcase]),
    )


def cases(issuer: RegionalIssuer, now: int, leeway: int, forger: SigningKey) -> st.SearchStrategy[Case]:
    """A valid token, mutated a few times or not at all, and what a call asks for."""
    keys = [issuer.access_key, issuer.id_key, replace(forger, kid=issuer.access_kid), forger, replace(forger, kid="x")]
    members = member_changes(values(issuer, now, leeway))
    change = st.integers(0, 9).flatmap(
        lambda die: byte_changes() if die == 0 else key_changes(keys) if die < 3 else members
    )
    wanted = st.sampled_from(
        [{}] * 6 + [{"scopes": ["a"]}, {"scopes": ["a", "c"]}, {"any_group": ["g"]}, {"any_group": ["x"]}]
        + [{"token_use": "access"}, {"token_use": "id"}]
    )  # fmt: skip

    def build(make: str, legacy: bool, changes: list[Change], text: Any, asked: dict[str, Any]) -> Case:  # noqa: ANN401
        iss = issuer.original_issuer if legacy else issuer.updated_issuer
        rich = {"scopes": ["a", "b"], "groups": ["g"]} if make == "access_token" else {}
        good = getattr(issuer, make)(issuer=iss, issued_at=now - 200, **rich)
        key = issuer.id_key if make == "id_token" else issuer.access_key
        draft = Draft(issuer, {"kid": key.kid, "alg": "RS256"}, claims_of(good), key)
        for one in changes:
            one(draft)
        token = draft.signed()
        return Case(token if text is None else text(token), **asked)

    makes = st.sampled_from(["access_token", "id_token", "machine_token"])
    text = st.integers(0, 7).flatmap(lambda die: text_changes() if die == 0 else st.none())
    return st.builds(build, makes, st.booleans(), st.lists(change, max_size=3), text, wanted)
