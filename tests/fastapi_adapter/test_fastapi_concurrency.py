"""Many callers at once: each is himself to the end, waiting for keys stops nobody, and nobody's leaving does either."""

import asyncio
import json
import random
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request, Security
from fastapi.responses import StreamingResponse
from fastapi.security import SecurityScopes
from fastapi_kit import Place, a_place, client_of
from pool_place import HTTP_GET
from serving import served

from jwtmr import KeyPolicy, Principal, TokenValidator
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, validator_for
from jwtmr_fastapi import BearerAuth, ResourceMetadata

CALLERS = 1000
AT_ONCE = 100
CHUNKS = 5


@dataclass
class Notes:
    """What was seen: for each view and task the name that the request gives itself, and the principal's."""

    inside: int = 0
    most: int = 0
    views: list[tuple[str, str]] = field(default_factory=list)
    tasks: list[tuple[str, str]] = field(default_factory=list)


def crowded(auth: BearerAuth, notes: Notes) -> FastAPI:
    """A view that streams, and leaves a task behind. With every chunk the others go on."""
    app = FastAPI(lifespan=auth.lifespan, dependencies=[Security(auth, scopes=["openid"])])

    async def later(name: str, principal: Principal) -> None:
        await asyncio.sleep(0)
        notes.tasks.append((name, principal.subject))

    @app.get("/{name}")
    async def view(
        name: str, tasks: BackgroundTasks, request: Request, principal: Annotated[Principal, Depends(auth)]
    ) -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            notes.inside += 1
            notes.most = max(notes.most, notes.inside)
            for _ in range(CHUNKS):
                await asyncio.sleep(0)
                again = await auth(request, SecurityScopes(["openid"]))
                yield f"{again.subject} "
            notes.inside -= 1

        notes.views.append((name, principal.subject))
        tasks.add_task(later, name, principal)
        return StreamingResponse(stream())

    return app


async def everybody(url: str, tokens: Mapping[str, str]) -> dict[str, list[str]]:
    """Call in a random order, many at once; whom each answer names."""
    heard: dict[str, list[str]] = {}
    waiting = random.sample(list(tokens), len(tokens))
    host, _, port = url.partition(":")

    async def call_on() -> None:
        while waiting:
            name = waiting.pop()
            reader, writer = await asyncio.open_connection(host, port)
            head = f"GET /{name} HTTP/1.1\r\nhost: {url}\r\nauthorization: Bearer {tokens[name]}\r\n"
            writer.write(f"{head}connection: close\r\n\r\n".encode())
            heard[name] = re.findall(r"caller-[0-9]+", (await reader.read()).decode())
            writer.close()
            await writer.wait_closed()

    async with asyncio.timeout(60):
        await asyncio.gather(*(call_on() for _ in range(AT_ONCE)))
    return heard


@pytest.mark.row("context-leak", fault=None)
@pytest.mark.slow
def test_everybody_is_himself_to_the_end() -> None:
    """A thousand interleaved requests, each with its own token: view, stream and task see their caller only."""
    notes, names = Notes(), [f"caller-{number}" for number in range(CALLERS)]
    with a_place() as place, served(crowded(place.auth(), notes)) as url:
        tokens = {name: place.token(subject=name) for name in names}

        assert asyncio.run(everybody(url, tokens)) == {name: [name] * CHUNKS for name in names}
        assert place.outcomes.seen == ["accepted"] * CALLERS
    assert sorted(notes.views) == sorted(notes.tasks) == sorted((name, name) for name in names)
    assert notes.most > 10, "the requests were not interleaved"


# -- while keys are fetched -------------------------------------------------------------------------------------------


@dataclass
class SlowHost:
    """A key host that answers when it is told to, and a validator that knows no other."""

    issuer: RegionalIssuer
    server: LoopbackServer
    validator: TokenValidator
    asked: threading.Event
    answer: threading.Event

    def headers(self, subject: str) -> dict[str, str]:
        """A good token."""
        return {"authorization": f"Bearer {self.issuer.access_token(subject=subject)}"}


@contextmanager
def slow_host(seconds: float, wait: float = 2.0) -> Iterator[SlowHost]:
    """Start one that answers after ``seconds`` at the latest; validations wait for ``wait`` seconds."""
    asked, told = threading.Event(), threading.Event()

    def handler(_: RecordedRequest) -> Answer:
        asked.set()
        told.wait(seconds)
        return 200, {"content-type": "application/json"}, json.dumps(issuer.jwks()).encode()

    with RegionalIssuer(["us-east-1"]) as issuer, LoopbackServer(handler) as server:
        settings = {"jwks_uris": [f"{server.url}/jwks.json"], "key_policy": KeyPolicy(wait=wait), "http_get": HTTP_GET}
        with closing(validator_for(issuer, issuer_type="original", **settings)) as validator:
            yield SlowHost(issuer, server, validator, asked, told)
            told.set()


def whoami(auth: BearerAuth) -> FastAPI:
    """An application that says who calls."""
    app = FastAPI()

    @app.get("/")
    async def view(principal: Annotated[Principal, Depends(auth)]) -> str:
        return principal.subject

    return app


@pytest.mark.row("leader-cancelled", fault=None)
def test_client_that_hangs_up_disturbs_nobody() -> None:
    """Of many callers who wait for the same keys one leaves; the others are served, by one fetch."""
    with slow_host(2.0) as host, served(whoami(BearerAuth(host.validator))) as url:
        name, _, port = url.partition(":")
        head = "".join(f"{key}: {value}\r\n" for key, value in host.headers("leaver").items())
        with socket.create_connection((name, int(port)), timeout=5) as leaver:
            leaver.sendall(f"GET / HTTP/1.1\r\nhost: {url}\r\n{head}\r\n".encode())
            assert host.asked.wait(5)

        async def stay() -> list[str]:
            async with httpx.AsyncClient(base_url=f"http://{url}", trust_env=False) as client:
                waiting = [client.get("/", headers=host.headers(f"stayer-{number}")) for number in range(10)]
                tasks = [asyncio.ensure_future(call) for call in waiting]
                await asyncio.sleep(0.1)
                host.answer.set()
                return [answer.json() for answer in await asyncio.gather(*tasks)]

        assert asyncio.run(stay()) == [f"stayer-{number}" for number in range(10)]
        assert host.server.count() == 1


def test_cancelled_request_disturbs_nobody() -> None:
    """Some servers cancel the task of a client that left: the others' keys arrive all the same."""
    with slow_host(2.0) as host:
        app = whoami(BearerAuth(host.validator))

        async def run() -> list[str | None]:
            async with client_of(app) as client:
                calls = [client.get("/", headers=host.headers(f"caller-{number}")) for number in range(10)]
                tasks = [asyncio.ensure_future(call) for call in calls]
                assert await asyncio.to_thread(host.asked.wait, 5)
                for task in tasks[::2]:
                    task.cancel()
                await asyncio.sleep(0)
                host.answer.set()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                return [answer.json() if isinstance(answer, httpx.Response) else None for answer in ended]

        assert asyncio.run(run()) == [f"caller-{number}" if number % 2 else None for number in range(10)]
        assert host.server.count() == 1


@pytest.mark.parametrize("path", ["/", "/.well-known/oauth-protected-resource"])
def test_validator_is_made_beside_the_loop(place: Place, path: str) -> None:
    """While the validator is made, for the first token or for the RFC 9728 document, others are answered."""
    begun, end = threading.Event(), threading.Event()

    def make() -> TokenValidator:
        begun.set()
        assert end.wait(5), "nobody else was served"
        return place.validator

    auth = BearerAuth(make, resource_metadata=ResourceMetadata(resource="https://api.example.com"))
    app = whoami(auth)
    app.include_router(auth.metadata_router)

    async def run() -> tuple[int, int]:
        async with client_of(app) as client:
            first = asyncio.ensure_future(client.get(path, headers=place.bearer()))
            assert await asyncio.to_thread(begun.wait, 5)
            other = await client.get("/")
            end.set()
            return other.status_code, (await first).status_code

    assert asyncio.run(run()) == (401, 200)


MAX_STALL = 0.05
"""Seconds that nothing else may run in the loop."""


async def longest_stall(during: asyncio.Future[object]) -> float:
    """The longest time between two turns of the loop, less what was slept."""
    loop, pause, longest = asyncio.get_running_loop(), 0.002, 0.0
    while not during.done():
        before = loop.time()
        await asyncio.sleep(pause)
        longest = max(longest, loop.time() - before - pause)
    return longest


@pytest.mark.slow
def test_loop_goes_on_while_keys_are_fetched() -> None:
    """While a fetch takes 2 seconds other requests are served, and the loop never stands still for 50 ms.

    A busy machine can stop a whole process for that long. So six attempts: code that blocks fails them all.
    """
    stalls: list[float] = []
    for _ in range(6):
        with slow_host(2.0, wait=10) as host:
            stalls.append(asyncio.run(stall_of(host)))
        if stalls[-1] < MAX_STALL:
            break
    assert min(stalls) < MAX_STALL, stalls


async def stall_of(host: SlowHost) -> float:
    """How long the loop stood still while ten requests waited for keys."""
    async with client_of(whoami(BearerAuth(host.validator))) as client:
        assert (await client.get("/")).status_code == 401
        headers = [host.headers(f"caller-{number}") for number in range(10)]
        loop = asyncio.get_running_loop()
        began = loop.time()
        calls = asyncio.gather(*(client.get("/", headers=one) for one in headers))
        stall = await longest_stall(calls)
        assert loop.time() - began > 1.8, "the fetch took no time"
        assert [answer.json() for answer in await calls] == [f"caller-{number}" for number in range(10)]
    return stall
