"""flask-cognito-lib: a decorator for views. It takes the token from a cookie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_cognito_lib import CognitoAuth
from flask_cognito_lib.config import Config
from flask_cognito_lib.decorators import auth_required
from peer_flask import add_views, per_request
from peer_kit import LEEWAY, Case
from subject import Subject

REMARK = "fetches the keys for every request; the token is in a cookie"


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """It fetches the keys for every request, which is most of what it takes: few calls are enough to see that."""
    case = Case(path, "cognito")

    class OurConfig(Config):
        jwk_endpoint = case.jwks_uri

    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="of the benchmark",
        AWS_REGION=case.region,
        AWS_COGNITO_USER_POOL_ID=case.user_pool_id,
        AWS_COGNITO_USER_POOL_CLIENT_ID=case.client_id,
        AWS_COGNITO_EXPIRATION_LEEWAY=LEEWAY,
    )
    CognitoAuth(app, cfg=OurConfig())
    add_views(app, auth_required())
    yield per_request(
        case, "flask-cognito-lib", "flask-cognito-lib", app,
        lambda token: {"cookie": f"{Config.COOKIE_NAME}={token}"},
    )  # fmt: skip
