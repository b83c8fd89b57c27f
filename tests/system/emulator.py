"""ministack, an emulator of Cognito, as a server of its own process, and pools in it made through boto3."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import boto3
import httpx
import pytest
from botocore.client import BaseClient
from botocore.config import Config

from jwtmr import CognitoUserPool, TokenUse, TokenValidator

REGION = "us-east-1"
PASSWORD = "Corr3ct-horse!"
READY_WITHIN = 60.0
"""Seconds. It takes about one; a loaded machine takes longer."""
TokenName = Literal["access", "id", "machine"]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of the emulator, and the tokens that it issued to alice, who is in ``admins``, and to a machine."""

    id: str
    jwks_uri: str
    web: str
    """The client that alice signed in with."""
    machine: str
    """The client that got a token for itself."""
    subject: str
    """What the emulator says alice's ``sub`` is."""
    tokens: dict[TokenName, str]

    @property
    def issuer(self) -> str:
        """The issuer as AWS names it."""
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"

    def validator(
        self, token_use: TokenUse | tuple[TokenUse, ...] = ("access", "id"), clients: list[str] | None = None
    ) -> closing[TokenValidator]:
        """A validator for this pool, of its two clients unless told otherwise."""
        pool = CognitoUserPool(
            self.id,
            issuer_type="original",
            client_ids=clients or [self.web, self.machine],
            token_use=token_use,
            jwks_uris=[self.jwks_uri],
        )
        return closing(TokenValidator(pool))


@contextmanager
def running(program: str, directory: Path) -> Iterator[str]:
    """Start ministack with its state and output in ``directory``; end it, by its own pid, afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "IOT_MTLS_ENABLED": "0",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "cognito-idp",
        "STATE_DIR": str(directory / "state"),
    }
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            [program], cwd=directory, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            await_port(port, process, directory / "output")
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


def await_port(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until somebody listens on ``port``; fail with the program's output when it ends or time is over."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)  # another program's start is nothing that a clock or an event here could tell
        else:
            return
    pytest.fail(f"ministack is not ready (exit code {process.poll()}):\n{output.read_text(errors='replace')[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process; kill it if it does not obey."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def make_pool(url: str, name: str) -> Pool:
    """Make a pool with two clients, a user and a group, and get tokens."""
    cognito = boto3.client(
        "cognito-idp", endpoint_url=url, region_name=REGION, aws_access_key_id="any", aws_secret_access_key="any",
        config=Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30),
    )  # fmt: skip
    with closing(cognito):
        pool_id = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        web = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        subject = make_alice(cognito, pool_id)
        signed_in = cognito.initiate_auth(
            ClientId=web, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
        )["AuthenticationResult"]
        machine, token = machine_token(cognito, url, pool_id)
    tokens: dict[TokenName, str] = {
        "access": signed_in["AccessToken"], "id": signed_in["IdToken"], "machine": token,
    }  # fmt: skip
    return Pool(pool_id, f"{url}/{pool_id}/.well-known/jwks.json", web, machine, subject, tokens)


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
