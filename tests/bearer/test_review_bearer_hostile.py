"""What one request without credentials can cost, and offers of subprotocols that came in one piece."""

from __future__ import annotations

import time

import pytest

from jwtmr import AuthError
from jwtmr.bearer import FromSubprotocol, RequestHead, token_from


@pytest.mark.parametrize("piece", ['\\"', '"\\', '"', "\\", ", ", ",a  ", " ", "a=", '"a", '], ids=repr)
def test_a_header_is_read_in_the_time_that_its_length_deserves(piece: str) -> None:
    """Servers take 64 kB of headers from anybody, and judging them holds the event loop."""
    value = 'Digest a="' + piece * (60_000 // len(piece))
    before = time.perf_counter()
    with pytest.raises(AuthError):
        token_from([value[:12_000]])
    assert time.perf_counter() - before < 0.1
    before = time.perf_counter()
    with pytest.raises(AuthError):
        token_from([value])
    assert time.perf_counter() - before < 0.5


@pytest.mark.parametrize("offer", ["chat, bearer.a.b.c", "bearer.a.b.c,chat"])
def test_offers_that_the_server_did_not_separate(offer: str) -> None:
    """Some servers (Granian, socketify) hand over the header as one offer: the token is found, and taken out."""
    source = FromSubprotocol()
    assert source.token(RequestHead(None, lambda _: [], [offer])) == "a.b.c"
    assert source.others([offer]) == ["chat"]
