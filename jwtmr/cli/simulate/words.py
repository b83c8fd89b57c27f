"""What a simulator knows, by the names that are typed: ways to be down, faults, kinds of tokens. Words alone."""

from __future__ import annotations

from typing import Final

OUTAGES: Final = {
    "refuse": "refuses connections, as a process that is gone",
    "accept_silent": "accepts connections and says nothing, as a process that hangs",
    "drop_syn": "answers no attempt to connect, as a host that is gone",
}
"""Ways in which a host is down altogether."""

FAULTS: Final = {
    "slow": "answers three seconds late",
    "hold": "keeps every answer back until it is healed",
    "drip": "sends its headers one byte a second",
    "reset": "breaks the connection off in place of an answer",
    "half": "breaks the connection off in the middle of the keys",
    "error-500": "answers 500",
    "busy-503": "answers 503 and asks to come back in 30 seconds",
    "throttle-429": "answers 429 and asks to come back in 30 seconds",
    "redirect": "redirects to another URL, where the keys are",
    "html": "answers 200 with a page in HTML",
    "no-keys": "answers with an empty key set",
    "other-keys": "publishes another key in place of those that sign",
    "old-keys": "publishes the keys of this moment, whatever is rotated afterwards",
    "weak-key": "publishes an RSA key of 1024 bits beside the others",
    "clock-behind": "dates its answers an hour back",
    "stale": "answers as a cache that has had the keys for an hour",
    "many-headers": "answers with ten thousand more headers",
    "huge": "answers with 200 MiB",
    "bomb": "answers with a body that unpacks to 1 GiB",
}
"""Faults of a host that is up. ``jwtmr.testing.faults`` has them, and more."""

KINDS: Final = {
    "access": "an access token of a user",
    "id": "an ID token of a user",
    "machine": "an access token that a client got for itself",
    "forged": "an access token under a published kid, signed by somebody else",
    "foreign": "an access token of another pool",
}
"""Kinds of tokens. The last two must be refused."""

ISSUERS: Final = {
    "now": "the issuer that the pool mints under now",
    "original": "the original issuer, whatever the pool is switched to",
    "updated": "the updated issuer, whatever the pool is switched to",
}
"""Issuers of tokens; the name of a replica region is one too: the original form of that region."""

FORMS: Final = {"updated": "issuer-cognito-idp", "original": "cognito-idp"}
"""The two hosts of a region, and how their names begin."""

SETTINGS: Final = ("toml", "env", "python")
"""Forms in which the settings of a service are shown."""

DAY: Final = 86_400
"""Seconds. The longest that an access token of Cognito lives."""

WINDOW: Final = 14 * DAY
"""Seconds for which the window of the settings is open: past a week, doctor has nothing to say against it."""

STATE_SCHEMA: Final = "jwtmr.simulate.state/1"
"""Names the form of the state, on the command line and at ``/state``."""

MAX_PORT: Final = 65_535
"""The last number of a TCP port (RFC 9293 section 3.1)."""
