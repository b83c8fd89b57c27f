"""From a connection to its principal, or to the exception that FastAPI answers with.

A request is verified once. Its principal is kept in the scope together with the token that it came from, so that a
scope which was copied and given another token is not taken for the same request.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from fastapi import HTTPException, WebSocketException, status
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from jwtmr import AuthError, Principal
from jwtmr.bearer import NO_KEYS_NEEDED, Document, Edge, FromSubprotocol, HealthView, RequestHead, Requirements
from jwtmr_fastapi.handshake import can_be_answered, take_out_token
from jwtmr_fastapi.inside import KEPT, answer_for_views


@dataclass(frozen=True, slots=True)
class _Kept:
    principal: Principal
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Fake:
    principal: Principal | None


class Gate:
    """The edge of one ``BearerAuth``, and who stands in for its callers in tests."""

    def __init__(self, edge: Edge) -> None:
        self.edge: Final = edge
        self._fakes: Final[dict[Starlette, list[_Fake]]] = {}

    async def principal(self, connection: HTTPConnection, scopes: list[str]) -> Principal:
        """Who calls, to whom **all** ``scopes`` are granted. Raises ``AuthError``."""
        known: dict[Gate, _Kept | None] = connection.scope.setdefault(KEPT, {})
        head = self._head(connection)
        answer_for_views(connection)
        fakes = self._fakes.get(connection.app)
        if fakes:
            known.setdefault(self, None)
            return Requirements(scopes=scopes).enforce(fakes[-1].principal)
        kept = known.get(self)
        token = self._token(head, kept)
        if kept is not None and kept.token == token:
            return Requirements(scopes=scopes).enforce(kept.principal)
        validator = self.edge.made or await self.edge.validator_async()
        principal = await validator.validate_async(token, scopes=scopes)
        known[self] = _Kept(principal, token)
        return principal

    def _head(self, connection: HTTPConnection) -> RequestHead:
        """What the source may look at. A token among the subprotocols is only in here from now on."""
        scope, source = connection.scope, self.edge.source
        if scope["type"] != "websocket":
            return RequestHead(scope["method"], connection.headers.getlist)
        head = RequestHead(None, connection.headers.getlist, scope.get("subprotocols") or [])
        if isinstance(source, FromSubprotocol):
            take_out_token(connection, source)
        return head

    def _token(self, head: RequestHead, kept: _Kept | None) -> str:
        """The token; of one that was taken out there is nothing left but what is kept."""
        source = self.edge.source
        if kept is None or head.method is not None or not isinstance(source, FromSubprotocol):
            return self.edge.token(head)
        offered_anew = source.others(head.subprotocols) != [*head.subprotocols]
        return self.edge.token(head) if offered_anew else kept.token

    def asked(self, connection: HTTPConnection, error: AuthError) -> bool:
        """Whether ``error`` is what a view asked in vain of whom this gate has let in on ``connection``."""
        known: dict[Gate, _Kept | None] = connection.scope.get(KEPT, {})
        kept = known.get(self)
        known_here = [kept and kept.principal, *(fake.principal for fake in self._fakes.get(connection.app, ()))]
        return error.asked_of is not None and any(error.asked_of is principal for principal in known_here)

    def exception(self, connection: HTTPConnection, error: AuthError) -> HTTPException | WebSocketException:
        """What to raise for a refusal: an answer, or the end of a handshake that cannot be answered."""
        refusal = self.edge.refusal(error)
        if can_be_answered(connection):
            return HTTPException(refusal.status, refusal.content, dict(refusal.headers))
        return WebSocketException(status.WS_1008_POLICY_VIOLATION, refusal.code)

    async def start(self, app: Starlette) -> None:
        """Do what ``startup`` says, unless nobody's token is going to be looked at."""
        if app not in self._fakes:
            await self.edge.start_async()

    async def health_document(self, app: Starlette, view: HealthView) -> Document:
        """What a probe of ``app`` is told. Nothing is fetched where nobody's token is going to be looked at."""
        if app in self._fakes:
            return NO_KEYS_NEEDED
        await self.edge.validator_async()  # made beside the loop if need be
        return self.edge.health_document(view)

    @contextmanager
    def faked(self, app: Starlette, principal: Principal | None) -> Generator[None, None, None]:
        """Let ``principal`` be who calls ``app``; who stood there before comes back, in whichever order they leave."""
        fake, fakes = _Fake(principal), self._fakes.setdefault(app, [])
        fakes.append(fake)
        try:
            yield
        finally:
            fakes[:] = [other for other in fakes if other is not fake]
            if not fakes:
                self._fakes.pop(app, None)
