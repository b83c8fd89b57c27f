"""Requests that no person made: a browser asking for leave, before it sends the real one."""

from __future__ import annotations

import re
from typing import Final

from jwtmr.bearer.sources import RequestHead

_METHOD: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)
"""RFC 9110 section 9.1."""


def is_preflight(head: RequestHead) -> bool:
    """Whether this is a CORS preflight (Fetch standard, CORS-preflight request): it carries no credentials, ever.

    It names one origin and one method, and has no body.
    """
    if head.method != "OPTIONS":
        return False
    origins, methods = head.values("origin"), head.values("access-control-request-method")
    if len(origins) != 1 or not origins[0] or "," in origins[0]:  # a comma: two that a server joined
        return False
    if len(methods) != 1 or not _METHOD.fullmatch(methods[0]):
        return False
    return [*head.values("content-length")] in ([], ["0"]) and not head.values("transfer-encoding")
