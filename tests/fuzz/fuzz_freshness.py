"""What a host says of how long its answer is good for, how old it is, when to come back: header values of any kind."""

from __future__ import annotations

import re
from typing import Final

from cases_freshness import CASES, WORDS
from fuzz_keys import POOL_KEYS
from fuzz_kit import Draw, Target, expect, text_of
from fuzz_world import NOW, as_json

from jwtmr._keys.freshness import age_header, lifetime, retry_after
from jwtmr._keys.reading import Reading, read_answer

STATUSES: Final = (200, 304, 503, 429, 404, 301, 999)
NAMES: Final = ("cache-control", "age", "expires", "date", "retry-after", "etag")
ETAG: Final = 'W/"1"'
BODY: Final = as_json({"keys": [POOL_KEYS[0].jwk]})
DIRECTIVES: Final = re.compile(r"[a-z-]+(=[0-9]{1,10})?( *, *[a-z-]+(=[0-9]{1,10})?)*", re.ASCII)
SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class FreshnessQuestion:
    """How does this answer count?"""

    allowed = ()

    def __init__(self, data: bytes) -> None:
        draw = Draw(data)
        self._status = draw.one_of(STATUSES)
        self._headers = {}
        for piece in draw.pieces():
            line = Draw(piece)
            name = line.one_of(NAMES)
            self._headers[name] = text_of(line.rest)

    def ask(self) -> object:
        """Read the answer, and each header by itself: a status may have nobody look at it."""
        headers = self._headers
        reading = read_answer(self._status, headers, BODY, allowed=frozenset({"RS256"}), etag=ETAG, wall=NOW)
        return reading, lifetime(headers, NOW), age_header(headers), retry_after(headers, NOW)

    def judge(self, answer: object) -> str:
        """All numbers are within their bounds; those that are written plainly are understood."""
        assert isinstance(answer, tuple)
        reading, fresh, age, after = answer
        assert isinstance(reading, Reading)
        expect(type(fresh) is float and 60 <= fresh <= 900, "a lifetime out of bounds")
        expect(type(age) is float and 0 <= age <= 1e9, "an age out of bounds")
        expect(after is None or (type(after) is float and 0 <= after < 1e12), "a pause out of bounds")
        plain = self._plain_lifetime()
        expect(plain is None or fresh == plain, f"{fresh} s, where {plain} s are said plainly")
        said = self._headers.get("retry-after", "")
        expect(not SECONDS.fullmatch(said) or after == int(said), "another pause than is said plainly")
        if reading.outcome in ("ok", "not_modified"):
            expect((reading.lifetime, reading.age) == (fresh, age), "another lifetime in the reading")
        else:
            expect(reading.lifetime == 0, "an error has a lifetime")
        return f"{reading.outcome} {fresh:g} {age:g} {'-' if after is None else format(after, 'g')}"

    def _plain_lifetime(self) -> float | None:
        """What a plain ``Cache-Control`` and a plain ``Age`` make; None where either is not plain or not there."""
        control, age = self._headers.get("cache-control", ""), self._headers.get("age", "0")
        if not DIRECTIVES.fullmatch(control) or not SECONDS.fullmatch(age):
            return None
        said = [part.split("=") for part in control.replace(" ", "").split(",")]
        ages = [int(words[1]) for words in said if words[0] == "max-age" and len(words) == 2]
        return float(min(max(min(ages) - int(age), 60), 900)) if ages else None


FRESHNESS: Final = Target(FreshnessQuestion, longest=2048, words=WORDS, cases=CASES)
