"""Any OIDC provider, played by real servers on loopback: its names, where its keys are, and how both move."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, Self, TypeAlias, get_args
from urllib.parse import urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import ALGORITHMS, check_url
from jwtmr.settings import Clock, names, one_of
from jwtmr.testing.claims import changed
from jwtmr.testing.clock import SYSTEM_CLOCK
from jwtmr.testing.documents import DEFAULT_MAX_AGE, discovery, document, refusal
from jwtmr.testing.fault import Outage
from jwtmr.testing.keys import KeyRing, SigningKey
from jwtmr.testing.provider_tokens import ProviderMint
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.servers import Servers
from jwtmr.testing.tls import TlsAuthority
from jwtmr.testing.wire import Answer, RecordedRequest

ProviderPart: TypeAlias = Literal["discovery", "keys"]
"""One of the two servers of a provider: that of the discovery documents, or that of the keys."""

PARTS: Final[tuple[ProviderPart, ...]] = get_args(ProviderPart)


class _Name(NamedTuple):
    """A name of the issuer: a URL of its own, or the loopback server's with this path."""

    path: str
    url: str | None

    @property
    def discovery_path(self) -> str:
        """Where its document is served (OpenID Connect Discovery 1.0 section 4: without a terminating slash)."""
        return self.path.removesuffix("/") + "/.well-known/openid-configuration"


class OidcIssuer(ProviderMint):
    """A provider on ``127.0.0.1``, with one server for its discovery documents and one for its keys. A context manager.

    Both answer with ``ETag``, ``Date`` and ``Cache-Control``, and with 404 to everything else. Any number of providers
    can run in one process.

    ``max_age`` may be set at any time: seconds in ``Cache-Control``, or ``None`` for no such header. So may the members
    of ``discovery``, which are laid over each document; what is ``MISSING`` is left out of it.
    """

    def __init__(
        self,
        path: str = "",
        *,
        algorithms: list[str] | tuple[str, ...] = ("RS256",),
        keys: Sequence[SigningKey] | None = None,
        name_alg: bool = True,
        issuer_url: str | None = None,
        client_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
        tls: TlsAuthority | None = None,
    ) -> None:
        """Draw a key for each of ``algorithms``, or take ``keys``; the first one signs unless told otherwise.

        ``path``
            What the issuer's name has behind ``http://127.0.0.1:{port}``: nothing, ``"/"``, ``"/tenant"`` …
        ``keys``
            May hold a ``kid`` of another issuer, or the same one twice. Of each algorithm the first signs.
        ``name_alg``
            Whether the published JWKs of drawn keys name their ``alg``.
        ``issuer_url``
            A name that is not on loopback, instead of a path. Nobody can ask there, so whoever validates needs
            :attr:`jwks_uri`, or an ``http_get`` that leads to :attr:`discovery_url`.
        ``client_id``
            For tokens that name no other; drawn unless given.
        ``clock``
            Gives ``iat``, ``exp`` and ``Date``.
        ``tls``
            Both servers speak https, and whoever asks has to trust this authority.
        """
        super().__init__(_ring(algorithms, keys, clock, named=name_alg), clock, client_id or secrets.token_hex(12))
        self.max_age: int | None = DEFAULT_MAX_AGE
        self.discovery: dict[str, object] = {}
        self._names: tuple[_Name, ...] = (_name(path, issuer_url),)
        self._key_paths: tuple[str, ...] = ("/jwks.json",)
        self._replaced: dict[ProviderPart, Answer] = {}
        self._at: Final[dict[ProviderPart, LoopbackServer]] = {
            "discovery": LoopbackServer(self._answer_discovery, tls=tls),
            "keys": LoopbackServer(self._answer_keys, tls=tls),
        }
        self._servers: Final = Servers(list(self._at.values()))

    def start(self) -> None:
        """Bind the ports and answer. Once in the life of an issuer."""
        self._servers.start()

    def close(self) -> None:
        """Stop the servers and give the key material to the next issuer. Any number of times."""
        self._servers.close()
        super().close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The name of the issuer now: ``iss`` of new tokens. One on loopback is known only once started."""
        return self._url(self._names[-1])

    @property
    def former_urls(self) -> tuple[str, ...]:
        """The other names that it has had, the oldest first. Their documents are still served."""
        return tuple(self._url(name) for name in self._names[:-1])

    @property
    def discovery_url(self) -> str:
        """Where the document for :attr:`url` is served. Only once started."""
        return self._at["discovery"].url + self._names[-1].discovery_path

    @property
    def jwks_uri(self) -> str:
        """Where the keys are published now. Only once started."""
        return self._at["keys"].url + self._key_paths[-1]

    def move_to(self, path: str = "", *, issuer_url: str | None = None) -> None:
        """Take another name, given as to the constructor, and mint under it. The former ones are served as before.

        Of names whose documents have the same path only the newest has one.
        """
        name = _name(path, issuer_url)
        self._names = (*(known for known in self._names if known != name), name)

    def move_keys(self, path: str, *, keep_old: bool = False) -> None:
        """Publish the keys under another path, and name that in the documents.

        The path until now answers 404, or with ``keep_old`` as before.
        """
        _check_path(path)
        kept = self._key_paths if keep_old else self._key_paths[:-1]
        self._key_paths = (*(known for known in kept if known != path), path)

    def replace_answer(self, what: ProviderPart, answer: Answer | None) -> None:
        """Answer thus wherever ``what`` would be served; ``None`` ends that."""
        one_of("what", what, PARTS)
        if answer is None:
            self._replaced.pop(what, None)
        else:
            self._replaced[what] = answer

    def servers(self, part: ProviderPart | None = None) -> list[LoopbackServer]:
        """Both servers, or one."""
        return self._select(part, "part")

    def take_down(self, how: Outage = "refuse", what: ProviderPart | None = None) -> None:
        """Take down both servers, or one. The ways: :meth:`LoopbackServer.take_down`."""
        for server in self._select(what):
            server.take_down(how)

    def bring_up(self, what: ProviderPart | None = None) -> None:
        """Bring both servers back, or one, on the same port."""
        for server in self._select(what):
            server.bring_up()

    def requests(self, what: ProviderPart | None = None) -> list[RecordedRequest]:
        """What arrived, at both servers or one, oldest first. Also what was left without an answer."""
        return Servers(self._select(what)).requests()

    def count(self, what: ProviderPart | None = None) -> int:
        """How many requests arrived, at both servers or one."""
        return len(self.requests(what))

    def forget_requests(self) -> None:
        """Start recording and counting anew, at both servers."""
        self._servers.forget_requests()

    def _select(self, what: ProviderPart | None, parameter: str = "what") -> list[LoopbackServer]:
        if what is not None:
            one_of(parameter, what, PARTS)
        return [server for part, server in self._at.items() if what in (None, part)]

    def _url(self, name: _Name) -> str:
        return self._at["discovery"].url + name.path if name.url is None else name.url

    def _answer_discovery(self, request: RecordedRequest) -> Answer:
        path = request.path.partition("?")[0]
        asked = [name for name in self._names if name.discovery_path == path]
        if not asked:
            return refusal(404, "Not Found")
        usual = discovery(self._url(asked[-1]), self.jwks_uri, self._keys.signers)
        return self._serve("discovery", request, changed(usual, self.discovery))

    def _answer_keys(self, request: RecordedRequest) -> Answer:
        if request.path.partition("?")[0] not in self._key_paths:
            return refusal(404, "Not Found")
        return self._serve("keys", request, self._at["keys"].faults.publish(self.jwks(), self.jwks_at))

    def _serve(self, part: ProviderPart, request: RecordedRequest, content: Mapping[str, object]) -> Answer:
        replaced = self._replaced.get(part)
        return replaced or document(request, content, max_age=self.max_age, now=self.clock.wall())


def _ring(
    algorithms: list[str] | tuple[str, ...], keys: Sequence[SigningKey] | None, clock: Clock, *, named: bool
) -> KeyRing:
    if keys is not None:
        if not keys:
            raise ConfigurationError("keys", "must not be empty")
        return KeyRing({}, clock=clock, given=keys)
    wanted = names("algorithms", algorithms)
    for alg in wanted:
        one_of("algorithms", alg, sorted(ALGORITHMS))
    return KeyRing({alg: alg for alg in wanted}, clock=clock, named=named)


def _name(path: str, issuer_url: str | None) -> _Name:
    if issuer_url is None:
        if path:
            _check_path(path)
        return _Name(path, None)
    check_url("issuer_url", issuer_url)
    if path:
        raise ConfigurationError("path", "must not be given together with issuer_url, which has its own")
    return _Name(urlsplit(issuer_url).path, issuer_url)


def _check_path(path: str) -> None:
    if not path.startswith("/") or "?" in path or "#" in path:
        raise ConfigurationError("path", "must begin with a slash and have no query")
