"""The town, and the adapters as they are served: each configuration once for all rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from edge_adapters import SETUPS, PortOf, Processes, Served
from edge_tokens import Town, a_town


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A pool, validators and tokens."""
    with a_town() as town:
        yield town


@pytest.fixture(scope="module")
def port_of(town: Town) -> Iterator[PortOf]:
    """``port_of(adapter, setup)``: where that adapter is served in that configuration."""
    ports: dict[tuple[str, str], int] = {}
    with ExitStack() as running:

        def serve(adapter: Served, setup: str) -> int:
            if (adapter.name, setup) not in ports:
                if isinstance(adapter, Processes):
                    served = running.enter_context(adapter.serve(town, [*SETUPS]))
                    ports.update({(adapter.name, each): port for each, port in served.items()})
                else:
                    chosen = SETUPS[setup]
                    serving = adapter.serving(town.validators[chosen.validator], **(chosen.keywords or {}))
                    ports[adapter.name, setup] = running.enter_context(serving)
            return ports[adapter.name, setup]

        yield serve
