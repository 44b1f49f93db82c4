"""What a supervisor and a monitor ask: alive, ready, figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop_core.db.shop import Shop
from shop_core.db.tx import View

READ_TIMEOUT_S: Final = 3.0
"""A database that takes longer for ``SELECT 1`` serves no buyer."""

_log = structlog.get_logger(__name__)


class Probes:
    """``/healthz``: the process runs. ``/readyz``: it can work. ``/metrics``: its figures."""

    def __init__(self, shop: Shop, *, is_schema_current: bool, render_metrics: Callable[[], bytes]) -> None:
        self._shop = shop
        self._is_schema_current = is_schema_current
        self._render_metrics = render_metrics

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.health),
            Route("/readyz", self.readiness),
            Route("/metrics", self.metrics),
        ]

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readiness(self, _: Request) -> Response:
        checks = {"database": await self._database_answers(), "schema": self._is_schema_current}
        is_ready = all(checks.values())
        return JSONResponse(
            {"status": "ready" if is_ready else "not_ready", **checks}, 200 if is_ready else 503
        )

    async def metrics(self, _: Request) -> Response:
        return Response(self._render_metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                await self._shop.read(_select_one)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _log.warning("web.database_does_not_answer", error=type(error).__name__)
            return False
        return True


def _select_one(view: View) -> None:
    view.execute(text("SELECT 1"))
