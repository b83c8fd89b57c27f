"""What anybody may read without a token, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """An answer to whoever asks, by GET or HEAD."""

    status: int
    headers: Mapping[str, str]
    """Those of its own. The headers of the body are the adapter's."""
    content: Mapping[str, object]

    @property
    def body(self) -> bytes:
        """:attr:`content` as JSON."""
        return json.dumps(self.content).encode()
