"""Queued news, sent to people on their channels."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from bot.channels.channel import Channel, Merging, NewsScreen, Unreachable
from bot.metrics import Metrics
from handlers.conversation import lasts
from handlers.screen import Screen
from shop_core.conversations import prompts
from shop_core.customers.people import Address, mark_unreachable
from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging import sending
from shop_core.messaging.elsewhere import tell_also, tell_elsewhere
from shop_core.messaging.queue import QueuedMessage

BATCH: Final = 10

log = structlog.get_logger()

DrawNews = Callable[[Shop, QueuedMessage], Awaitable[Screen | None]]


class MessageWork:
    """Sends what is due, to each person in the order in which it happened, and writes down what became of it."""

    def __init__(
        self, shop: Shop, channels: Mapping[str, Channel], draw_news: DrawNews, metrics: Metrics
    ) -> None:
        self._shop = shop
        self._channels = channels
        self._draw_news = draw_news
        self._metrics = metrics

    async def some(self) -> bool:
        """Send what is due. Whether there was something."""
        claimed = await self._shop.write(sending.claim_messages, list(self._channels), BATCH)
        of_each: dict[Address, list[QueuedMessage]] = {}
        for message in claimed:
            of_each.setdefault(message.address, []).append(message)
        await asyncio.gather(*(self._send_in_order(messages) for messages in of_each.values()))
        return bool(claimed)

    async def _send_in_order(self, messages: Sequence[QueuedMessage]) -> None:
        """What one person is told, in the order in which it happened; in one message where each message counts."""
        channel = self._channels[messages[0].address.channel]
        parts = [messages] if isinstance(channel, Merging) else [[message] for message in messages]
        for part in parts:
            outcome = await self._try_to_send(channel, part)
            self._metrics.messages_sent.labels(channel.name, outcome).inc(len(part))

    async def _try_to_send(self, channel: Channel, messages: Sequence[QueuedMessage]) -> str:
        shop, address = self._shop, messages[0].address
        about = {"messages": [message.id for message in messages]}
        try:
            screens = [await self._draw_news(shop, message) for message in messages]
            drawn = [
                NewsScreen(one.id, screen)
                for one, screen in zip(messages, screens, strict=True)
                if screen is not None
            ]
            await _send(channel, address, drawn)
            for message, screen in zip(messages, screens, strict=True):
                await shop.write(_mark_sent, message, screen)
        except Unreachable:
            await shop.write(mark_unreachable, address)
            for message in messages:
                await shop.write(tell_elsewhere, message, "unreachable")
            return "unreachable"
        except RetryLater as error:
            await self._postpone(messages, error.reason, error.retry_after_s)
            return "retry"
        except Unknown as error:
            await self._postpone(messages, error.reason)
            return "unknown"
        except Fenced:
            log.warning("message was taken over", **about)
            return "fenced"
        except Exception:
            log.exception("message failed", news=[message.news for message in messages], **about)
            await self._postpone(messages, "failed")
            return "failed"
        return "sent"

    async def _postpone(
        self, messages: Sequence[QueuedMessage], problem: str, retry_after_s: int | None = None
    ) -> None:
        for message in messages:
            await self._shop.write(_put_off, message, problem, retry_after_s)


async def _send(channel: Channel, address: Address, news: Sequence[NewsScreen]) -> None:
    if isinstance(channel, Merging):
        await channel.send_together(address, news)
        return
    for one in news:
        await channel.send(address, one.screen)


def _mark_sent(tx: Tx, message: QueuedMessage, screen: Screen | None) -> None:
    """The news is there; what it asks is asked, unless the person is in the middle of something."""
    sending.mark_sent(tx, message)
    if screen is not None:
        tell_also(tx, message)
    if screen is not None and screen.waits_for is not None:
        where = message.address
        asked = screen.waits_for
        prompts.offer(
            tx, channel=where.channel, external_id=where.external_id, link=asked, lasts=lasts(asked)
        )


def _put_off(tx: Tx, message: QueuedMessage, problem: str, retry_after_s: int | None) -> None:
    """Again later; where else he wants to hear it he need not wait for that."""
    if sending.postpone(tx, message, problem, retry_after_s=retry_after_s):
        tell_also(tx, message)
