"""The ASGI application and the uvicorn server around it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.standins.telegram.api import BotApi
from tests.standins.telegram.control import Control
from tests.standins.telegram.webhooks import WebhookPoster
from tests.standins.telegram.world import World

_GRACE_S = 2
_LOOK_S = 0.1
_STEP_S = 0.005


class _CuttableProtocol(HttpToolsProtocol):
    """Shows each request its transport (``request.state.transport``), so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _PromptServer(uvicorn.Server):
    """uvicorn that stops at once: the original looks up only every tenth of a second, several times over."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_told = asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.is_told.wait(), _LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_until_idle(), _GRACE_S)
        for task in self.server_state.tasks:
            task.cancel()

    async def _wait_until_idle(self) -> None:
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # uvicorn has no event
            await asyncio.sleep(_STEP_S)


def build_app(world: World) -> Starlette:
    """The Bot API, file downloads and the control interface over one world."""
    api, control = BotApi(world), Control(world)
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", api.download, methods=["GET"]),
            Route("/control/{action}", control.over_http, methods=["POST"]),
        ],
    )


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    The protocol is named because asyncio turns Nagle's algorithm off only then; else each answer takes 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


class ApiServer:
    """uvicorn, the webhook poster and the world, run together in one event loop until told to stop."""

    def __init__(self, world: World, webhook_unit_s: float) -> None:
        self.world = world
        self._poster = WebhookPoster(world, webhook_unit_s)
        config = uvicorn.Config(
            build_app(world),
            http=_CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        self._server = _PromptServer(config)

    async def run(self, listener: socket.socket) -> None:
        """Serve; the listener is closed at the end."""
        poster = asyncio.create_task(self._poster.run())
        try:
            await self._server.serve(sockets=[listener])
        finally:
            poster.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await poster
            listener.close()

    def stop(self) -> None:
        """Let long polls end and stop serving; call it on the loop that runs."""
        self.world.is_closing = True
        self.world.pulse.beat()
        self._server.should_exit = True
        self._server.is_told.set()
