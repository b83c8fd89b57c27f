"""Where a key came from: what each endpoint last answered, beside what the validator made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from jwtmr._keys.keyset import UnusableSet, parse_key_set
from jwtmr._token.compact import header_of, parse
from jwtmr.cli.tokens import MAX_BYTES
from jwtmr.http import HttpAnswer, HttpGet
from jwtmr.principal import Principal
from jwtmr.reports import ValidatorStatus


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The key that verified a token, and the endpoint that it came from."""

    kid: str
    algorithm: str
    thumbprint: str
    """RFC 7638."""
    endpoint: str
    region: str | None

    def document(self) -> Mapping[str, object]:
        """As JSON."""
        return asdict(self)

    def words(self) -> str:
        """For people."""
        return f"{self.endpoint}{f' ({self.region})' if self.region else ''}, kid {self.kid}"


class Provenance:
    """An ``HttpGet`` that remembers the last good answer of each URL."""

    def __init__(self, http_get: HttpGet) -> None:
        self._http_get = http_get
        self._bodies: dict[str, bytes] = {}

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Ask ``url`` once."""
        answer = self._http_get(url, headers=headers, timeout=timeout, max_bytes=max_bytes)
        if answer.status == 200:
            self._bodies[url] = answer.body
        return answer

    def of(self, token: str, principal: Principal, status: ValidatorStatus) -> KeyPlace | None:
        """Where the key of ``token`` came from, which was verified as that of ``principal``."""
        header = header_of(parse(token, MAX_BYTES))
        kid, algorithm = header["kid"], header["alg"]
        endpoints = next(
            authority.endpoints
            for authority in status.authorities
            if principal.token_issuer in {issuer.url for issuer in authority.issuers}
        )
        for endpoint in endpoints:  # in order of precedence, as the validator looks
            key = self._keys(endpoint.jwks_uri, algorithm).get(kid)
            if key is not None and endpoint.keys:
                return KeyPlace(kid, algorithm, key, endpoint.url, endpoint.region)
        return None

    def _keys(self, uri: str | None, algorithm: str) -> dict[str, str]:
        """The thumbprint of each key that may serve ``algorithm``, by its kid."""
        body = self._bodies.get(uri or "")
        if body is None:
            return {}
        try:
            listed = parse_key_set(body, frozenset({algorithm})).keys
        except UnusableSet:
            return {}
        return {kid: by_alg[algorithm].thumbprint for kid, by_alg in listed.items() if algorithm in by_alg}
