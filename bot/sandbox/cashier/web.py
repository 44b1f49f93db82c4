"""The HTTP application: all pages together, one log line per request."""

import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.cashier.control import ControlPanel
from bot.sandbox.cashier.desk import Desk
from bot.sandbox.cashier.faults import FaultyWire
from bot.sandbox.cashier.payer import PayerPages
from bot.sandbox.cashier.vendor import VendorPages

_log = logging.getLogger("cashier.request")


class RequestLog:
    """ASGI middleware that logs each request: never its query, which may hold the merchant's key."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log how it ended; ``status`` is null where the connection was cut."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None
        began = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            took_ms = round((time.perf_counter() - began) * 1000, 1)
            fields = {"method": scope["method"], "path": scope["path"], "status": status, "ms": took_ms}
            _log.info("request", extra={"fields": fields})


def build_app(desk: Desk) -> Starlette:
    """Put the desk behind its pages. The desk's notifier lives as long as the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with desk.notifier:
            yield {}

    return Starlette(
        routes=[
            *VendorPages(desk).routes(),
            *PayerPages(desk).routes(),
            *ControlPanel(desk).routes(),
        ],
        middleware=[Middleware(RequestLog), Middleware(FaultyWire, faults=desk.faults)],
        lifespan=lifespan,
    )
