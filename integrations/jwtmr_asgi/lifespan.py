"""The start of an application: keys are fetched before it says that it is ready."""

from __future__ import annotations

from typing import Final

from jwtmr import AuthError
from jwtmr.bearer import Edge
from jwtmr_asgi.types import App, Message, Receive, Scope, Send


class Lifespan:
    """Warms up, then hands the lifespan on to the application."""

    def __init__(self, edge: Edge) -> None:
        self._edge: Final = edge

    async def run(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lifespan. Where the start must fail the application is not asked."""
        first: list[Message] = [await receive()]
        try:
            await self._edge.start_async()
        except AuthError as error:
            await send({"type": "lifespan.startup.failed", "message": f"jwtmr: {error} {error.detail}"})
            return
        except Exception as error:
            # Servers take an exception out of a lifespan for "not supported", and go on.
            await send({"type": "lifespan.startup.failed", "message": f"jwtmr: {type(error).__name__}: {error}"})
            raise

        async def receive_first() -> Message:
            return first.pop() if first else await receive()

        await app(scope, receive_first, send)
