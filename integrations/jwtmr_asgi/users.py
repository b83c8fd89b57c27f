"""Who is calling, where applications look for it: ``scope["user"]`` and ``scope["auth"]``, as Starlette has them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from jwtmr import Principal
from jwtmr.bearer import Edge
from jwtmr_asgi.types import Message, Scope, Send

_KEY: Final = "jwtmr"


class BearerUser:
    """An authenticated caller. Like a user of Starlette's, and with the ``principal``."""

    __slots__ = ("principal",)
    is_authenticated: Final = True

    def __init__(self, principal: Principal) -> None:
        self.principal: Final = principal

    @property
    def display_name(self) -> str:
        """The user's name, or the subject where there is none."""
        return self.principal.username or self.principal.subject

    @property
    def identity(self) -> str:
        """The subject: unique within ``principal.issuer``."""
        return self.principal.subject


class AnonymousUser:
    """A caller who need not be authenticated, and is not."""

    __slots__ = ()
    is_authenticated: Final = False
    principal: Final = None
    display_name: Final = ""
    identity: Final = ""


class Credentials:
    """What Starlette's ``requires`` compares. The scopes are put together when it does, as few applications ask."""

    __slots__ = ("_principal",)

    def __init__(self, principal: Principal | None) -> None:
        self._principal: Final = principal

    @property
    def scopes(self) -> list[str]:
        """The granted scopes, and ``authenticated``; none of nobody."""
        return [] if self._principal is None else ["authenticated", *sorted(self._principal.scopes)]


class Entered:
    """What the middleware leaves in the scope for what comes after it."""

    __slots__ = ("edge", "principal", "sent_last")

    def __init__(self, edge: Edge, principal: Principal | None) -> None:
        self.edge: Final = edge
        self.principal: Final = principal
        self.sent_last = ""
        """The type of the message that the application sent last; nothing before it answers."""

    def sender(self, send: Send) -> Send:
        """``send`` for the application, so that it is known how far it has come."""

        def noting(message: Message) -> Awaitable[None]:
            self.sent_last = message["type"]
            return send(message)

        return noting


def enter(scope: Scope, found: Entered) -> Scope:
    """A copy of ``scope`` in which the principal of ``found``, or nobody, is calling."""
    principal = found.principal
    user = AnonymousUser() if principal is None else BearerUser(principal)
    return {**scope, "user": user, "auth": Credentials(principal), _KEY: found}


def entered(scope: Scope) -> Entered | None:
    """What the middleware left in ``scope``; None where no middleware was passed."""
    found = scope.get(_KEY)
    return found if isinstance(found, Entered) else None


def principal_of(scope: Scope) -> Principal | None:
    """The caller; None for excluded and optional requests, and where no middleware was passed."""
    found = entered(scope)
    return None if found is None else found.principal
