"""``auth.override``: tests of a protected application without tokens, keys or a network."""

import asyncio
from contextlib import suppress
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket
from fastapi_kit import Place, a_place, ask, code_of, hear
from serving import served

from jwtmr import ConfigurationError, Principal, TokenValidator
from jwtmr.testing import make_principal
from jwtmr_fastapi import BearerAuth, FromSubprotocol


def never() -> TokenValidator:
    """In place of a validator, where none may be needed."""
    raise AssertionError("a validator was made")


def application(auth: BearerAuth) -> FastAPI:
    """Every kind of dependency on its own path."""
    app = FastAPI(lifespan=auth.lifespan)
    router = APIRouter(dependencies=[Security(auth, scopes=["router"])])

    @app.get("/plain")
    @router.get("/scoped")
    def plain(principal: Annotated[Principal, Depends(auth)]) -> str:
        return principal.subject

    @app.get("/optional")
    def optional(principal: Annotated[Principal | None, Depends(auth.optional)]) -> str | None:
        return principal and principal.subject

    @app.get("/groups")
    def groups(principal: Annotated[Principal, Depends(auth.require(any_group=["staff"], token_use="access"))]) -> str:
        return principal.subject

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, principal: Annotated[Principal, Depends(auth)]) -> None:
        await websocket.accept()
        await websocket.send_text(f"{principal.subject} {websocket['subprotocols']}")

    app.include_router(router)
    return app


AUTH = BearerAuth(never)


@pytest.mark.parametrize(
    ("path", "principal", "expected"),
    [
        ("/plain", make_principal(subject="fake"), (200, "fake")),
        ("/plain", None, (401, "missing_token")),
        ("/optional", make_principal(subject="fake"), (200, "fake")),
        ("/optional", None, (200, None)),
        ("/scoped", make_principal(subject="fake", scopes=["router"]), (200, "fake")),
        ("/scoped", make_principal(scopes=["other"]), (403, "insufficient_scope")),
        ("/scoped", None, (401, "missing_token")),
        ("/groups", make_principal(subject="fake", groups=["staff"]), (200, "fake")),
        ("/groups", make_principal(groups=["guests"]), (403, "insufficient_groups")),
        ("/groups", make_principal(groups=["staff"], token_use="id"), (401, "wrong_token_use")),
        ("/groups", None, (401, "missing_token")),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}])
def test_all_dependencies_take_the_stand_in(
    path: str, principal: Principal | None, expected: tuple[int, str | None], headers: dict[str, str]
) -> None:
    """Whatever a request brings, the caller is who the test says, and what is asked is asked of him."""
    app = application(AUTH)
    with AUTH.override(app, principal):
        answer = ask(app, path, headers)
    assert (code_of(answer) if answer.status_code >= 400 else (answer.status_code, answer.json())) == expected


def test_challenge_of_a_stand_in() -> None:
    """A refusal looks as it would for a real caller."""
    app = application(AUTH)
    with AUTH.override(app, make_principal()):
        challenge = ask(app, "/scoped").headers["www-authenticate"]
    assert challenge == 'Bearer realm="api", error="insufficient_scope", scope="router"'


def test_overrides_nest_and_end(place: Place) -> None:
    """The inner one counts while it lasts, and afterwards tokens do, also when the block fails."""
    auth = place.auth()
    app = application(auth)
    with suppress(ZeroDivisionError), auth.override(app, make_principal(subject="outer")):
        with suppress(ZeroDivisionError), auth.override(app, None):
            assert code_of(ask(app, "/plain")) == (401, "missing_token")
            raise ZeroDivisionError
        assert ask(app, "/plain").json() == "outer"
        raise ZeroDivisionError
    assert code_of(ask(app, "/plain")) == (401, "missing_token")
    assert ask(app, "/plain", place.bearer(subject="real")).json() == "real"


def test_overrides_may_end_in_any_order() -> None:
    """Of those that still hold the latest counts, also where one principal stands in twice."""
    app, ada = application(AUTH), make_principal(subject="ada")
    first, second, third = (AUTH.override(app, principal) for principal in (ada, None, ada))
    with first, second:
        with third:
            assert ask(app, "/plain").json() == "ada"
        assert code_of(ask(app, "/plain")) == (401, "missing_token")
    first, second = (AUTH.override(app, make_principal(subject=name)) for name in ("first", "second"))
    first.__enter__()
    with second:
        first.__exit__(None, None, None)
        assert ask(app, "/plain").json() == "second"


def test_start_after_an_override() -> None:
    """While it holds no key is fetched at the start of the application, and afterwards they are."""

    async def start() -> None:
        async with app.router.lifespan_context(app):
            pass

    with a_place() as place:
        auth = place.auth()
        app = application(auth)
        with auth.override(app, None):
            asyncio.run(start())
        assert place.issuer.count() == 0
        asyncio.run(start())
        assert place.issuer.count() > 0


def test_other_applications_and_other_objects_are_left_alone(place: Place) -> None:
    """An override is for one application and one auth object."""
    ours, theirs = place.auth(), place.auth()
    app, other = application(ours), application(ours)
    app.get("/theirs", dependencies=[Depends(theirs)])(lambda: None)
    with ours.override(app, make_principal(subject="fake")):
        assert code_of(ask(other, "/plain")) == (401, "missing_token")
        assert code_of(ask(app, "/theirs")) == (401, "missing_token")
        assert ask(app, "/plain").json() == "fake"


@pytest.mark.parametrize("source", [None, FromSubprotocol()])
def test_whole_application_without_a_validator(source: FromSubprotocol | None) -> None:
    """The application starts, serves requests and WebSockets; neither a key nor a validator is needed."""
    auth = BearerAuth(never, token_sources=[source], startup="require") if source else BearerAuth(never)
    app = application(auth)
    with auth.override(app, make_principal(subject="fake")), served(app) as url:
        assert hear(url, "/socket", subprotocols=["bearer.abc", "chat"]) == (
            "fake ['chat']" if source else "fake ['bearer.abc', 'chat']"
        )


def test_not_a_principal() -> None:
    """A stand-in that is no principal is refused when it is given, and so is an application that is none."""
    with pytest.raises(ConfigurationError, match="principal"):
        AUTH.override(application(AUTH), "alice")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="app"):
        AUTH.override(APIRouter(), None)  # type: ignore[arg-type]
