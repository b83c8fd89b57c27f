"""Tokens, through the whole validator: strings of any kind, and any header and payload, signed when they are worth it.

A token is accepted where the oracle says so and refused at the step that it names. Whatever it says, only those are
accepted that were signed here over exactly these bytes.
"""

from __future__ import annotations

from typing import Any, Final

from cases_tokens import SIGNED_CASES, STRING_CASES, WORDS
from fuzz_keys import ED25519_ORDER, FORGERS, POOL_KEYS, PROVIDER_KEYS, Signer, base64url
from fuzz_kit import Draw, Target, expect, text_of
from fuzz_oracles import claims_of, step_of
from fuzz_world import remembering, validator
from validation_oracle import STEPS, Case

from jwtmr import AuthError, Principal

SIGNERS: Final = (*POOL_KEYS, *PROVIDER_KEYS, *FORGERS)
WANTED: Final[tuple[dict[str, Any], ...]] = (
    {}, {"scopes": ["a"]}, {"scopes": ["a", "c"]}, {"any_group": ["g", "h"]}, {"any_group": ["x"]},
    {"token_use": "access"}, {"token_use": "id"},
)  # fmt: skip
"""What a call may ask for."""
KEY_STEP: Final = 5


class TokenQuestion:
    """May this token in, and for what the call asks?"""

    allowed = (AuthError,)

    def __init__(self, case: Case, *, genuine: bool = True) -> None:
        self._case = case
        self._genuine = genuine

    def ask(self) -> object:
        """Validate."""
        case = self._case
        return validator().validate(case.token, scopes=case.scopes, any_group=case.any_group, token_use=case.token_use)  # type: ignore[arg-type]  # token: whatever it is

    def _remembered(self) -> str | None:
        """The code where tokens are remembered, and this one perhaps is; None where it is accepted."""
        case = self._case
        try:
            remembering().validate(case.token, scopes=case.scopes, any_group=case.any_group, token_use=case.token_use)  # type: ignore[arg-type]  # token: whatever it is
        except AuthError as error:
            return error.code
        return None

    def judge(self, answer: object) -> str:
        """Compare with the oracle, and look at all that a principal says; a memory of tokens changes nothing."""
        step = step_of(self._case)
        code = answer.code if isinstance(answer, AuthError) else None
        expect([self._remembered(), self._remembered()] == [code, code], "another answer where tokens are remembered")
        if isinstance(answer, AuthError):
            expect(step in STEPS[answer.code], f"{answer.code}, where the oracle says step {step}")
            expect(str(answer) == answer.message, "the public text says more than its code")
            return answer.code
        assert isinstance(answer, Principal)
        expect(step is None, f"accepted, where the oracle refuses in step {step}")
        expect(self._genuine, "accepted, but never signed")
        claims = claims_of(self._case)
        expect(answer.claims == claims, "the principal says something else than the token")
        expect(answer.subject == claims["sub"], "the principal is somebody else")
        _ = answer.issued_at, answer.scopes, answer.groups, answer.client_id, answer.username, repr(answer)
        expect(isinstance(self.ask(), Principal), "refused the second time")
        return "accepted"


def string(data: bytes) -> TokenQuestion:
    """The input is the token."""
    return TokenQuestion(Case(text_of(data)))


def signed(data: bytes) -> TokenQuestion:
    """The input is: who signs, what becomes of the signature, what is asked for, header, payload."""
    draw = Draw(data)
    signer, spoil, wanted = draw.one_of(SIGNERS), draw.one_of(SPOILS), draw.one_of(WANTED)
    header, payload, *_ = [*draw.pieces(), b"", b""]
    unsigned = f"{base64url(header)}.{base64url(payload)}"
    token = unsigned + ".AAAA"
    step = step_of(Case(token, **wanted))
    if step is None or step > KEY_STEP:  # signing takes twenty times as long as refusing
        token = f"{unsigned}.{base64url(spoil(signer, signer.sign(unsigned.encode())))}"
    return TokenQuestion(Case(token, **wanted), genuine=spoil is _unspoilt and signer not in FORGERS)


def _unspoilt(_: Signer, signature: bytes) -> bytes:
    return signature


def _beyond_the_order(signer: Signer, signature: bytes) -> bytes:
    """The same number, one turn later: what a verifier that reduces it would take for the same signature."""
    if signer.alg == "EdDSA":
        later = int.from_bytes(signature[32:], "little") + ED25519_ORDER
        return signature[:32] + later.to_bytes(32, "little")
    if signer.alg == "ES256":
        return signature[32:] + signature[:32]
    return signature[:-1] + bytes([signature[-1] ^ 128])


SPOILS: Final = (
    _unspoilt,
    lambda _, signature: signature[:-1] + bytes([signature[-1] ^ 1]),
    lambda _, signature: signature + b"\0",
    lambda _, signature: b"\0" + signature,
    lambda _, signature: signature[:-1],
    lambda _, signature: bytes(len(signature)),
    lambda _, signature: signature[::-1],
    _beyond_the_order,
)

TOKEN: Final = Target(string, longest=17_000, words=WORDS, cases=STRING_CASES)
SIGNED: Final = Target(signed, longest=4096, words=WORDS, cases=SIGNED_CASES)
