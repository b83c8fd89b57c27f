"""What a view asks of its caller in vain: ``principal.require(...)``. Answered as what ``Security`` asks.

An exception handler for ``AuthError``. It answers for principals of the very connection; what some other validator
refuses while a view is served is nobody's refusal, and passes.

A dependency with ``yield`` sees such exceptions too, but costs more than all that is done here for a request. So the
handler goes where Starlette keeps those of the application while it serves. Where that place is gone one day, these
refusals are answered with 500, and a test says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NoReturn, Protocol

from fastapi import HTTPException, WebSocketException
from starlette.requests import HTTPConnection

from jwtmr import AuthError
from jwtmr_fastapi.handshake import is_over

KEPT: Final = "jwtmr_fastapi"
"""Under this name the scope holds what is kept, by gate."""
_HANDLERS: Final = "starlette.exception_handlers"
"""Two dictionaries, by class and by status: copies of what the application says, made when it starts."""


class _Gate(Protocol):
    def asked(self, connection: HTTPConnection, error: AuthError, /) -> bool: ...

    def exception(self, connection: HTTPConnection, error: AuthError, /) -> HTTPException | WebSocketException: ...


def answer_for_views(connection: HTTPConnection) -> None:
    """Have its application answer what its views ask in vain. A handler of its own for ``AuthError`` goes before."""
    handlers: tuple[dict[Any, Any], object] | None = connection.scope.get(_HANDLERS)
    if handlers is not None:
        handlers[0].setdefault(AuthError, _answer)


async def _answer(connection: HTTPConnection, error: AuthError) -> NoReturn:
    if is_over(connection):
        error.asked_of = None  # whoever comes next on its way out does not see that
    gates: Iterable[_Gate] = connection.scope.get(KEPT, ())
    for gate in gates:
        if gate.asked(connection, error):
            raise gate.exception(connection, error) from error  # the application's handlers answer that
    raise error
