"""Runs the block of the page, with an SDK that is set up after it: ``late_provider.py FILE``."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from jwtmr import CognitoUserPool
from jwtmr.testing import RegionalIssuer


def main(file: Path) -> None:
    """Validate a token, and print the names of what the SDK has."""
    names: dict[str, Any] = {}
    exec(file.read_text("utf-8"), names)
    reader = InMemoryMetricReader()
    set_meter_provider(MeterProvider([reader]))
    with RegionalIssuer() as issuer:
        pool = CognitoUserPool(
            issuer.user_pool_id, issuer_type="original", client_ids=[issuer.client_id], token_use="access",
            jwks_uris=issuer.jwks_uris_for("original"),
        )  # fmt: skip
        with closing(names["watched"](pool)) as validator:
            validator.validate(issuer.access_token())
            data = reader.get_metrics_data()
    resources = [] if data is None else data.resource_metrics
    found = [metric.name for each in resources for scope in each.scope_metrics for metric in scope.metrics]
    sys.stdout.write(json.dumps(sorted(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
