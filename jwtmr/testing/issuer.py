"""A Cognito user pool with several regions, played by real servers on loopback."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Self

from jwtmr.settings import Clock, one_of
from jwtmr.testing.clock import SYSTEM_CLOCK
from jwtmr.testing.documents import DEFAULT_MAX_AGE, discovery, document, refusal
from jwtmr.testing.fault import Outage
from jwtmr.testing.login import ManagedLogin
from jwtmr.testing.pool import HOST_FORMS, HostForm
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.servers import Servers
from jwtmr.testing.tls import TlsAuthority
from jwtmr.testing.tokens import TokenMint
from jwtmr.testing.wire import Answer, RecordedRequest


@dataclass(frozen=True, slots=True)
class RegionalEndpoint:
    """One JWKS endpoint of a pool."""

    region: str
    form: HostForm
    url: str


@dataclass(slots=True, eq=False)
class _Host:
    region: str
    form: HostForm
    server: LoopbackServer = field(init=False)
    published: Mapping[str, object] | None = None


class RegionalIssuer(TokenMint):
    """A pool whose hosts listen on ``127.0.0.1``: one server per region and host form. A context manager.

    It begins as pools do: on the original issuer, with the updated hosts answering 403. All hosts publish the same keys
    and a minimal discovery document, with ``ETag``, ``Date`` and ``Cache-Control``; everything else is 404.

    ``max_age`` may be set at any time: seconds in ``Cache-Control``, or ``None`` for no such header. ``login`` is where
    users sign in, at :attr:`domain`, and says what can be set there.
    """

    def __init__(
        self,
        regions: list[str] | tuple[str, ...] = ("us-east-1", "us-west-2"),
        *,
        user_pool_id: str | None = None,
        client_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
        tls: TlsAuthority | None = None,
        first_port: int = 0,
    ) -> None:
        """The first region is the primary one. ``clock`` gives ``iat``, ``exp`` and ``Date``.

        With ``tls`` all hosts speak https, :attr:`domain` excepted, and whoever asks has to trust that authority.
        The hosts take ``first_port`` and those after it, in the order of :attr:`endpoints`; 0 takes any free ones.
        """
        super().__init__(regions, user_pool_id=user_pool_id, client_id=client_id, clock=clock)
        self.max_age: int | None = DEFAULT_MAX_AGE
        self._hosts = [_Host(region, form) for region in self.regions for form in HOST_FORMS]
        for number, host in enumerate(self._hosts, first_port):
            host.server = LoopbackServer(partial(self._answer, host), tls=tls, port=number if first_port else 0)
        self.login: Final = ManagedLogin(self)
        self._servers = Servers([host.server for host in self._hosts])

    def start(self) -> None:
        """Bind the ports and answer. Once in the life of an issuer."""
        self._servers.start()

    def close(self) -> None:
        """Stop all servers and give the key material to the next issuer. Any number of times."""
        self._servers.close()
        super().close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def domain(self) -> str:
        """The pool's domain, ``http://127.0.0.1:{port}``, where ``login`` answers. Only once started.

        Its server starts when this is first asked for. No region takes it down, and :meth:`requests` leaves it out.
        """
        self._servers.start_late(self.login.server)
        return self.login.server.url

    @property
    def endpoints(self) -> tuple[RegionalEndpoint, ...]:
        """Where the keys are published, by region, the updated form first. Only once started."""
        return tuple(RegionalEndpoint(host.region, host.form, self._jwks_uri(host)) for host in self._hosts)

    @property
    def jwks_uris(self) -> list[str]:
        """:meth:`jwks_uris_for` a pool with the updated issuer."""
        return self.jwks_uris_for("updated")

    def jwks_uris_for(self, issuer_type: HostForm) -> list[str]:
        """The URLs for ``CognitoUserPool(jwks_uris=…)``, in its order of precedence.

        The updated form in the primary region, if that is the pool's type, then the original form in every region. The
        updated form in a replica region is served too, but has no name in the real world, so no validator asks there.
        """
        one_of("issuer_type", issuer_type, HOST_FORMS)
        updated = self._select(self.primary_region, "updated") if issuer_type == "updated" else []
        return [self._jwks_uri(host) for host in [*updated, *self._select(None, "original")]]

    def servers(self, region: str | None = None, form: HostForm | None = None) -> list[LoopbackServer]:
        """The servers of all hosts, or of those selected."""
        return [host.server for host in self._select(region, form)]

    def publish(self, region: str, form: HostForm, jwks: Mapping[str, object] | None) -> None:
        """Let one endpoint publish this JWK Set instead of the common one; ``None`` ends that."""
        for host in self._select(region, form):
            host.published = copy.deepcopy(jwks)

    def take_down(self, region: str, how: Outage = "refuse", form: HostForm | None = None) -> None:
        """Take down the hosts of a region, or the one of that form. The ways: :meth:`LoopbackServer.take_down`."""
        for server in self.servers(region, form):
            server.take_down(how)

    def bring_up(self, region: str, form: HostForm | None = None) -> None:
        """Bring the hosts of a region back on the same ports."""
        for server in self.servers(region, form):
            server.bring_up()

    def requests(self, region: str | None = None, form: HostForm | None = None) -> list[RecordedRequest]:
        """What arrived, at all hosts or those selected, oldest first. Also what was left without an answer."""
        return Servers(self.servers(region, form)).requests()

    def count(self, region: str | None = None, form: HostForm | None = None) -> int:
        """How many requests arrived, at all hosts or those selected."""
        return len(self.requests(region, form))

    def forget_requests(self) -> None:
        """Start recording and counting anew, at all hosts."""
        self._servers.forget_requests()

    def _select(self, region: str | None, form: HostForm | None) -> list[_Host]:
        if region is not None:
            one_of("region", region, self.regions)
        if form is not None:
            one_of("form", form, HOST_FORMS)
        return [host for host in self._hosts if region in (None, host.region) and form in (None, host.form)]

    def _jwks_uri(self, host: _Host) -> str:
        return f"{host.server.url}/{self.user_pool_id}/.well-known/jwks.json"

    def _issuer(self, host: _Host) -> str:
        if host.form == "updated":
            return self.updated_issuer
        return self.original_issuer if host.region == self.primary_region else self.replica_issuer(host.region)

    def _answer(self, host: _Host, request: RecordedRequest) -> Answer:
        if host.form == "updated" and not self._switched:
            return refusal(403, "Forbidden")
        path = request.path.partition("?")[0]
        if path == f"/{self.user_pool_id}/.well-known/jwks.json":
            usual = host.published if host.published is not None else self.jwks()
            content = host.server.faults.publish(usual, self.jwks_at)
        elif path == f"/{self.user_pool_id}/.well-known/openid-configuration":
            content = discovery(self._issuer(host), self._jwks_uri(host))
        else:
            return refusal(404, "Not Found")
        return document(request, content, max_age=self.max_age, now=self.clock.wall())
