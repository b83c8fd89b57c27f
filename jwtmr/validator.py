"""The order of the checks; the only file that knows it.

1. Size and shape        ``_token.compact``
2. Header                ``_token.header``
3. Issuer and its window here
4. Claims                ``_token.claims``
5. Key                   ``_keys.source``
6. Signature             the key
7. What the call asks    ``Principal.require``

With a ``TokenCache``, a token that passed steps 1 to 6 lately repeats only what may have changed since: its end and its
issuer's window in step 3 and 4, and step 5, which must give the same key.

Cheap before dear, and nothing that needs a key, and so perhaps a fetch, before everything that does not. Until step 6
has passed, whatever the token says decides nothing but which key to try, and reaches no log, event, label or answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import Final, Literal

from jwtmr._keys.jwk import Key
from jwtmr._keys.source import KeySource
from jwtmr._keys.waiting import Waiting, running_loop, wait_for, wait_for_async
from jwtmr._operation import Operation
from jwtmr._outcomes import Outcomes
from jwtmr._routes import check_authorities, routes_of
from jwtmr._steps import Call, Candidate, Verified
from jwtmr._tally import Tally
from jwtmr._token.claims import check_claims, check_no_id_token, check_subject_and_time, check_window, rules_for
from jwtmr._token.compact import header_of, parse
from jwtmr._token.header import HeaderRules, check_header
from jwtmr.cache import TokenCache, digest_of
from jwtmr.drain import DrainReport
from jwtmr.errors import AuthError, ConfigurationError, InvalidSignature, UntrustedIssuer, ValidatorClosed
from jwtmr.events import Observer, announcer
from jwtmr.http import HttpGet, httpx_get
from jwtmr.issuers import Authority
from jwtmr.principal import Principal, VerifiedFacts
from jwtmr.reports import ValidatorStatus
from jwtmr.settings import Clock, KeyPolicy, Names, SystemClock, TokenUse, check_methods, flag, seconds

DEFAULT_POLICY: Final = KeyPolicy()
SYSTEM_CLOCK: Final = SystemClock()
MAX_TOKEN_BYTES: Final = 16384
"""Real tokens have one or two kB; web servers stop at 8 or 16 kB of header."""


class TokenValidator:
    """Validates tokens of one or more authorities. Thread-safe; make one per process and keep it.

    ``leeway``
        Seconds, 0 to 300, by which clocks may differ in ``exp``, ``nbf`` and ``iat``. Never extends a legacy window.
    ``max_token_bytes``
        Longer tokens are refused unread; 256 to 1048576.
    ``key_policy``
        How keys are kept and waited for.
    ``token_cache``
        Remembers verified tokens, so that the next request with the same one costs a tenth; None: every signature is
        checked. A cache belongs to one validator.
    ``observers``
        Receive every event; see ``jwtmr.events``.
    ``drain``
        Count accepted tokens by issuer and client, for :meth:`drain_report`, and have the log say when a window ends.
    ``removal_dry_run``
        Count and tell which tokens would be refused if legacy issuers were retired now. They are accepted all the same.
    ``http_get``
        Fetches keys; by default ``jwtmr.http.httpx_get()``, which imports httpx now, in this thread.
    ``clock``
        Where the time comes from; for tests.

    Raises :class:`ConfigurationError` for settings out of bounds, and where two authorities have the same id or issuer.
    """

    def __init__(
        self,
        *authorities: Authority,
        leeway: float = 30,
        max_token_bytes: int = MAX_TOKEN_BYTES,
        key_policy: KeyPolicy = DEFAULT_POLICY,
        token_cache: TokenCache | None = None,
        observers: Iterable[Observer] = (),
        drain: bool = True,
        removal_dry_run: bool = False,
        http_get: HttpGet | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        check_authorities(authorities)
        if type(max_token_bytes) is not int or not 256 <= max_token_bytes <= 1048576:
            raise ConfigurationError("max_token_bytes", "must be an int between 256 and 1048576")
        if not isinstance(key_policy, KeyPolicy):
            raise ConfigurationError("key_policy", "must be a KeyPolicy")
        if http_get is not None and not callable(http_get):
            raise ConfigurationError("http_get", "must be callable, as jwtmr.HttpGet says")
        if token_cache is not None and not isinstance(token_cache, TokenCache):
            raise ConfigurationError("token_cache", "must be a TokenCache")
        flag("drain", drain)
        flag("removal_dry_run", removal_dry_run)
        check_methods("clock", clock, ("wall", "monotonic", "boottime"))
        self._leeway: Final = seconds("leeway", leeway, low=0, high=300)
        self._max_token_bytes: Final = max_token_bytes
        self._wall: Final = clock.wall
        self._cache: Final = token_cache
        announce = announcer(observers)
        self._outcomes: Final = Outcomes(announce, authorities, dry_run=removal_dry_run)
        self._observed: Final = bool(self._outcomes)
        self._closed = False
        get = httpx_get() if http_get is None else http_get
        sources = [(authority, KeySource(authority, key_policy, get, clock, announce)) for authority in authorities]
        self._operation: Final = Operation(sources, clock, announce)
        self._routes: Final = routes_of(sources, self._outcomes.teller)
        self._tally: Final = (
            Tally(authorities, leeway=self._leeway, dry_run=removal_dry_run, clock=clock) if drain else None
        )
        self._strangers: Final = HeaderRules.any_of(route.header_rules for route in self._routes.values())
        if token_cache is not None:
            token_cache.belong()  # last: a validator that is refused keeps no cache

    # -- validation ---------------------------------------------------------------------------------------------------

    def validate(
        self, token: str, *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None
    ) -> Principal:
        """Return who ``token`` speaks for, or raise an ``AuthError``. Never a bool, never None.

        **All** ``scopes`` must be granted, the user be in **one** of ``any_group``, and the token be for ``token_use``.
        Waits for keys at most ``KeyPolicy.wait`` seconds, and only where they are not known.
        """
        call = Call(scopes, any_group, token_use, self._wall(), perf_counter() if self._observed else 0.0)
        try:
            digest = None if self._cache is None else digest_of(token, self._max_token_bytes)
            verified = None if digest is None else self._recall(digest, call.wall)
            if verified is None:
                candidate = self._check(token, call.wall)
                key = candidate.route.source.find(candidate.kid, candidate.alg, candidate.wall)
                if key is None:
                    key = wait_for(self._look(candidate))
                verified = self._verify(candidate, key, digest)
        except AuthError as error:
            self._outcomes.refused(error, call.began)
            raise
        return self._admit(verified, call)

    async def validate_async(
        self, token: str, *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None
    ) -> Principal:
        """:meth:`validate` for asyncio; differs only in how it waits. Elsewhere (trio) a ``RuntimeError``, at once."""
        running_loop()()
        call = Call(scopes, any_group, token_use, self._wall(), perf_counter() if self._observed else 0.0)
        try:
            digest = None if self._cache is None else digest_of(token, self._max_token_bytes)
            verified = None if digest is None else self._recall(digest, call.wall)
            if verified is None:
                candidate = self._check(token, call.wall)
                key = candidate.route.source.find(candidate.kid, candidate.alg, candidate.wall)
                if key is None:
                    key = await wait_for_async(self._look(candidate))
                verified = self._verify(candidate, key, digest)
        except AuthError as error:
            self._outcomes.refused(error, call.began)
            raise
        return self._admit(verified, call)

    def _recall(self, digest: bytes, wall: float) -> Verified | None:
        """A token that passed steps 1 to 6 lately, if it still does. None: take all of them."""
        if self._closed:
            raise ValidatorClosed
        verified = None if self._cache is None else self._cache.recall(digest, wall)  # 3. and 4. Window and end
        if verified is None:
            return None
        key = self._routes[verified.facts.issuer.url].source.find(verified.kid, verified.alg, wall)  # 5. Key
        return verified if key is not None and key.thumbprint == verified.thumbprint else None

    def _check(self, token: str, wall: float) -> Candidate:
        """Steps 1 to 4: everything that needs no key."""
        if self._closed:
            raise ValidatorClosed
        # 1. Size and shape
        parsed = parse(token, self._max_token_bytes)
        payload = parsed.payload
        iss = payload.get("iss")
        route = self._routes.get(iss) if type(iss) is str else None
        # 2. Header
        if route is None:
            check_header(header_of(parsed), self._strangers)
            # 3. Issuer
            raise UntrustedIssuer("iss is none of the configured issuers")
        known = route.known_headers.get(parsed.header_part)
        kid, alg = known or check_header(header_of(parsed), route.header_rules)
        # 3. Issuer
        if route.issuer.kind == "legacy":
            check_window(route.issuer, payload, wall)
        # 4. Claims
        check_subject_and_time(payload, wall, self._leeway)
        rules = rules_for(payload, route.authority.claim_rules)
        check_claims(payload, rules)
        if route.must_tell_id_tokens:
            check_no_id_token(payload, rules)
        return Candidate(parsed, route, rules, kid, alg, wall)

    def _look(self, candidate: Candidate) -> Waiting[Key]:
        """Step 5 where the key is not at hand. Time passes, so what depends on time is checked again."""
        key = yield from candidate.route.source.look(candidate.kid, candidate.alg)
        if candidate.route.issuer.kind == "legacy":
            check_window(candidate.route.issuer, candidate.token.payload, self._wall())
        check_subject_and_time(candidate.token.payload, self._wall(), self._leeway)
        return key

    def _verify(self, candidate: Candidate, key: Key, digest: bytes | None) -> Verified:
        """Step 6."""
        token, route = candidate.token, candidate.route
        # 6. Signature
        if not key.verify(token.signed, token.signature):
            raise InvalidSignature("the signature does not verify")
        if token.header_part not in route.known_headers:
            route.known_headers.learn(token.header_part, candidate.kid, candidate.alg, route.source.view.keys)
        facts = VerifiedFacts(
            route.authority, route.issuer, candidate.rules, token.payload, token.payload_bytes, route.tell
        )
        verified = Verified(facts, candidate.kid, candidate.alg, key.thumbprint)
        if digest is not None and self._cache is not None:
            until = min(token.payload["exp"] + self._leeway, route.issuer.accept_until_unix)
            self._cache.keep(digest, verified, candidate.wall, until)
        return verified

    def _admit(self, verified: Verified, call: Call) -> Principal:
        """Step 7."""
        principal = Principal(verified.facts)
        if self._tally is not None:
            self._tally.count(verified.facts, call.wall)
        # 7. What the call asks
        if call.scopes != () or call.any_group is not None or call.token_use is not None:
            principal.require(scopes=call.scopes, any_group=call.any_group, token_use=call.token_use)
        if self._observed:
            route = self._routes[verified.facts.issuer.url]
            self._outcomes.accepted(verified, route.source.view, call.wall, call.began)
        return principal

    # -- operation ----------------------------------------------------------------------------------------------------

    def warm_up(self, require: Literal["any", "all"] | None = None) -> ValidatorStatus:
        """Fetch keys where there are none, and report. Takes up to 6 seconds in an outage.

        Raises :class:`KeysUnavailable` where ``require`` is not met: ``"any"`` or ``"all"`` authorities have usable
        keys. One whose issuers are all retired needs none, and is not asked.
        """
        wait_for(self._operation.warm(require))
        return self._operation.warmed(require)

    async def warm_up_async(self, require: Literal["any", "all"] | None = None) -> ValidatorStatus:
        """:meth:`warm_up` for asyncio."""
        await wait_for_async(self._operation.warm(require))
        return self._operation.warmed(require)

    def status(self) -> ValidatorStatus:
        """What is known of every authority and endpoint. Waits for nothing; starts a fetch that is due."""
        return self._operation.status()

    def drain_report(self) -> DrainReport:
        """What this process has accepted of each issuer and client: who still sends legacy tokens, and until when.

        Evidence, to be merged with that of all other processes: ``DrainReport.merge``. It counts every token whose
        signature was good, also where the call asked for more. Raises :class:`ConfigurationError` under
        ``drain=False``.
        """
        if self._closed:
            raise ValidatorClosed
        if self._tally is None:
            raise ConfigurationError("drain", "must be True for there to be a report")
        return self._tally.report()

    @property
    def authority_ids(self) -> tuple[str, ...]:
        """The ids of all authorities, in their order."""
        return self._operation.authority_ids

    @property
    def current_issuers(self) -> tuple[str, ...]:
        """The issuers that new tokens name, of all authorities; those of an old house are not among them."""
        return self._operation.current_issuers

    def close(self) -> None:
        """End it: calls that wait and all later ones raise :class:`ValidatorClosed`. May be called again."""
        self._closed = True
        self._operation.close()
        if self._tally is not None:
            self._tally.end()
        if self._cache is not None:
            self._cache.clear()
