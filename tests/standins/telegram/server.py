"""The ASGI application and the uvicorn server around it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.standins.prompt import KEEP_ALIVE_S, PromptServer
from tests.standins.telegram.api import BotApi
from tests.standins.telegram.control import Control
from tests.standins.telegram.webhooks import WebhookPoster
from tests.standins.telegram.world import World

_GRACE_S = 2


class _CuttableProtocol(HttpToolsProtocol):
    """Shows each request its transport (``request.state.transport``), so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


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
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._server = PromptServer(config, grace_s=_GRACE_S)

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
        self._server.stop()
