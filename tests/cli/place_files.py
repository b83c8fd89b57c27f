"""The files beside the settings of a place: key sets, drain reports, metrics, and what a health view says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from drain_files import DAY, HOUR, report, scraped_text

from jwtmr.testing import RegionalIssuer, SigningKey


@cache
def _other_key() -> dict[str, str]:
    return SigningKey.generate("ES256", kid="other").jwk


def evidence(issuer: RegionalIssuer, now: float) -> Mapping[str, str]:
    """Texts by the name of their file, made for the Unix time ``now``."""
    keys = [issuer.access_key.jwk, issuer.id_key.jwk]
    told = {"ready": True, "seconds_left": 3540}
    return {
        "keys.json": json.dumps({"keys": keys}),
        "other-keys.json": json.dumps({"keys": [*keys, _other_key()]}),
        "reports/web-1.json": report(now, HOUR).to_json(),
        "reports/web-2.json": report(now, 2 * DAY, name="2-b").to_json(),
        "safe.json": report(now, 2 * DAY).to_json(),
        "metrics.txt": scraped_text(now),
        "health.json": json.dumps({"status": "ok", "authorities": [{"state": "ok", **told}]}),
        "degraded.json": json.dumps({"status": "degraded", "authorities": [{"state": "degraded", **told}]}),
    }
