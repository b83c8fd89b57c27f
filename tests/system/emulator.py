"""Emulators of Cognito, each a server in a process of its own, and pools in them made through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import boto3
import httpx
from botocore.client import BaseClient
from botocore.config import Config
from processes import free_port, listening

from jwtmr import CognitoUserPool, TokenUse, TokenValidator

REGION = "us-east-1"
PASSWORD = "Corr3ct-horse!"
TokenName = Literal["access", "id", "machine"]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of an emulator, and the tokens that it issued to alice, who is in ``admins``, and to a machine, if any."""

    id: str
    jwks_uri: str
    web: str
    """The client that alice signed in with."""
    subject: str
    """What the emulator says alice's ``sub`` is."""
    tokens: dict[TokenName, str]
    machine: str | None = None
    """The client that got a token for itself, where the emulator has a token endpoint."""

    @property
    def issuer(self) -> str:
        """The issuer as AWS names it."""
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"

    def authority(
        self, token_use: TokenUse | tuple[TokenUse, ...] = ("access", "id"), clients: list[str] | None = None
    ) -> CognitoUserPool:
        """This pool as jwtmr is told of it, with its clients unless told otherwise."""
        own = [client for client in (self.web, self.machine) if client]
        return CognitoUserPool(
            self.id,
            issuer_type="original",
            client_ids=clients or own,
            token_use=token_use,
            jwks_uris=[self.jwks_uri],
        )

    def validator(
        self, token_use: TokenUse | tuple[TokenUse, ...] = ("access", "id"), clients: list[str] | None = None
    ) -> closing[TokenValidator]:
        """A validator for this pool, of its clients unless told otherwise."""
        return closing(TokenValidator(self.authority(token_use, clients)))


@contextmanager
def running_ministack(program: str, directory: Path) -> Iterator[str]:
    """Start ministack with its state and output in ``directory``; the URL it serves until the end."""
    port = free_port()
    settings = {
        "IOT_MTLS_ENABLED": "0",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "cognito-idp",
        "STATE_DIR": str(directory / "state"),
    }
    with listening([program], directory, port, settings):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_moto(program: str, directory: Path) -> Iterator[str]:
    """Start moto's server with its output in ``directory``; the URL it serves until the end."""
    port = free_port()
    with listening([program, "-H", "127.0.0.1", "-p", str(port)], directory, port):
        url = f"http://127.0.0.1:{port}"
        # The first request makes it load its services, which may take longer than a validator waits for keys.
        httpx.get(f"{url}/any/.well-known/jwks.json", timeout=60, trust_env=False).raise_for_status()
        yield url


def cognito_at(url: str) -> closing[BaseClient]:
    """A client of the emulator at ``url``."""
    return closing(
        boto3.client(
            "cognito-idp", endpoint_url=url, region_name=REGION, aws_access_key_id="any", aws_secret_access_key="any",
            config=Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30),
        )
    )  # fmt: skip


def make_pool(url: str, name: str, *, with_machine: bool) -> Pool:
    """Make a pool with a client, a user and a group, get her tokens, and if asked one for a machine."""
    with cognito_at(url) as cognito:
        pool_id = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        web = make_web_client(cognito, pool_id)
        subject = make_alice(cognito, pool_id)
        signed_in = sign_in(cognito, web)
        tokens: dict[TokenName, str] = {"access": signed_in["AccessToken"], "id": signed_in["IdToken"]}
        machine = None
        if with_machine:
            machine, tokens["machine"] = machine_token(cognito, url, pool_id)
    return Pool(pool_id, f"{url}/{pool_id}/.well-known/jwks.json", web, subject, tokens, machine)


def make_web_client(cognito: BaseClient, pool_id: str) -> str:
    """Make a client that users sign in with; returns its id."""
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    client: str = made["UserPoolClient"]["ClientId"]
    return client


def sign_in(cognito: BaseClient, client: str) -> dict[str, str]:
    """Sign alice in with her password; returns her tokens under the names that AWS gives them."""
    signed_in: dict[str, str] = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
    )["AuthenticationResult"]
    return signed_in


def make_alice(cognito: BaseClient, pool_id: str) -> str:
    """Make a user and put her into a group; returns her ``sub``."""
    cognito.admin_create_user(UserPoolId=pool_id, Username="alice", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password=PASSWORD, Permanent=True)
    cognito.create_group(UserPoolId=pool_id, GroupName="admins")
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="alice", GroupName="admins")
    attributes = cognito.admin_get_user(UserPoolId=pool_id, Username="alice")["UserAttributes"]
    return next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")


def machine_token(cognito: BaseClient, url: str, pool_id: str) -> tuple[str, str]:
    """Make a resource server and a confidential client; returns the client's id and a token for itself."""
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier="orders",
        Name="orders",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
    )
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="machine", GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["orders/read", "orders/write"],
    )["UserPoolClient"]  # fmt: skip
    answer = httpx.post(
        f"{url}/oauth2/token",
        data={"grant_type": "client_credentials", "scope": "orders/read"},
        auth=(client["ClientId"], client["ClientSecret"]),
        timeout=30,
        trust_env=False,
    )
    return client["ClientId"], answer.raise_for_status().json()["access_token"]
