"""Every code of a finding, and what it means in a line: what ``docs/doctor.md`` lists, and nothing else is found."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_HOSTS: Final = {
    "dns_fails": "the name of a host cannot be found",
    "cannot_connect": "nothing accepts connections at an address",
    "no_answer_in_time": "a host is silent for so long that a validator would give up",
    "connection_breaks": "a host ends the connection instead of answering",
    "certificate_expired": "the certificate of a host is over",
    "certificate_not_yet_valid": "the certificate of a host begins later, or the clock of this machine is wrong",
    "certificate_for_another_host": "the certificate does not name the host that was asked",
    "certificate_not_trusted": "no authority that is trusted here has signed the certificate",
    "encryption_fails": "no encrypted connection comes about: an old TLS version, or no TLS at all",
    "certificate_ends_soon": "the certificate of a host ends within two weeks",
    "proxy_not_used": "the environment names a proxy, hosts cannot be reached, and a validator does not use it",
    "slow_answer": "a host takes almost as long as a validator waits",
}
_ANSWERS: Final = {
    "not_switched_yet": "the updated issuer has nothing to say (403): the pool is not switched to it yet",
    "wrong_region": "the host of the pool's region does not know the pool",
    "missing_replica": "a region in replica_regions does not know the pool",
    "refused_by_host": "a host answers with a 4xx status",
    "server_error": "a host answers with a 5xx status, or asks to come back later",
    "redirect": "a host sends callers elsewhere, which a validator does not follow",
    "html_instead_of_json": "a page for people is served where the keys should be",
    "no_key_set": "the answer is no JWK Set with a usable key",
    "too_large": "the answer is larger than any key set",
    "wrong_document": "the discovery document is another issuer's, or names no usable place for the keys",
    "algorithms_differ": "the discovery document lists none of the configured algorithms",
    "updated_issuer_answers": 'the pool is configured as "original", and its updated issuer serves keys',
}
_KEYS: Final = {
    "weak_key": "a key is too short or too weak, and is never used",
    "private_key_published": "the private half of a key is public: anybody can sign with it",
    "key_refused": "a key is never used, for another reason",
    "keys_differ": "endpoints of one authority do not list the same keys",
    "keys_conflict": "endpoints list different keys under the same name",
    "no_keys": "no endpoint gives usable keys: every token is answered with 503",
    "nobody_answers": "no host could be reached from here, so nothing can be told",
    "clock_skew": "the clock of this machine and the clocks of the hosts differ",
    "host_clock_skew": "the clock of one host differs from all others",
}
_WINDOWS: Final = {
    "refuses_everything": "as things stand every token is refused",
    "window_closed": "the window of a legacy issuer is over: its tokens are refused",
    "window_ends_soon": "the window of a legacy issuer ends within a week",
    "cutover_passed": "legacy_issued_before is over and the pool is not switched: new tokens are refused",
}
_TOKEN: Final = {
    "token_of_foreign_pool": "the sample token comes from another user pool",
    "token_of_unlisted_region": "the sample token names a region that the settings do not",
    "token_of_replica_issuer": "the sample token names the issuer of a replica, which is not accepted",
    "token_of_updated_issuer": "the sample token names the updated issuer, and the settings know the original one",
    "token_of_foreign_issuer": "the sample token names an issuer that the settings do not",
    "token_of_retired_issuer": "the sample token names a legacy issuer whose window is not open",
    "token_of_legacy_issuer": "the sample token is accepted, and it is still one of the old kind",
    "token_expired": "the sample token is too old to tell anything",
    "token_of_wrong_client": "the sample token was made for a client that is not configured",
    "token_of_wrong_use": "an ID token where access tokens are meant, or the other way round",
    "token_of_wrong_audience": "the sample token was made for another API",
    "token_of_unknown_key": "no endpoint lists the key of the sample token",
    "token_forged": "the signature of the sample token does not verify",
    "token_not_checked": "the sample token could not be checked, as there are no keys",
    "token_refused": "the sample token is refused for another reason",
}
_MCP: Final = {
    "mcp_unreachable": "the address given with --mcp, or its metadata, does not answer",
    "mcp_not_protected": "the address given with --mcp answers without a token",
    "mcp_no_challenge": "the 401 does not tell MCP clients where the metadata is",
    "mcp_no_metadata": "there is no usable metadata of the protected resource (RFC 9728)",
    "mcp_other_resource": "the metadata is about another resource",
    "mcp_no_servers": "the metadata names no authorization server",
    "mcp_foreign_server": "the metadata sends clients to a server whose tokens are refused",
    "mcp_no_server_metadata": "an authorization server publishes no usable metadata (RFC 8414, OIDC discovery)",
    "mcp_no_pkce": "an authorization server does not say that it does PKCE with S256, so MCP clients stop",
    "mcp_no_registration": "MCP clients cannot register by themselves, so somebody has to do it",
    "mcp_audience_open": "tokens that were made for other APIs are accepted",
    "mcp_audience_differs": "the configured audience is not the address that MCP clients ask a token for",
}

OF_HOSTS: Final = frozenset(_HOSTS)
"""What is said of hosts that could not be asked: where none could, it says more of this machine than of them."""

MEANINGS: Final = MappingProxyType({**_HOSTS, **_ANSWERS, **_KEYS, **_WINDOWS, **_TOKEN, **_MCP})
"""Every code and its meaning, in the order of the page. Closed: a new code is a change of what programs read."""
