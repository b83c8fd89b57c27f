"""The closed list of refusals: codes, statuses and what each error carries."""

from __future__ import annotations

import copy
import pickle

import pytest

import jwtmr
from jwtmr import CODES, AuthError, ConfigurationError, KeysUnavailable, ValidatorClosed, errors

STATUSES = {
    "missing_token": 401,
    "invalid_request": 400,
    **dict.fromkeys(
        [
            *("malformed_token", "unsupported_token", "untrusted_issuer", "legacy_issuer_retired"),
            *("issued_after_cutover", "expired", "not_yet_valid", "invalid_claim", "wrong_token_use", "wrong_client"),
            *("wrong_audience", "bound_token", "unknown_key", "invalid_signature", "revoked"),
        ],
        401,
    ),
    "insufficient_scope": 403,
    "insufficient_groups": 403,
    "keys_unavailable": 503,
    "revocation_unavailable": 503,
}
"""The table of the HTTP edge: who must act."""

KINDS = list(CODES.values())


def test_the_list_is_closed() -> None:
    """These codes exist and no other, each with the status that says who must act."""
    assert {code: kind.status for code, kind in CODES.items()} == STATUSES


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_is_named_after_its_code(kind: type[AuthError]) -> None:
    """One class per code, its name the code in CamelCase, and no class below it."""
    assert kind.__name__ == "".join(word.capitalize() for word in kind.code.split("_"))
    assert CODES[kind.code] is kind is getattr(errors, kind.__name__)
    assert kind.__bases__ == (AuthError,)
    assert not kind.__subclasses__()


def test_texts_are_distinct_sentences() -> None:
    """Each public text is a sentence of its own in printable ASCII, fit for a header's quoted string."""
    texts = [kind.message for kind in KINDS]
    assert len(set(texts)) == len(STATUSES)
    for text in texts:
        assert text.endswith(".")
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set('"\\')


@pytest.mark.parametrize("kind", KINDS)
def test_public_text_is_fixed(kind: type[AuthError]) -> None:
    """Whatever an error carries, its text is that of its class."""
    bare, full = kind(), kind("secret", retry_after=7, required_scopes=frozenset({"secret/read"}))
    assert str(bare) == str(full) == kind.message
    assert full.args == (kind.message,)
    assert "secret" not in repr(full)
    assert (bare.detail, bare.retry_after, bare.required_scopes) == ("", None, frozenset())
    assert (full.detail, full.retry_after, full.required_scopes) == ("secret", 7, {"secret/read"})


@pytest.mark.parametrize("kind", KINDS)
def test_survives_pickling_and_copying(kind: type[AuthError]) -> None:
    """Errors cross processes with all they carry."""
    error = kind("detail", retry_after=7, required_scopes=frozenset({"a", "b"}))
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert str(twin) == kind.message
        assert (twin.detail, twin.retry_after, twin.required_scopes) == ("detail", 7, {"a", "b"})


def test_a_bad_setting_names_itself() -> None:
    """A configuration error is a ``ValueError`` that carries the parameter and says it first."""
    error = ConfigurationError("leeway", "must be between 0 and 300 seconds")
    assert isinstance(error, ValueError)
    assert not isinstance(error, AuthError)
    assert error.parameter == "leeway"
    assert str(error) == "leeway: must be between 0 and 300 seconds"


def test_a_closed_validator_is_no_refusal() -> None:
    """Using a closed validator is the programmer's mistake, never an answer about a token."""
    assert issubclass(ValidatorClosed, RuntimeError)
    assert not issubclass(ValidatorClosed, AuthError)
    assert "closed" in str(ValidatorClosed())


def test_what_users_catch_is_public() -> None:
    """The names that handlers need are at the top of the package."""
    for kind in (AuthError, ConfigurationError, KeysUnavailable, ValidatorClosed):
        assert getattr(jwtmr, kind.__name__) is kind
        assert kind.__name__ in jwtmr.__all__
