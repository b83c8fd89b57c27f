"""To refuse costs no more than to accept: whoever floods a service with bad tokens gains nothing by their kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from spoilt import spoilt
from subject import Subject, each, each_refused

from jwtmr import AuthError
from jwtmr.testing import RegionalIssuer, validator_for

LIMIT: Final = 1.0
"""Times the cost of accepting a good token."""
TOO_LONG_LIMIT: Final = 5.0
"""Microseconds for what is too long to be read."""
MAX_TOKEN: Final = 16384
SPOILT: Final = ("expired", "another client's", "another issuer's", "without sub", "padded", "nested 100 deep")


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """Bad tokens of each kind of refusal, up to the longest that is read at all."""
    with RegionalIssuer() as pool, closing(validator_for(pool)) as validator:
        pool.switch_to_updated()
        validator.validate(pool.id_token())  # so that both keys have been seen
        good = pool.access_token(groups=["admins"])
        accepting, refusing = each(validator.validate, good), partial(each_refused, validator.validate, AuthError)
        bad = spoilt(pool, pool.access_key, partial(pool.access_token, groups=["admins"]), "client_id")
        chosen = {"forged": _forged(good), **{name: bad[name] for name in SPOILT}, **_longest(pool)}
        yield [
            *(Subject("refusals", name, "ratio", accepting, refusing(token), LIMIT) for name, token in chosen.items()),
            *(
                Subject("refusals", name, "took", accepting, refusing(token), TOO_LONG_LIMIT)
                for name, token in (("of 17 kB", "x" * 17000), ("of 1 MB", good * 1000))
            ),
        ]


def _forged(good: str) -> str:
    """One character in the middle of the signature is another: a number below the modulus, and all of the work."""
    at = len(good) - 100
    return good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]


def _longest(pool: RegionalIssuer) -> dict[str, str]:
    """Tokens as long as may be: refused early, in between, last of all, and after the slowest reading."""
    room = (MAX_TOKEN - len(pool.access_token(claims={"long": ""}))) * 3 // 4 - 3
    long, others = pool.access_token(claims={"long": "x" * room}), pool.updated_issuer + "x"
    names = {f"n{number}": number for number in range(room // 13)}
    header, claims = {"kid": pool.access_kid, "alg": "RS256"}, {"iss": others, **names}
    with_blanks = pool.sign_raw(json.dumps(header).encode(), json.dumps(claims).encode())
    assert MAX_TOKEN * 0.9 < min(len(long), len(with_blanks)) <= max(len(long), len(with_blanks)) <= MAX_TOKEN
    return {
        "of 16 kB, rubbish": "x" * MAX_TOKEN,
        "of 16 kB, another issuer's": pool.access_token(claims={"long": "x" * (room - 2), "iss": others}),
        "of 16 kB, forged": _forged(long),
        "of 16 kB, hundreds of names and blanks": with_blanks,
    }
