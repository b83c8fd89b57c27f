"""Routes and routers: what they ask is all enforced, a token is verified once, and refusals say what the RFCs say."""

from contextlib import ExitStack, closing
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Security
from fastapi.responses import JSONResponse
from fastapi_kit import Place, a_place, ask, code_of
from pool_place import HTTP_GET

from jwtmr import KeysUnavailable, Principal
from jwtmr.testing import SUBJECT, RegionalIssuer, validator_for
from jwtmr_fastapi import BearerAuth, FromCookie, FromHeader, FromSubprotocol


def layered(auth: BearerAuth) -> FastAPI:
    """One view below requirements of the application, two routers, the route and its parameters."""
    app = FastAPI(dependencies=[Depends(auth)])
    outer = APIRouter(dependencies=[Security(auth, scopes=["outer"])])
    inner = APIRouter(dependencies=[Security(auth, scopes=["inner"]), Depends(auth.optional)])

    @inner.get("/", dependencies=[Security(auth, scopes=["route"])])
    async def view(
        first: Annotated[Principal, Security(auth, scopes=["parameter"])],
        second: Annotated[Principal, Depends(auth.require(scopes=["required"]))],
        third: Annotated[Principal, Depends(auth.require(any_group=["staff", "admins"], token_use="access"))],
        fourth: Annotated[Principal | None, Depends(auth.optional)],
    ) -> dict[str, Any]:
        return {"subject": first.subject, "same": first is second is third is fourth}

    outer.include_router(inner)
    app.include_router(outer)
    return app


ALL = ("outer", "inner", "route", "parameter", "required")


def test_layers_share_one_verification(place: Place, outcomes: list[str]) -> None:
    """Whoever has all that is asked in seven places gets in, as one principal of one verification."""
    answer = ask(layered(place.auth()), headers=place.bearer(*ALL, groups=["staff"]))
    assert (answer.status_code, answer.json()) == (200, {"subject": SUBJECT, "same": True})
    assert outcomes == ["accepted"]


@pytest.mark.parametrize("lacking", ALL)
def test_each_layer_is_enforced_on_its_own(place: Place, outcomes: list[str], lacking: str) -> None:
    """The scopes of an application, a router, a route and a parameter are all asked for; the challenge names them."""
    granted = [scope for scope in ALL if scope != lacking]
    answer = ask(layered(place.auth()), headers=place.bearer(*granted, groups=["staff"]))
    assert code_of(answer) == (403, "insufficient_scope")
    assert answer.headers["www-authenticate"] == f'Bearer realm="api", error="insufficient_scope", scope="{lacking}"'
    assert outcomes == ["accepted", "insufficient_scope"]


def test_groups_are_asked_besides_scopes(place: Place) -> None:
    """All scopes do not make up for a group."""
    answer = ask(layered(place.auth()), headers=place.bearer(*ALL, groups=["guests"]))
    assert code_of(answer) == (403, "insufficient_groups")


def test_scopes_of_the_first_dependency_are_told_to_observers(place: Place, outcomes: list[str]) -> None:
    """A request that fails at the dependency which verifies it is counted as refused."""
    auth, app = place.auth(), FastAPI()
    app.get("/", dependencies=[Security(auth, scopes=["a"])])(lambda: None)
    assert code_of(ask(app, headers=place.bearer("b"))) == (403, "insufficient_scope")
    assert outcomes == ["insufficient_scope"]


def test_scopes_of_who_depends_on_it_are_asked_too(place: Place) -> None:
    """``Security(current_user, scopes=…)`` asks the dependency below ``current_user`` for these scopes."""
    auth, app = place.auth(), FastAPI()

    def current_user(principal: Annotated[Principal, Security(auth, scopes=["below"])]) -> str:
        return principal.subject

    @app.get("/")
    def view(user: Annotated[str, Security(current_user, scopes=["above"])]) -> str:
        return user

    assert ask(app, headers=place.bearer("below", "above")).json() == SUBJECT
    for granted in ("below", "above"):
        answer = ask(app, headers=place.bearer(granted))
        assert code_of(answer) == (403, "insufficient_scope")
        assert 'scope="above below"' in answer.headers["www-authenticate"]


def test_two_auth_objects_never_share(place: Place) -> None:
    """What one has verified is nothing to another, on the same request."""
    with RegionalIssuer() as other, closing(validator_for(other, issuer_type="original", http_get=HTTP_GET)) as theirs:
        ours = place.auth()
        second = BearerAuth(theirs, token_sources=[FromHeader("x-second")], scheme_name="Second")
        same = BearerAuth(theirs, scheme_name="Same")
        app = FastAPI(dependencies=[Depends(ours)])

        @app.get("/")
        def view(one: Annotated[Principal, Depends(ours)], two: Annotated[Principal, Depends(second)]) -> list[str]:
            return [one.subject, two.subject]

        app.get("/same", dependencies=[Depends(same)])(lambda: None)
        headers = place.bearer(subject="ours")
        both = headers | {"x-second": other.access_token(subject="theirs")}
        assert ask(app, headers=both).json() == ["ours", "theirs"]
        assert code_of(ask(app, headers=headers)) == (401, "missing_token")
        assert code_of(ask(app, headers=headers | {"x-second": place.token()})) == (401, "untrusted_issuer")
        assert code_of(ask(app, "/same", headers)) == (401, "untrusted_issuer")


@pytest.mark.parametrize("name", ["authorization", "x-token"])
def test_a_copied_scope_is_another_request(place: Place, outcomes: list[str], name: str) -> None:
    """A view that calls the application with a copy of its scope and another token is served as that token's owner."""
    auth, app = place.auth(token_sources=[FromHeader(name)]), FastAPI()
    scheme = "Bearer " if name == "authorization" else ""

    @app.get("/whoami")
    def whoami(principal: Annotated[Principal, Depends(auth)]) -> str:
        return principal.subject

    @app.get("/batch")
    async def batch(request: Request, principal: Annotated[Principal, Depends(auth)]) -> list[str]:
        async def call(headers: list[tuple[bytes, bytes]]) -> str:
            sent: list[Any] = []

            async def send(message: Any) -> None:  # noqa: ANN401
                sent.append(message)

            await app({**request.scope, "path": "/whoami", "headers": headers}, request.receive, send)
            return f"{sent[0]['status']} {sent[1]['body'].decode()}"

        mine = [(key.encode(), value.encode()) for key, value in request.headers.items()]
        theirs = (scheme + place.token(subject="other")).encode()
        others = [(key, theirs if key == name.encode() else value) for key, value in mine]
        nobody = [pair for pair in mine if pair[0] != name.encode()]
        return [principal.subject, await call(mine), await call(others), (await call(nobody))[:3]]

    answer = ask(app, "/batch", {name: scheme + place.token(subject="caller")})
    assert answer.json() == ["caller", '200 "caller"', '200 "other"', "401"]
    assert outcomes == ["accepted", "accepted"]


# -- refusals ---------------------------------------------------------------------------------------------------------


def plain(auth: BearerAuth) -> FastAPI:
    """An application with one protected view."""
    app = FastAPI()

    @app.api_route("/", methods=["GET", "POST"])
    async def view(principal: Annotated[Principal, Depends(auth)]) -> str:
        return principal.subject

    return app


def test_no_credentials(place: Place) -> None:
    """Who sends nothing is told the scheme and no error."""
    answer = ask(plain(place.auth(realm="orders")))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="orders"')
    detail = {"code": "missing_token", "message": "A bearer token is required."}
    assert answer.json() == {"detail": detail}


def test_bad_token(place: Place) -> None:
    """A bad token is named as such, and nothing of it comes back."""
    answer = ask(plain(place.auth()), headers={"authorization": "Bearer very-secret"})
    assert code_of(answer) == (401, "malformed_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert "secret" not in answer.text


def test_all_values_of_the_header_count(place: Place) -> None:
    """Two credentials are 400, though each is good."""
    (header,) = place.bearer().items()
    answer = ask(plain(place.auth()), headers=[header, header])
    assert code_of(answer) == (400, "invalid_request")
    assert answer.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_request"'


def test_outage_is_503() -> None:
    """While no key can be had nobody is logged out: 503, and when to come back."""
    with a_place() as place:
        for region in place.issuer.regions:
            place.issuer.take_down(region, "refuse")
        answer = ask(plain(place.auth()), headers=place.bearer())
    assert code_of(answer) == (503, "keys_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("GET", None, 200),
        ("POST", None, 400),
        ("POST", "https://evil.example", 400),
        ("POST", "https://app.example", 200),
    ],
)
def test_cookie(place: Place, method: str, origin: str | None, status: int) -> None:
    """The method and the headers reach the source: a cookie serves an unsafe method from an allowed origin only."""
    source = FromCookie("token", allowed_origins=["https://app.example"])
    headers = {"cookie": f"token={place.token()}"} | ({"origin": origin} if origin else {})
    assert ask(plain(place.auth(token_sources=[source])), headers=headers, method=method).status_code == status


def test_subprotocol_is_no_source_of_requests(place: Place) -> None:
    """A request has no subprotocols, whatever its headers say."""
    headers = {"sec-websocket-protocol": f"bearer.{place.token()}"} | place.bearer()
    answer = ask(plain(place.auth(token_sources=[FromSubprotocol()])), headers=headers)
    assert code_of(answer) == (401, "missing_token")


def test_the_applications_own_handler_sees_refusals(place: Place) -> None:
    """A refusal is an ``HTTPException``, so an application can give its errors one shape; its cause is for logs."""
    app = plain(place.auth())

    @app.exception_handler(HTTPException)
    async def own(_: Request, error: HTTPException) -> JSONResponse:
        cause = error.__cause__
        said = {"own": error.detail["code"], "cause": type(cause).__name__}
        return JSONResponse(said, error.status_code, error.headers)

    answer = ask(app)
    assert (answer.status_code, answer.json()) == (401, {"own": "missing_token", "cause": "MissingToken"})
    assert "www-authenticate" in answer.headers


# -- what is nobody's refusal -----------------------------------------------------------------------------------------


def failing(auth: BearerAuth, error: Exception) -> FastAPI:
    """An application whose view raises ``error``."""
    app = FastAPI()

    @app.get("/")
    async def view(principal: Annotated[Principal, Security(auth, scopes=["a"])]) -> None:
        assert principal.subject == SUBJECT
        raise error

    return app


@pytest.mark.parametrize("error", [KeyError("order"), KeysUnavailable("of the view's own making"), RuntimeError("x")])
def test_exceptions_of_a_view_pass(place: Place, error: Exception) -> None:
    """What a view raises stays what it is: a 500 for the client, and the whole traceback for the log."""
    app = failing(place.auth(), error)
    with pytest.raises(type(error)) as caught:
        ask(app, headers=place.bearer("a"))
    assert caught.value is error
    assert caught.traceback[-1].name == "view"
    answer = ask(app, headers=place.bearer("a"), raises=False)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_http_exceptions_of_a_view_pass(place: Place) -> None:
    """A view's own 403 carries no challenge of ours."""
    answer = ask(failing(place.auth(), HTTPException(403, "closed on Sundays")), headers=place.bearer("a"))
    assert (answer.status_code, answer.json()) == (403, {"detail": "closed on Sundays"})
    assert "www-authenticate" not in answer.headers


def test_closed_validator_is_no_refusal() -> None:
    """A programmer's mistake below is a 500 too, and never a 401."""
    with ExitStack() as stack:
        place = stack.enter_context(a_place())
        place.validator.close()
        answer = ask(plain(place.auth()), headers=place.bearer(), raises=False)
    assert answer.status_code == 500


@pytest.mark.parametrize("path", ["/", "/sub/"])
def test_mounted_application(place: Place, path: str) -> None:
    """An application below another is protected alike."""
    app, below = plain(place.auth()), plain(place.auth())
    app.mount("/sub", below)
    assert ask(app, path, place.bearer()).json() == SUBJECT
    assert code_of(ask(app, path)) == (401, "missing_token")
