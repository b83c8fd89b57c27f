"""What a simulator is at this moment, as JSON can say it: for the page, for ``--json`` and for tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jwtmr._keys.jwk import parse_jwk
from jwtmr.cli.simulate.simulator import Simulator
from jwtmr.cli.simulate.watch import Seen
from jwtmr.cli.simulate.words import FORMS
from jwtmr.testing.issuer import RegionalEndpoint
from jwtmr.testing.pool import UserPool


def identity(pool: UserPool) -> dict[str, object]:
    """What never changes: ids, regions, issuers."""
    return {
        "user_pool_id": pool.user_pool_id,
        "client_id": pool.client_id,
        "regions": list(pool.regions),
        "issuers": {
            "updated": pool.updated_issuer,
            "original": pool.original_issuer,
            **{region: pool.replica_issuer(region) for region in pool.replica_regions},
        },
    }


def state_of(simulator: Simulator) -> dict[str, object]:
    """All that there is to see."""
    issuer = simulator.issuer
    return {
        **identity(issuer),
        "switched_to": simulator.switched,
        "current_issuer": issuer.current_issuer,
        "hosts": [_host(simulator, endpoint) for endpoint in issuer.endpoints],
        "keys": _keys(simulator),
        "requests": [_request(seen) for seen in simulator.watch.last()],
    }


def _host(simulator: Simulator, endpoint: RegionalEndpoint) -> dict[str, object]:
    outage, faults = simulator.outage_at(endpoint), simulator.faults_at(endpoint)
    switched_off = endpoint.form == "updated" and simulator.switched == "original"
    return {
        "region": endpoint.region,
        "form": endpoint.form,
        "plays": f"{FORMS[endpoint.form]}.{endpoint.region}.amazonaws.com",
        "jwks_uri": endpoint.url,
        "asked": endpoint.url in simulator.issuer.jwks_uris,
        "state": "down" if outage else "faulty" if faults else "not_switched" if switched_off else "up",
        "outage": outage,
        "faults": faults,
        "requests": simulator.watch.count(endpoint),
    }


def _keys(simulator: Simulator) -> list[dict[str, object]]:
    issuer = simulator.issuer
    signers = {"access": issuer.access_kid, "id": issuer.id_kid}
    return [
        {
            "kid": jwk["kid"],
            "thumbprint": _thumbprint(jwk),
            "signs": [use for use, kid in signers.items() if kid == jwk["kid"]],
        }
        for jwk in issuer.jwks()["keys"]
    ]


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, base64url of SHA-256, as `jwtmr jwks` shows it."""
    return parse_jwk(dict(jwk), frozenset({"RS256"}))[0].thumbprint


def _request(seen: Seen) -> dict[str, object]:
    return {
        "time": datetime.fromtimestamp(seen.time, UTC).isoformat(timespec="milliseconds"),
        "region": seen.region,
        "form": seen.form,
        "method": seen.method,
        "path": seen.path,
        "status": seen.status,
        "fault": seen.fault,
    }
