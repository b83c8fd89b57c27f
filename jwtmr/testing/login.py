"""The domain of a user pool where users sign in: the authorization code flow with PKCE, for a public client.

RFC 6749 section 4.1 and RFC 7636, with the habits of RFC 8252 and RFC 9700: S256 and nothing else, codes that work once
and for a minute, redirects only to where the client is at home.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import check_url, is_loopback
from jwtmr.settings import Names, names
from jwtmr.testing.claims import SUBJECT, USERNAME
from jwtmr.testing.documents import refusal
from jwtmr.testing.oauth import CORS, PREFLIGHT, Form, OAuthError, in_json, redirect, s256
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.tokens import TokenMint
from jwtmr.testing.wire import Answer, RecordedRequest

CODE_LIFETIME: Final = 60
"""Seconds of the issuer's clock in which a code must be redeemed. RFC 6749 section 4.1.2 allows ten minutes; a client
that was waiting for it needs none."""

TOKEN_LIFETIME: Final = 3600
"""Seconds. ``expires_in`` of both tokens."""

BASIC: Final = {"WWW-Authenticate": 'Basic realm="oauth2"'}
"""What a client is told that used the scheme in vain (RFC 6749 section 5.2)."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""What SHA-256 leaves in base64url."""

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636 section 4.1."""

_SCOPES: Final = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")
"""RFC 6749 section 3.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who signs in at the domain."""

    subject: str = SUBJECT
    username: str = USERNAME
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a code stands for."""

    user: User
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires_at: float


class ManagedLogin:
    """``/oauth2/authorize`` and ``/oauth2/token`` of a pool. There is no page: :attr:`user` is signed in at once.

    Its one client is the pool's ``client_id``, which has no secret. What may be set at any time:

    ``user``
        Who signs in. ``None``: nobody does, and the client is told ``access_denied``.
    ``grantable_scopes``
        All scopes that are granted to whoever asks for them; ``None`` grants any. A request that names none gets these,
        or ``openid``. With ``openid`` granted there is an ID token as well.
    ``redirect_uris``
        Exactly where codes may be sent; ``None`` is any http or https URL of this machine, with any port, since tests
        listen on a free one (RFC 8252 section 7.3).

    ``server`` has recorded each request, with its body.
    """

    def __init__(self, mint: TokenMint) -> None:
        self.user: User | None = User()
        self.grantable_scopes: Names | None = None
        self.redirect_uris: Names | None = None
        self.server: Final = LoopbackServer(self._answer)
        self._mint = mint
        self._grants: dict[str, _Grant] = {}

    def _answer(self, request: RecordedRequest) -> Answer:
        path = request.path.partition("?")[0]
        if path == "/oauth2/authorize":
            if request.method != "GET":
                return refusal(405, "Method Not Allowed", Allow="GET")
            return self._authorize(request)
        if path == "/oauth2/token":
            if request.method == "OPTIONS":
                return PREFLIGHT
            if request.method != "POST":
                return refusal(405, "Method Not Allowed", Allow="POST, OPTIONS")
            status, headers, body = self._token(request)
            return status, {**headers, **CORS}, body
        return refusal(404, "Not Found")

    def _authorize(self, request: RecordedRequest) -> Answer:
        try:
            form = Form.of_query(request)
            redirect_uri = self._home(form)
        except OAuthError as error:  # the browser is sent nowhere that is not known to be the client's
            return error.answer()
        try:
            told = {"code": self._code(form, redirect_uri)}
        except OAuthError as error:
            told = error.members
        state = form.get("state")
        return redirect(redirect_uri, told if state is None else {**told, "state": state})

    def _home(self, form: Form) -> str:
        """Return where to send the browser, if that is the client's."""
        if form.required("client_id") != self._mint.client_id:
            raise OAuthError("invalid_request", "client_id is not known")
        redirect_uri = form.required("redirect_uri")
        if not self._is_home(redirect_uri):
            raise OAuthError("invalid_request", "redirect_uri is not one of the client's")
        return redirect_uri

    def _is_home(self, uri: str) -> bool:
        if self.redirect_uris is not None:
            return uri in names("redirect_uris", self.redirect_uris)
        try:
            check_url("redirect_uri", uri)
        except ConfigurationError:
            return False
        return is_loopback(urlsplit(uri).hostname or "")

    def _code(self, form: Form, redirect_uri: str) -> str:
        """Sign in and return the code for it."""
        form.refuse_repeated()
        if form.required("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response_type must be code")
        challenge = form.required("code_challenge")
        # Without a method it would be "plain" (RFC 7636 section 4.3), which shows the verifier to whoever sees the URL.
        if form.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise OAuthError("invalid_request", "code_challenge must be one of the method S256")
        scopes = self._granted(form.get("scope"))
        user = self.user
        if user is None:
            raise OAuthError("access_denied", "nobody signed in")
        code = secrets.token_urlsafe(32)
        expires_at = self._mint.clock.wall() + CODE_LIFETIME
        self._grants[code] = _Grant(user, scopes, redirect_uri, challenge, form.get("nonce"), expires_at)
        return code

    def _granted(self, scope: str | None) -> tuple[str, ...]:
        grantable = None if self.grantable_scopes is None else names("grantable_scopes", self.grantable_scopes)
        if scope is None:
            return grantable or ("openid",)
        if not _SCOPES.fullmatch(scope):
            raise OAuthError("invalid_scope", "scope must be names with one space between them")
        granted = tuple(name for name in dict.fromkeys(scope.split(" ")) if grantable is None or name in grantable)
        if not granted:
            raise OAuthError("invalid_scope", "none of the scopes can be granted")
        return granted

    def _token(self, request: RecordedRequest) -> Answer:
        try:
            form = Form.of_body(request)
            if form.required("grant_type") != "authorization_code":
                raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code")
            self._check_client(form, request)
            return in_json(self._tokens(self._redeem(form)))
        except OAuthError as error:
            return error.answer()

    def _check_client(self, form: Form, request: RecordedRequest) -> None:
        if "authorization" in request.headers:
            raise OAuthError("invalid_client", "the client has no secret", **BASIC)
        if form.get("client_secret") is not None:
            raise OAuthError("invalid_client", "the client has no secret")
        if form.required("client_id") != self._mint.client_id:
            raise OAuthError("invalid_client", "client_id is not known")

    def _redeem(self, form: Form) -> _Grant:
        """Return what the code stands for. It is used up by the attempt, so that a verifier can be guessed once."""
        code, redirect_uri, verifier = (form.required(name) for name in ("code", "redirect_uri", "code_verifier"))
        grant = self._grants.pop(code, None)
        if grant is None or self._mint.clock.wall() >= grant.expires_at:
            raise OAuthError("invalid_grant", "the code is not known, was used, or has expired")
        if redirect_uri != grant.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the one that the code was sent to")
        if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(s256(verifier), grant.challenge):
            raise OAuthError("invalid_grant", "code_verifier does not match the challenge")
        return grant

    def _tokens(self, grant: _Grant) -> dict[str, object]:
        user = grant.user
        access_token = self._mint.access_token(
            subject=user.subject, username=user.username, scopes=grant.scopes, groups=user.groups,
            expires_in=TOKEN_LIFETIME,
        )  # fmt: skip
        tokens: dict[str, object] = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME}
        if "openid" in grant.scopes:
            tokens["id_token"] = self._mint.id_token(
                subject=user.subject, username=user.username, groups=user.groups, expires_in=TOKEN_LIFETIME,
                claims=None if grant.nonce is None else {"nonce": grant.nonce},
            )  # fmt: skip
        return {**tokens, "scope": " ".join(grant.scopes)}
