"""An application whose workers say which they are, and can be sent into the future one by one."""

from __future__ import annotations

import json
import os
from typing import Any

from edge_tokens import validators_of
from flask import Flask, request

from jwtmr.testing import SettableClock
from jwtmr_flask import BearerAuth


def application() -> Flask:
    """What gunicorn serves. With ``--preload`` the keys are fetched here, before the workers are forked."""
    auth, app = BearerAuth(), Flask(__name__)
    told = json.loads(os.environ["EDGE"])
    clock = SettableClock(told["now"])
    auth.init_app(app, validators_of(told, clock)["warm"])

    @app.get("/who")
    @auth.require
    def who() -> dict[str, Any]:
        """Which process this is, and whose child."""
        return {"worker": os.getpid(), "parent": os.getppid()}

    @app.post("/later")
    @auth.require
    def later() -> dict[str, Any]:
        """Let time pass in this worker."""
        clock.advance(float(request.args["seconds"]))
        return {"worker": os.getpid()}

    return app
