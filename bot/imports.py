"""Imports that the workers see to the end, while whoever sent the file watches one message count up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.channels.channel import Channel, Unreachable
from handlers.screen import Screen
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.stock.batches import BatchView
from shop_core.stock.carry_on import carry_on

PACE: Final = timedelta(seconds=3)
"""Between two changes of the message: nobody reads faster, and Telegram counts."""
_PATIENCE_S: Final = 5.0
"""The import does not wait longer than this for a chat that is slow: the next change says more anyway."""

log = structlog.get_logger()

DrawProgress = Callable[[Shop, BatchView], Awaitable[Screen | None]]


class ImportWork:
    """Takes one import after another. How it ended is queued news; progress on the way is a courtesy and may be lost."""

    def __init__(self, shop: Shop, channels: Mapping[str, Channel], draw: DrawProgress) -> None:
        self._shop = shop
        self._channels = channels
        self._draw = draw
        self._told_at: datetime = shop.clock.now()

    async def some(self, stop: asyncio.Event) -> bool:
        """Work on one import until its end or ``stop``; what is left, the next process goes on with at once.

        Returns:
            Whether there was one.
        """
        self._told_at = self._shop.clock.now()
        work = asyncio.create_task(carry_on(self._shop, self._tell))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            stopped.cancel()
            await asyncio.wait({work, stopped})
        return not work.cancelled() and work.result() is not None

    async def _tell(self, batch: BatchView) -> None:
        now = self._shop.clock.now()
        channel = None if batch.tell is None else self._channels.get(batch.tell.channel)
        if batch.tell is None or channel is None or now - self._told_at < PACE:
            return
        self._told_at = now
        screen = await self._draw(self._shop, batch)
        if screen is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await channel.send(batch.tell, screen)
        except (Unreachable, RetryLater, Unknown, TimeoutError) as error:
            log.info("progress not told", batch=batch.batch_id, reason=type(error).__name__)
