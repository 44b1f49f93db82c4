"""The web application, put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from bot.web.callbacks import Callbacks, Outcome
from bot.web.headers import SECURITY_HEADERS, SecurityHeaders
from bot.web.probes import Probes
from bot.web.returning import ReturnPage
from bot.web.supplier_callbacks import SupplierCallbacks
from bot.web.upstream import Upstream
from shop_core.db.shop import Shop


@dataclass(frozen=True, slots=True)
class WebMetrics:
    """The process's figures, as far as the web server touches them.

    Attributes:
        render: All figures in Prometheus' text format.
        count_callback: Called once a callback, with the gateway's name and what became of it.
        count_supplier_callback: The same for suppliers.
    """

    render: Callable[[], bytes]
    count_callback: Callable[[str, Outcome], None]
    count_supplier_callback: Callable[[str, Outcome], None]


def build_app(
    shop: Shop,
    metrics: WebMetrics,
    *,
    is_schema_current: bool,
    mounts: Sequence[BaseRoute] = (),
    has_web_chat: bool = False,
) -> Starlette:
    """The application of one process.

    Args:
        shop: With ``Gateways`` and ``Vault`` wired in.
        metrics: What to show and what to count.
        is_schema_current: Whether the database has the schema that this program wants; else it is never
            ready.
        mounts: What is there beside: the channels' pages, sockets and webhooks, the pay pages.
        has_web_chat: Whether the page after a payment has a chat of ours to link to.
    """
    return Starlette(
        routes=[
            *Probes(shop, is_schema_current=is_schema_current, render_metrics=metrics.render).routes(),
            Callbacks(shop, metrics.count_callback).route(),
            SupplierCallbacks(shop, metrics.count_supplier_callback).route(),
            *ReturnPage(has_web_chat=has_web_chat).routes(),
            *Upstream(shop).routes(),
            *mounts,
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )


async def _refuse(_: Request, error: Exception) -> Response:
    """404, 405 and the like as JSON."""
    status, headers = HTTPStatus.INTERNAL_SERVER_ERROR, None
    if isinstance(error, HTTPException):
        status, headers = HTTPStatus(error.status_code), error.headers
    return JSONResponse({"error": status.name.lower()}, status, headers)


async def _fail(_: Request, __: Exception) -> Response:
    """A bug: told without a detail, logged by the server. This answer passes no middleware."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return JSONResponse({"error": status.name.lower()}, status, SECURITY_HEADERS)
