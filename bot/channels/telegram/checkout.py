"""Pre-checkout: Telegram asks whether it may take somebody's Stars, and waits ten seconds for a yes.

Beside the lanes: the person's own may be waiting for something slow. Nothing is stored of it, because nothing depends on
it: what is not answered, or too late, is money that was not taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.channels.telegram.errors import is_line_trouble, wait_s
from handlers.checkout import find_objection, say_busy
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.money import BadAmount, Money
from shop_core.orders.checkout import Checkout

LOOK_S: Final = 6.0
"""How long the shop may take to look; then he is asked to try again."""
ANSWER_S: Final = 9.5
"""The whole of it: after ten seconds Telegram has refused by itself."""
UNREADABLE: Final = "✖"
"""The answer to what Telegram never asks: an amount that is no number."""
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)

_log = structlog.get_logger(__name__)


class Checkouts:
    """The questions of one bot, each answered in a task of its own."""

    def __init__(self, channel: str, gateway: str | None, shop: Shop, bot: Bot) -> None:
        """Take what is needed to answer.

        Args:
            gateway: This bot's Stars; None: it takes none, and every question is answered with no.
        """
        self._channel = channel
        self._gateway = gateway
        self._shop = shop
        self._bot = bot
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, update: Mapping[str, Any]) -> asyncio.Task[None] | None:
        """Begin to answer, if the update is such a question. It may be awaited, or left to itself."""
        query = update.get("pre_checkout_query")
        if query is None:
            return None
        task = asyncio.create_task(self._answer(query))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def close(self) -> None:
        """Drop what is under way: nobody pays without an answer."""
        for task in list(self._under_way):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _answer(self, query: Mapping[str, Any]) -> None:
        log = _log.bind(channel=self._channel)
        try:
            async with asyncio.timeout(ANSWER_S):
                objection = await self._find_objection(query)
                await self._tell(str(query["id"]), objection)
        except TimeoutError:
            log.warning("telegram.checkout_too_late")
        except TelegramError as error:
            log.warning("telegram.checkout_not_answered", reason=error.message)
        except Exception:
            # Not answered is not paid; the bug is loud all the same.
            log.exception("telegram.checkout_failed")
        else:
            log.info("telegram.checkout", is_allowed=objection is None)

    async def _find_objection(self, query: Mapping[str, Any]) -> str | None:
        checkout = self._checkout(query)
        if checkout is None:
            return UNREADABLE
        try:
            async with asyncio.timeout(LOOK_S):
                return await find_objection(self._shop, checkout)
        except TimeoutError:
            return await say_busy(self._shop, checkout)

    def _checkout(self, query: Mapping[str, Any]) -> Checkout | None:
        """The question; None if it is none that this shop could have asked for."""
        payer = Address(self._channel, str(query["from"]["id"]))
        try:
            amount = Money(query["total_amount"], str(query["currency"]))
        except (BadAmount, TypeError):
            return None
        return Checkout(self._gateway or "", str(query["invoice_payload"])[:64], payer, amount)

    async def _tell(self, query_id: str, objection: str | None) -> None:
        """Answer, insisting while the line is to blame: a second answer is refused, and does no harm."""
        for pause_s in _PAUSES_S:
            try:
                await self._bot.answer_pre_checkout_query(
                    query_id, ok=objection is None, error_message=objection
                )
            except TelegramError as error:
                if not (isinstance(error, RetryAfter) or is_line_trouble(error)):
                    raise
                await asyncio.sleep(wait_s(error) if isinstance(error, RetryAfter) else pause_s)
            else:
                return
        raise TelegramError("no answer to the answer")
