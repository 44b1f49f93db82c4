"""A shop's process, from start to a clean stop: what was taken is finished or handed back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from admin_cmds.telling import news_screen
from bot.channels.channel import Channel
from bot.config import Config
from bot.outside import Outside
from bot.platform_rules import platform_warnings
from bot.schedule import Schedule
from bot.web.server import WebServer
from bot.wiring import Program, wire
from bot.workers import Workers
from shop_core.db.connect import backend_of
from shop_core.kernel.errors import ShopError
from shop_core.migrations.upgrade import is_current, upgrade
from shop_core.wallet.balance import require_same_currency

log = structlog.get_logger()


class OldSchema(ShopError):
    """The PostgreSQL database has an older schema. Several processes share it, so none upgrades it by starting."""

    code = "db.old_schema"


def run(config: Config, outside: Outside | None = None) -> None:
    """Run a shop until it is told to stop (SIGTERM, SIGINT)."""
    uvloop.run(serve(config, outside or Outside()))


async def serve(
    config: Config,
    outside: Outside,
    *,
    stop: asyncio.Event | None = None,
    on_ready: Callable[[Program, int], None] | None = None,
) -> None:
    """The same inside an event loop.

    Args:
        stop: Set it to stop; signals do, too.
        on_ready: Called with the program and the port once everything runs.

    Raises:
        OldSchema: PostgreSQL needs ``kapu db upgrade`` first.
        CurrencyChanged: The books are in another currency than the config.
        OSError: The port is taken.
    """
    stopping = stop or asyncio.Event()
    await prepare_schema(config.database.url.reveal())
    program = wire(config, outside)
    try:
        await program.shop.read(require_same_currency)
        web = WebServer(program.app, host=config.http.host, port=config.http.port)
    except (OSError, ShopError):
        await program.close()
        raise
    _stop_on_signals(stopping)
    schedule = Schedule(program.shop, program.metrics, program.timing)
    workers = Workers(program.shop, program.channels, news_screen, program.metrics, program.timing)
    serving = asyncio.create_task(web.run())
    receiving = [asyncio.create_task(_receive(channel)) for channel in program.channels.values()]
    working = asyncio.create_task(workers.run(stopping))
    schedule.start()
    for warning in platform_warnings(config):
        log.warning("platform.own_risk", warning=warning)
    log.info("shop is open", port=web.port, channels=sorted(program.channels))
    if on_ready is not None:
        on_ready(program, web.port)
    ended = asyncio.ensure_future(stopping.wait())
    try:
        done, _ = await asyncio.wait({ended, serving, working}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.set()
        log.info("shop is closing")
        await _cancel(*receiving, ended)
        drain_s = program.timing.drain_s
        await asyncio.gather(schedule.drain(drain_s), _finish(working, drain_s))
        with suppress(SQLAlchemyError):
            # The database may be why we stop; the lease then runs out by itself.
            await schedule.stop()
        web.stop()
        await _finish(serving, drain_s)
        await program.close()
        log.info("shop is closed")
    for task in done - {ended}:
        # Nothing ends by itself but by failing: say why.
        task.result()


async def prepare_schema(url: str) -> None:
    """Make or upgrade an SQLite file; insist that PostgreSQL is current.

    Raises:
        OldSchema: It is not.
    """
    if await is_current(url):
        return
    if backend_of(url) != "sqlite":
        raise OldSchema
    await upgrade(url)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)


async def _receive(channel: Channel) -> None:
    """Receive on one channel. One that cannot go on (a revoked token) is loud, and leaves the others open."""
    try:
        await channel.run()
    except Exception:
        log.exception("channel ended", channel=channel.name)


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _finish(task: asyncio.Future[None], within_s: float) -> None:
    """Let a task end by itself; after a while cancel it, so that it hands back what it holds."""
    with suppress(asyncio.CancelledError, Exception):
        await asyncio.wait_for(task, within_s)
