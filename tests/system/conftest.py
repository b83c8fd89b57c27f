"""The OpenID providers, and the user pool in three processes, that the system tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from oidc_server import OidcServer, key_set, running_provider
from shared_pool import SharedPool, running_shared_pool


@pytest.fixture(scope="session")
def house(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    """A provider known as ``new``, and before that as ``old``."""
    names = {"new": None, "old": None}
    with running_provider(needs("oidc-provider"), tmp_path_factory.mktemp("house"), names, key_set("1")) as server:
        yield server


@pytest.fixture(scope="session")
def neighbour(
    needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, house: OidcServer
) -> Iterator[OidcServer]:
    """Another provider, ``own``; as ``posing`` it speaks in the name of ``house``.

    Its keys are others under the same ids, and say what algorithm they are for.
    """
    names = {"own": None, "posing": house.urls["new"]}
    directory = tmp_path_factory.mktemp("neighbour")
    with running_provider(needs("oidc-provider"), directory, names, key_set("1", named=True)) as server:
        yield server


@pytest.fixture
def changing(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    """A provider for one test, to be changed while it runs. It is known as ``new``."""
    directory = tmp_path_factory.mktemp("changing")
    with running_provider(needs("oidc-provider"), directory, {"new": None}, key_set("1")) as server:
        yield server


@pytest.fixture(scope="session")
def opened_pool(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedPool]:
    """A user pool behind three processes of cognito-local: its updated issuer, its original one, and its replica's."""
    with running_shared_pool(needs("cognito-local"), tmp_path_factory.mktemp("shared-pool")) as pool:
        yield pool


@pytest.fixture
def shared_pool(opened_pool: SharedPool) -> SharedPool:
    """The same with every process up, whatever an earlier test did."""
    opened_pool.start()
    return opened_pool
