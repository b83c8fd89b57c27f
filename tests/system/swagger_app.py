"""An API with two scopes and FastAPI's documentation page, served by uvicorn. The page needs nothing from outside.

Without ``from __future__ import annotations``: FastAPI reads the signatures, and they name a local.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Security
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from jwtmr import Principal, TokenValidator
from jwtmr.testing import RegionalIssuer
from jwtmr_fastapi import AUTH_RESPONSES, BearerAuth, OAuth2Code

READ, WRITE = "orders/read", "orders/write"
SCOPES = {READ: "See orders", WRITE: "Change orders"}

END_WITHIN = 10.0
"""Seconds that the server has to end."""


def orders_app(issuer: RegionalIssuer, validator: TokenValidator) -> FastAPI:
    """An API that lists and deletes orders, each with a scope of its own. It has no page yet."""
    auth = BearerAuth(validator, openapi=OAuth2Code(domain=issuer.domain, scopes=SCOPES))
    app = FastAPI(title="Orders", docs_url=None, redoc_url=None, lifespan=auth.lifespan)

    @app.get("/orders", tags=["orders"], responses=AUTH_RESPONSES)
    async def list_orders(principal: Annotated[Principal, Security(auth, scopes=[READ])]) -> dict[str, object]:
        return {"orders": [17, 42], "user": principal.username, "scopes": sorted(principal.scopes)}

    @app.delete("/orders", tags=["orders"], responses=AUTH_RESPONSES)
    async def delete_orders(principal: Annotated[Principal, Security(auth, scopes=[WRITE])]) -> dict[str, object]:
        return {"deleted": [17, 42], "user": principal.username}

    return app


def add_page(app: FastAPI, path: str, assets: Path, **init_oauth: object) -> None:
    """Serve Swagger UI at ``path`` with the files of ``assets``, as FastAPI does from a CDN."""
    name = path.strip("/")
    app.mount(f"{path}/assets", StaticFiles(directory=assets), name=f"{name}-assets")

    @app.get(path, include_in_schema=False, name=name)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url=f"{path}/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{path}/assets/swagger-ui.css",
            swagger_favicon_url=f"{path}/assets/favicon-32x32.png",
            oauth2_redirect_url=f"{path}/oauth2-redirect",
            init_oauth=init_oauth,
        )

    @app.get(f"{path}/oauth2-redirect", include_in_schema=False, name=f"{name}-redirect")
    async def come_back() -> HTMLResponse:
        return get_swagger_ui_oauth2_redirect_html()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve ``app`` on loopback; its URL. Whoever connects before it is ready waits in the queue of the socket."""
    with create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="swagger-app")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(END_WITHIN)
            assert not thread.is_alive()
