"""What OpenAPI says of a protected application, and the document of RFC 9728."""

import copy
import json
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Security
from fastapi_kit import Place, ask, code_of
from pydantic import BaseModel

from jwtmr import CODES, ConfigurationError, Principal
from jwtmr_fastapi import AUTH_RESPONSES, BearerAuth, FromHeader, HttpBearer, OAuth2Code, ResourceMetadata

DOMAIN = "https://example.auth.us-east-1.amazoncognito.com"


class Order(BaseModel):
    """Something with a schema."""

    number: int


def protected(auth: BearerAuth) -> FastAPI:
    """Views with parameters, a body and a model, behind every kind of dependency."""
    app = FastAPI()
    router = APIRouter(dependencies=[Security(auth, scopes=["orders"])], responses=AUTH_RESPONSES)

    @router.get("/{shop}", responses={404: {"description": "No such shop."}})
    def orders(
        shop: str, principal: Annotated[Principal, Security(auth, scopes=["orders/read"])], limit: int = Query(9)
    ) -> list[Order]:
        raise NotImplementedError

    @router.post("/{shop}", status_code=201)
    def add(
        shop: str, order: Order, principal: Annotated[Principal, Depends(auth.require(scopes=["w"], any_group=["g"]))]
    ) -> Order:
        raise NotImplementedError

    @app.get("/")
    def home(principal: Annotated[Principal | None, Depends(auth.optional)]) -> str:
        raise NotImplementedError

    app.include_router(router)
    return app


def bare() -> FastAPI:
    """The same without any protection."""
    app = FastAPI()
    router = APIRouter()

    @router.get("/{shop}", responses={404: {"description": "No such shop."}})
    def orders(shop: str, limit: int = Query(9)) -> list[Order]:
        raise NotImplementedError

    @router.post("/{shop}", status_code=201)
    def add(shop: str, order: Order) -> Order:
        raise NotImplementedError

    @app.get("/")
    def home() -> str:
        raise NotImplementedError

    app.include_router(router)
    return app


def differences(left: Any, right: Any, path: str = "") -> set[str]:  # noqa: ANN401 - JSON
    """The paths at which two documents differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        keys = left.keys() | right.keys()
        return {found for key in keys for found in differences(left.get(key), right.get(key), f"{path}|{key}")}
    return set() if left == right else {path}


def test_protection_shows_in_security_and_responses_only(place: Place) -> None:
    """Parameters, bodies, models, names and other responses are those of the bare application."""
    answered = {f"|responses|{status}" for status in (401, 403, 503)}
    found = differences(protected(place.auth()).openapi(), bare().openapi())
    assert found == {
        "|components|securitySchemes",
        "|paths|/|get|security",
        *(f"|paths|/{{shop}}|{method}{part}" for method in ("get", "post") for part in answered | {"|security"}),
    }


def test_scopes_per_operation(place: Place) -> None:
    """Each operation lists what its router and it ask for, those of ``require`` too."""
    paths = protected(place.auth(scheme_name="Pool")).openapi()["paths"]
    said = {(path, method): told["security"] for path, methods in paths.items() for method, told in methods.items()}
    assert said == {
        ("/", "get"): [{"Pool": []}],
        ("/{shop}", "get"): [{"Pool": ["orders", "orders/read"]}],
        ("/{shop}", "post"): [{"Pool": ["orders", "w"]}],
    }


@pytest.mark.parametrize(
    ("openapi", "scheme"),
    [
        (HttpBearer(), {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
        (
            OAuth2Code(domain=DOMAIN + "/", scopes=["orders/read", "openid"]),
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": f"{DOMAIN}/oauth2/authorize",
                        "tokenUrl": f"{DOMAIN}/oauth2/token",
                        "scopes": {"openid": "", "orders/read": ""},
                    }
                },
            },
        ),
        (
            OAuth2Code(domain="http://127.0.0.1:8000", scopes={"orders/read": "See your orders"}),
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "http://127.0.0.1:8000/oauth2/authorize",
                        "tokenUrl": "http://127.0.0.1:8000/oauth2/token",
                        "scopes": {"orders/read": "See your orders"},
                    }
                },
            },
        ),
    ],
    ids=["http", "names", "described"],
)
def test_security_scheme(place: Place, openapi: HttpBearer | OAuth2Code, scheme: dict[str, Any]) -> None:
    """Swagger asks for a token, or signs in at the domain."""
    schema = protected(place.auth(openapi=openapi)).openapi()
    assert schema["components"]["securitySchemes"] == {"BearerAuth": scheme}


def test_scopes_have_an_order() -> None:
    """Names from a set come in one order, so that the schema is the same in every process."""
    names = {f"scope-{number}" for number in range(20)}
    flow = OAuth2Code(domain=DOMAIN, scopes=names).model.flows.authorizationCode
    assert flow is not None
    assert list(flow.scopes) == sorted(names)


def test_two_schemes(place: Place) -> None:
    """Two auth objects with names of their own are both shown."""
    app = FastAPI(dependencies=[Depends(place.auth(scheme_name="One"))])
    two = place.auth(scheme_name="Two", token_sources=[FromHeader("x-two")])
    app.get("/", dependencies=[Security(two, scopes=["a"])])(lambda: None)
    schema = app.openapi()
    assert schema["paths"]["/"]["get"]["security"] == [{"One": []}, {"Two": ["a"]}]
    assert set(schema["components"]["securitySchemes"]) == {"One", "Two"}


def test_auth_responses_describe_what_is_answered(place: Place) -> None:
    """Their codes are all that there are, and a real refusal has the form that they describe."""
    described = {
        code: status
        for status, told in AUTH_RESPONSES.items()
        for code in told["content"]["application/json"]["schema"]["properties"]["detail"]["properties"]["code"]["enum"]
    }
    assert described == {code: kind.status for code, kind in CODES.items() if kind.status != 400}
    answer = ask(protected(place.auth()), "/shop")
    schema = AUTH_RESPONSES[answer.status_code]["content"]["application/json"]["schema"]
    assert set(answer.json()) == set(schema["required"])
    assert set(answer.json()["detail"]) == set(schema["properties"]["detail"]["required"])
    assert set(AUTH_RESPONSES[answer.status_code]["headers"]) == {"WWW-Authenticate"}
    assert set(AUTH_RESPONSES[503]["headers"]) == {"Retry-After"}


def test_auth_responses_are_not_changed(place: Place) -> None:
    """One constant serves any number of applications: making a schema leaves it as it was."""
    before = copy.deepcopy(AUTH_RESPONSES)
    schemas = [json.dumps(protected(place.auth()).openapi()) for _ in range(2)]
    assert schemas[0] == schemas[1]
    assert before == AUTH_RESPONSES


# -- RFC 9728 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("https://api.example.com", "/.well-known/oauth-protected-resource"),
        ("https://api.example.com/", "/.well-known/oauth-protected-resource"),
        ("https://api.example.com/mcp", "/.well-known/oauth-protected-resource/mcp"),
        ("https://api.example.com/my%20mcp", "/.well-known/oauth-protected-resource/my%20mcp"),
    ],
)
def test_metadata(place: Place, resource: str, path: str) -> None:
    """Every challenge says where the document is, and anybody may read it there, whatever the application asks."""
    auth = place.auth(resource_metadata=ResourceMetadata(resource=resource, scopes_supported=["orders/read"]))
    app = FastAPI(dependencies=[Depends(auth)])
    app.get("/")(lambda: None)
    app.include_router(auth.metadata_router, dependencies=[Depends(auth)])
    refused = ask(app, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert code_of(refused) == (401, "missing_token")
    url = f"https://api.example.com{path}"
    assert refused.headers["www-authenticate"] == f'Bearer realm="api", resource_metadata="{url}"'
    answer = ask(app, path, {"host": "evil.example"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "resource": resource,
        "authorization_servers": [place.issuer.original_issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["orders/read"],
    }
    assert list(app.openapi()["paths"]) == ["/"]
    assert ask(app, path, method="HEAD").content == b""
    assert ask(app, path, method="POST").status_code == httpx.codes.METHOD_NOT_ALLOWED


def test_no_metadata(place: Place) -> None:
    """Without anything to say there is no router, and challenges name none."""
    with pytest.raises(ConfigurationError, match="resource_metadata"):
        _ = place.auth().metadata_router
