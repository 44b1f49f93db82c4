"""The loops that work off what was stored: letters, news, messages, purchases, imports.

Each takes rows under a lease, does the work, and finishes them with their fence. These are the loops that must go on
whatever happens to one row, so they and their work alone catch everything, and log it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from admin_cmds.telling import progress_screen
from bot.buying import BuyingWork
from bot.channels.channel import Channel
from bot.dispatch import NewsWork
from bot.imports import ImportWork
from bot.letters import LANES, LetterWork
from bot.messages import DrawNews, MessageWork
from bot.metrics import Metrics
from bot.timing import Timing
from shop_core.db.shop import Shop
from shop_core.supply.purchases import TOPIC

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Workers:
    """Everything that works off stored rows in one process. ``run`` until cancelled; what was taken is finished first."""

    shop: Shop
    channels: Mapping[str, Channel]
    draw_news: DrawNews
    metrics: Metrics
    timing: Timing

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then finish what was taken."""
        shop, channels, metrics = self.shop, self.channels, self.metrics
        messages = MessageWork(shop, channels, self.draw_news, metrics)
        imports = ImportWork(shop, channels, progress_screen)
        async with asyncio.TaskGroup() as group:
            letters = LetterWork(shop, channels, metrics, self.timing, group)
            for lanes, at_once in LANES:
                group.create_task(self._loop(stop, "inbox", letters.taker(lanes, at_once)))
            group.create_task(self._loop(stop, "outbox", NewsWork(shop).some))
            group.create_task(self._loop(stop, "messages", messages.some))
            group.create_task(self._loop(stop, TOPIC, BuyingWork(shop, group).some))
            group.create_task(self._loop(stop, "batches", partial(imports.some, stop)))

    async def _loop(self, stop: asyncio.Event, topic: str, work: Callable[[], Awaitable[bool]]) -> None:
        while not stop.is_set():
            mark = self.shop.database.signals.mark(topic)
            try:
                found = await work()
            except Exception:
                log.exception("worker failed", topic=topic)
                found = False
            if not found and not stop.is_set():
                await self._sleep(stop, topic, mark)

    async def _sleep(self, stop: asyncio.Event, topic: str, mark: int) -> None:
        signals = self.shop.database.signals
        woken = asyncio.ensure_future(signals.wait(topic, since=mark, at_most_s=self.timing.poll_s))
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({woken, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            stopped.cancel()
        # Not awaited one by one: to suppress their cancellation would be to suppress our own.
        await asyncio.wait({woken, stopped})
        if not woken.cancelled():
            woken.result()
