"""What a route asks of a principal, said once and checked at every request."""

from __future__ import annotations

from typing import Final

from jwtmr.bearer.answers import is_scope
from jwtmr.errors import ConfigurationError, MissingToken
from jwtmr.principal import Principal
from jwtmr.settings import TOKEN_USES, Names, TokenUse, names, one_of


class Requirements:
    """**All** ``scopes``, **one** of ``any_group``, and ``token_use``; each may be left out.

    Raises :class:`ConfigurationError` when it is made, so that a bare string is found when the application starts.
    """

    __slots__ = ("any_group", "scopes", "token_use")

    def __init__(
        self, *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None
    ) -> None:
        self.scopes: Final = names("scopes", scopes, allow_empty=True)
        if not all(is_scope(scope) for scope in self.scopes):
            raise ConfigurationError("scopes", "must hold single scopes without blanks, quotes and backslashes")
        self.any_group: Final = None if any_group is None else names("any_group", any_group)
        if token_use is not None:
            one_of("token_use", token_use, TOKEN_USES)
        self.token_use: Final = token_use

    def __bool__(self) -> bool:
        return bool(self.scopes) or self.any_group is not None or self.token_use is not None

    def enforce(self, principal: Principal | None) -> Principal:
        """Return ``principal``, or raise as ``Principal.require``; :class:`MissingToken` where there is none."""
        if principal is None:
            raise MissingToken("nobody has been authenticated")
        if self:
            principal.require(scopes=self.scopes, any_group=self.any_group, token_use=self.token_use)
        return principal
