"""The table's application as another process serves it: every setup on a port of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from edge_adapters import SETUPS
from edge_app_flask import flask_application
from edge_stamp import stamped_wsgi
from edge_tokens import validators_of


def application() -> Callable[..., Iterable[bytes]]:
    """What gunicorn serves."""
    told = json.loads(os.environ["EDGE"])
    validators = validators_of(told["town"])
    served = {
        str(port): flask_application(validators[SETUPS[setup].validator], **(SETUPS[setup].keywords or {}))
        for setup, port in told["ports"].items()
    }

    def by_port(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - of WSGI
        return served[environ["SERVER_PORT"]](environ, start_response)

    return stamped_wsgi(by_port)
