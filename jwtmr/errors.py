"""Every refusal, one class per code, and the two errors that are the programmer's.

The list is closed: ``CODES`` maps each code to its class. ``status`` is the HTTP status that says who must act
(RFC 6750 section 3.1, RFC 9110 section 15): 400 and 401 the client, 403 whoever grants, 503 nobody but time. A key host
that is down is never a 401, because clients log their users out when they see one.
"""

from __future__ import annotations

from typing import ClassVar, Final


class ConfigurationError(ValueError):
    """A setting that cannot be right. ``parameter`` names it; the text says what would be."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter: Final = parameter


class ValidatorClosed(RuntimeError):
    """The validator was used after ``close()``."""

    def __init__(self) -> None:
        super().__init__("this TokenValidator is closed")


class AuthError(Exception):
    """A refusal. ``str(error)`` and ``message`` are fixed texts, safe to send to a client.

    ``detail`` is for logs. It names claims and settings; it never holds a token or the value of an unverified claim.
    Raised as one of the subclasses below, never as itself.
    """

    code: ClassVar[str] = "auth_error"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "Authentication failed."

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: int | None = None,
        required_scopes: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(self.message)
        self.detail: Final = detail
        self.retry_after: Final = retry_after
        """Whole seconds after which it is worth trying again; for 503 only."""
        self.required_scopes: Final = required_scopes
        """The scopes that the call asked for; for ``insufficient_scope`` only."""
        self.asked_of: object = None
        """The ``Principal`` of whom more was asked in vain. Internal: adapters answer for their own requests'."""

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.detail, self.retry_after, self.required_scopes))


def _rebuild(kind: type[AuthError], detail: str, retry_after: int | None, required_scopes: frozenset[str]) -> AuthError:
    return kind(detail, retry_after=retry_after, required_scopes=required_scopes)


class MissingToken(AuthError):
    """The request carries no credentials."""

    code, status, message = "missing_token", 401, "A bearer token is required."


class InvalidRequest(AuthError):
    """The request carries credentials in no usable form: malformed, or two of them (RFC 6750 section 3.1)."""

    code, status, message = "invalid_request", 400, "The request is malformed."


class MalformedToken(AuthError):
    """Not a compact JWS of two JSON objects (RFC 7515 section 3.1, RFC 7519 section 7.2)."""

    code, status, message = "malformed_token", 401, "The token is malformed."


class UnsupportedToken(AuthError):
    """A header that asks for what is not allowed here: algorithm, type, critical extension, missing ``kid``."""

    code, status, message = "unsupported_token", 401, "The token is of an unsupported kind."


class UntrustedIssuer(AuthError):
    """``iss`` is none of the configured issuers."""

    code, status, message = "untrusted_issuer", 401, "The token's issuer is not trusted."


class LegacyIssuerRetired(AuthError):
    """A legacy issuer after ``accept_until``, or one that was never accepted."""

    code, status, message = "legacy_issuer_retired", 401, "The token's issuer has been retired."


class IssuedAfterCutover(AuthError):
    """A legacy token with ``iat`` at or after ``issued_before``, or without ``iat``."""

    code, status, message = "issued_after_cutover", 401, "The token was issued after its issuer was retired."


class Expired(AuthError):
    """``exp`` has passed (RFC 7519 section 4.1.4)."""

    code, status, message = "expired", 401, "The token has expired."


class NotYetValid(AuthError):
    """``nbf`` or ``iat`` lies in the future (RFC 7519 section 4.1.5)."""

    code, status, message = "not_yet_valid", 401, "The token is not valid yet."


class InvalidClaim(AuthError):
    """A claim is missing or has the wrong type."""

    code, status, message = "invalid_claim", 401, "A claim of the token is missing or invalid."


class WrongTokenUse(AuthError):
    """An ID token where an access token is meant, or the other way round."""

    code, status, message = "wrong_token_use", 401, "The token is meant for another use."


class WrongClient(AuthError):
    """Issued to a client that is not configured."""

    code, status, message = "wrong_client", 401, "The token was issued to another client."


class WrongAudience(AuthError):
    """Made for another audience (RFC 7519 section 4.1.3, RFC 8707)."""

    code, status, message = "wrong_audience", 401, "The token is meant for another audience."


class BoundToken(AuthError):
    """Bound to a key of the sender (``cnf``, RFC 7800), which is not checked here."""

    code, status, message = "bound_token", 401, "Sender-constrained tokens are not supported."


class UnknownKey(AuthError):
    """No key host lists the token's ``kid``."""

    code, status, message = "unknown_key", 401, "The token's key is unknown."


class InvalidSignature(AuthError):
    """The signature does not verify."""

    code, status, message = "invalid_signature", 401, "The token's signature is invalid."


class Revoked(AuthError):
    """The token, or the sign-in that it belongs to, has been revoked."""

    code, status, message = "revoked", 401, "The token has been revoked."


class InsufficientScope(AuthError):
    """A scope that the call asks for is not granted; ``required_scopes`` are those asked (RFC 6750 section 3.1)."""

    code, status, message = "insufficient_scope", 403, "The token lacks a required scope."


class InsufficientGroups(AuthError):
    """The user is in none of the groups that the call asks for."""

    code, status, message = "insufficient_groups", 403, "The user is in none of the required groups."


class KeysUnavailable(AuthError):
    """The token cannot be checked now: nothing is said against it. ``retry_after`` says when to ask again."""

    code, status, message = "keys_unavailable", 503, "Token keys are temporarily unavailable."


class RevocationUnavailable(AuthError):
    """Whether the token is revoked cannot be told now. ``retry_after`` says when to ask again."""

    code, status, message = "revocation_unavailable", 503, "Token revocation cannot be checked at the moment."


CODES: Final[dict[str, type[AuthError]]] = {kind.code: kind for kind in AuthError.__subclasses__()}
"""Every code and its class. Closed: a new code is a change of the API."""
