"""Asking for somebody's own number: a button below the chat, which is taken away when nobody asks any more.

Telegram has no such button in a message, and none that goes away by itself: it hangs until a message says otherwise.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog
from telegram import Bot, KeyboardButton, Message, ReplyKeyboardMarkup, ReplyKeyboardRemove
from telegram.error import TelegramError

from bot.channels.telegram.api import Manner
from handlers.screen import ContactButton, Screen
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.messaging.shown import Place, Shown, forget_shown, remember_shown

_log = structlog.get_logger(__name__)

SLOT: Final = "number"
"""The message that has hung the button out."""
_TAKING_AWAY: Final = "…"
"""A message has to say something; this one is gone at once."""


class Numbers:
    """Hangs the button out with a screen that asks for it, and takes it away with the next screen that does not."""

    def __init__(self, shop: Shop, bot: Bot) -> None:
        self._shop = shop
        self._bot = bot

    async def ask_or_stop(self, address: Address, screen: Screen, manner: Manner, hung: Shown | None) -> None:
        """Do what a screen that has been shown wants. Twice the same is once.

        Args:
            hung: What ``SLOT`` is in.
        """
        wanted = next(
            (button for row in screen.rows for button in row if isinstance(button, ContactButton)), None
        )
        if wanted is not None and hung is None:
            message = await manner.send(address.external_id, partial(self._hang, address.external_id, wanted))
            await self._shop.write(remember_shown, address, Place(SLOT, str(message.message_id)))
        elif wanted is None and hung is not None:
            gone = await manner.send(address.external_id, partial(self._take_away, address.external_id))
            await self._shop.write(forget_shown, address, hung)
            await self._delete(address, [int(hung.place.message_ref), gone.message_id])

    async def _hang(self, chat_id: str, wanted: ContactButton) -> Message:
        button = KeyboardButton(wanted.text, request_contact=True)
        keyboard = ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
        return await self._bot.send_message(
            chat_id, wanted.hint, reply_markup=keyboard, disable_notification=True
        )

    async def _take_away(self, chat_id: str) -> Message:
        return await self._bot.send_message(
            chat_id, _TAKING_AWAY, reply_markup=ReplyKeyboardRemove(), disable_notification=True
        )

    async def _delete(self, address: Address, message_ids: list[int]) -> None:
        try:
            await self._bot.delete_messages(address.external_id, message_ids)
        except TelegramError as error:
            _log.info("telegram.not_deleted", channel=address.channel, reason=error.message)
