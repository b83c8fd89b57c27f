"""What an application asks of its caller in vain: ``principal.require(...)``. Answered as what the middleware asks.

Only for the principal of that very request, and only while nothing has been answered. What some other validator
refuses meanwhile is nobody's refusal, and passes.
"""

from __future__ import annotations

from typing import Any, Final

from jwtmr import AuthError
from jwtmr_asgi.answers import POLICY_VIOLATION, RefusalResponse
from jwtmr_asgi.types import App, Receive, Scope, Send
from jwtmr_asgi.users import Entered, entered

_OPEN: Final = ("websocket.accept", "websocket.send")


async def on_auth_error(connection: Any, error: Exception) -> Any:  # noqa: ANN401 - in Starlette's types, unimported
    """An exception handler for Starlette: ``app.add_exception_handler(AuthError, on_auth_error)``.

    Needed where the middleware is put around the whole application, which answers every exception itself. What is not
    for ``BearerAuthMiddleware`` to answer is raised again.
    """
    found = entered(connection.scope)
    answer = answer_to(error, found) if found is not None and isinstance(error, AuthError) else None
    if answer is None:
        raise error
    return answer


def answer_to(error: AuthError, found: Entered) -> App | None:
    """What answers ``error``, which came out of an application that ``found`` has entered; None: it passes."""
    if found.principal is None or error.asked_of is not found.principal:
        return None
    if found.sent_last in _OPEN:
        return _Close(error.code)
    return None if found.sent_last else RefusalResponse(found.edge.refusal(error))


class _Close:
    """Ends a WebSocket that was accepted already."""

    def __init__(self, reason: str) -> None:
        self._reason: Final = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # it is an application
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": self._reason})
