"""A factory with blueprints, as larger Flask applications have it. Everything needs a token, but for ``/health``.

    cd examples
    export ORDERS_POOL_ID=us-east-1_Ab12Cd34 ORDERS_CLIENT_ID=1example23456789
    ../.venv/bin/gunicorn --preload --workers 4 "flask_factory:create_app()"

Needs gunicorn. With ``--preload`` the keys are fetched once, before the workers are forked;
``ORDERS_JWTMR_STARTUP=lazy`` leaves that to the first token. ``tests/examples/test_flask_factory.py`` tests the API
without tokens, keys or a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Flask, current_app

from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.bearer import ValidatorOrMaker
from jwtmr_flask import BearerAuth, BearerRefusal, current_principal

auth = BearerAuth()
api = Blueprint("api", __name__, url_prefix="/orders")
admin = Blueprint("admin", __name__, url_prefix="/admin")
api.register_blueprint(admin)


@api.get("")
@auth.require(scopes=["orders/read"])
def list_orders() -> dict[str, object]:
    """Its scope comes on top of what all of the application asks."""
    return {"user": current_principal.subject, "orders": [17, 42]}


@api.get("/me")
def me() -> dict[str, object]:
    """Needs a token, like everything else, and nothing more."""
    return {"user": current_principal.subject, "groups": sorted(current_principal.groups)}


@admin.before_request
@auth.require(any_group=["admins"])
def only_for_admins() -> None:
    """Asked before every view of the blueprint."""


@admin.delete("/<int:number>")
def delete_order(number: int) -> dict[str, int]:
    """For admins, as all that is in the blueprint."""
    return {"deleted": number}


def health() -> str:
    """For load balancers, which have no token."""
    return "fine"


def log_refusal(refusal: BearerRefusal) -> BearerRefusal:
    """Refusals pass here on their way out. ``detail`` is for the log, and holds no word of the token."""
    current_app.logger.info("refused: %s, %s", refusal.error.code, refusal.error.detail)
    return refusal


def pool_validator(config: Mapping[str, Any]) -> TokenValidator:
    """The validator for the pool that the environment names. Called once, by ``auth``."""
    return TokenValidator(
        CognitoUserPool(config["POOL_ID"], issuer_type="original", client_ids=[config["CLIENT_ID"]], token_use="access")
    )


def create_app(validator: ValidatorOrMaker | None = None) -> Flask:
    """Make the application, configured by ``ORDERS_*`` variables. Its tests bring a validator, or need none."""
    app = Flask(__name__)
    app.config.from_prefixed_env("ORDERS", loads=str)
    auth.init_app(app, validator or partial(pool_validator, app.config))
    auth.protect(app, exclude_endpoints=["health"])
    app.register_error_handler(BearerRefusal, log_refusal)
    app.add_url_rule("/health", "health", health)
    app.register_blueprint(api)
    return app
