"""The OpenID providers that the system tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from oidc_server import OidcServer, key_set, running_provider


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
