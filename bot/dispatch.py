"""News from the outbox, to the consumers that wait for it."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from shop_core.db import outbox
from shop_core.db.claims import Fenced
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.subscriptions import CONSUMERS

BATCH: Final = 10

log = structlog.get_logger()


class NewsWork:
    """Hands claimed news to its consumers, each of which finishes it in its own transaction."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def some(self) -> bool:
        """Work on what is due. Whether there was something."""
        claimed = await self._shop.write(outbox.claim_news, BATCH)
        # Side by side: nothing promises an order among news, and a database that commits many at a time does.
        await asyncio.gather(*(self._consume(news) for news in claimed))
        return bool(claimed)

    async def _consume(self, news: News) -> None:
        try:
            await CONSUMERS[news.consumer](self._shop, news)
        except Fenced:
            log.warning("news was taken over", consumer=news.consumer, news=news.id)
        except Exception:
            log.exception("consumer failed", consumer=news.consumer, news=news.id, attempt=news.attempts)
            await self._shop.write(outbox.postpone, news)
