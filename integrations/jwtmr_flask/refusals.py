"""A refusal as an exception of Werkzeug's, so that the error handlers of an application see it.

Its header and its body are those of ``jwtmr.bearer``: Werkzeug would answer HTML, and write ``error=invalid_token``
without the quotation marks of RFC 6750.
"""

from __future__ import annotations

from typing import Any, Final

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, ServiceUnavailable, Unauthorized

from jwtmr import AuthError
from jwtmr.bearer import Refusal


class BearerRefusal(HTTPException):
    """A request was refused. Also a ``BadRequest``, ``Unauthorized``, ``Forbidden`` or ``ServiceUnavailable``.

    ``error`` says why: ``error.code`` is stable, ``error.detail`` is for logs. ``refusal`` is what is answered.
    """

    def __init__(self, error: AuthError, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.error: Final = error
        self.refusal: Final = refusal

    def get_body(self, *_: Any, **__: Any) -> str:  # noqa: ANN401 - what Werkzeug passes has changed before
        """The JSON body."""
        return self.refusal.body.decode()

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - as above
        """The headers, ``WWW-Authenticate`` or ``Retry-After`` among them."""
        return [("Content-Type", "application/json"), *self.refusal.headers.items()]


class _Malformed(BearerRefusal, BadRequest):
    pass


class _NotAuthenticated(BearerRefusal, Unauthorized):
    pass


class _NotAllowed(BearerRefusal, Forbidden):
    pass


class _CannotTell(BearerRefusal, ServiceUnavailable):
    pass


_CLASSES: Final = {cls.code: cls for cls in (_Malformed, _NotAuthenticated, _NotAllowed, _CannotTell)}
"""Flask looks handlers up by the ``code`` of the class."""


def refused(error: AuthError, refusal: Refusal) -> BearerRefusal:
    """The exception to raise."""
    return _CLASSES[refusal.status](error, refusal)
