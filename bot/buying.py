"""The loop that buys: takes purchases that are due and works on many at a time, mostly waiting for suppliers."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.orders.buy import work_on
from shop_core.supply.purchases import PurchaseView, claim_purchases

AT_ONCE: Final = 200
"""Purchases under way in one process. Each supplier has a cap of its own; this one is against running out of memory."""
BATCH: Final = 25

log = structlog.get_logger()


class BuyingWork:
    """Works on purchases in tasks of their own. Whatever is cut off is found by its claim's end."""

    def __init__(self, shop: Shop, group: asyncio.TaskGroup) -> None:
        self._shop = shop
        self._group = group
        self._places = asyncio.Semaphore(AT_ONCE)

    async def some(self) -> bool:
        """Take what is due, as far as there are places. Whether there was something."""
        taken = 0
        await self._places.acquire()
        try:
            claimed = await self._shop.write(claim_purchases, BATCH)
            for purchase in claimed:
                if taken:
                    await self._places.acquire()
                taken += 1
                self._group.create_task(self._one(purchase)).add_done_callback(self._free)
        finally:
            if not taken:
                self._places.release()
        return bool(taken)

    def _free(self, _: asyncio.Task[None]) -> None:
        self._places.release()

    async def _one(self, purchase: PurchaseView) -> None:
        try:
            await work_on(self._shop, purchase)
        except Fenced:
            log.warning("purchase was taken over", purchase=purchase.number)
        except Exception:
            # It stays as it was committed, and is due again when its claim runs out.
            log.exception("purchase failed", purchase=purchase.number, supplier=purchase.supplier)
