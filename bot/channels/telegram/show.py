"""Putting screens into chats, and remembering in which message each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from telegram import (
    Bot,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LabeledPrice,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import FileSizeLimit, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.channels.telegram.api import Manner
from bot.channels.telegram.numbers import SLOT, Numbers
from bot.channels.telegram.parse import STARS
from bot.channels.telegram.placing import Placing, after_press, after_words, as_news
from bot.channels.telegram.render import Attached, Drawn, Invoice, Part, Picture, Sent, Words, render
from handlers.screen import SCREEN_SLOT, Screen
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.messaging.shown import Place, Shown, find_by_message, find_shown, forget_shown, remember_shown

_log = structlog.get_logger(__name__)

_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_NOTHING_NEW: Final = "message is not modified"
_CANNOT_EDIT: Final = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
)
_NO_PHOTO: Final = (
    "photo_invalid_dimensions",
    "image_process_failed",
    "photo_save_file_invalid",
    "photo_ext_invalid",
)
_LARGEST_PHOTO: Final = int(FileSizeLimit.PHOTOSIZE_UPLOAD)
"""10 MB."""


@dataclass(frozen=True, slots=True)
class _There:
    """What is remembered of a chat, as far as one screen is concerned."""

    existing: Shown | None
    walked: Shown | None
    pressed: Shown | None
    number: Shown | None


class Shower:
    """Shows screens, each in the message it belongs in.

    Attributes:
        bot_name: The bot's username, once it is known: screens can be shared then.
    """

    def __init__(self, shop: Shop, bot: Bot) -> None:
        self.bot_name: str | None = None
        self._shop = shop
        self._bot = bot
        self._numbers = Numbers(shop, bot)

    async def show_after_press(
        self, address: Address, screen: Screen, manner: Manner, *, message_id: str | None, asked_at: datetime
    ) -> None:
        """Show the answer to a button. Twice the same press ends with the same messages."""
        there = await self._shop.read(_look, address, screen.slot, message_id)
        placing = after_press(screen, pressed=there.pressed, existing=there.existing, asked_at=asked_at)
        await self._show(address, screen, manner, placing)
        await self._numbers.ask_or_stop(address, screen, manner, there.number)

    async def show_after_words(self, address: Address, screen: Screen, manner: Manner) -> None:
        """Show the answer to something written."""
        there = await self._shop.read(_look, address, screen.slot, None)
        placing = after_words(screen, existing=there.existing, walked=there.walked)
        await self._show(address, screen, manner, placing)
        await self._numbers.ask_or_stop(address, screen, manner, there.number)

    async def show_news(self, address: Address, screen: Screen, manner: Manner) -> None:
        """Show what the person did not ask for just now."""
        there = await self._shop.read(_look, address, screen.slot, None)
        if not screen.quiet:
            await self._show(address, screen, manner, as_news(screen, existing=there.existing))
        elif there.existing is not None:
            await self._change(address, screen, manner, there.existing.place)

    async def _show(self, address: Address, screen: Screen, manner: Manner, placing: Placing) -> None:
        drawn = render(screen, self.bot_name)
        edited, stale = placing.edit, placing.stale
        if edited is not None and await self._edit(address, edited.place, drawn, manner):
            refs: Sequence[str] = (edited.place.message_ref,)
            is_protected = edited.place.is_protected
        else:
            refs = [await self._send(address, drawn, number, manner) for number in range(len(drawn.parts))]
            is_protected = drawn.is_protected
            stale = stale if edited is None else (*stale, edited)
        if screen.slot is not None:
            *others, main = refs
            has_media = not isinstance(drawn.last, Words)
            place = Place(screen.slot, main, tuple(others), has_media, is_protected, _bill_of(drawn))
            if stale or edited is None or place != edited.place:
                await self._shop.write(_remember, address, place, stale)
        await self._delete(address, [ref for gone in stale for ref in gone.refs if ref not in refs])

    async def _change(self, address: Address, screen: Screen, manner: Manner, place: Place) -> None:
        """Change the words and buttons of what is there; if that cannot be, it stays as it is."""
        drawn = render(screen, self.bot_name)
        if len(drawn.parts) == len(place.other_refs) + 1:
            last = replace(drawn, parts=drawn.parts[-1:])
            await self._edit(address, replace(place, other_refs=()), last, manner)

    async def _send(self, address: Address, drawn: Drawn, number: int, manner: Manner) -> str:
        part = drawn.parts[number]
        keyboard = drawn.keyboard if part is drawn.last else None
        call = partial(self._send_part, address.external_id, part, keyboard, protect=drawn.is_protected)
        message = await manner.send(address.external_id, call)
        return str(message.message_id)

    async def _send_part(
        self, chat_id: str, part: Part, keyboard: InlineKeyboardMarkup | None, *, protect: bool
    ) -> Message:
        match part:
            case Words(html):
                return await self._bot.send_message(
                    chat_id,
                    html,
                    parse_mode=ParseMode.HTML,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard,
                    protect_content=protect,
                )
            case Picture(png, html):
                return await self._bot.send_photo(
                    chat_id,
                    png,
                    caption=html or None,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard,
                    protect_content=protect,
                )
            case Sent(_, content, is_picture=True, html=html) if len(content) <= _LARGEST_PHOTO:
                return await self._send_their_picture(chat_id, part, keyboard)
            case Attached(name, content, html) | Sent(name, content, html=html):
                return await self._bot.send_document(
                    chat_id,
                    content,
                    filename=name or None,
                    caption=html or None,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard,
                    protect_content=protect,
                )
            case Invoice(title, description, payload, stars, start):
                return await self._bot.send_invoice(
                    chat_id,
                    title,
                    description,
                    payload,
                    STARS,
                    [LabeledPrice(title, stars)],
                    provider_token="",
                    start_parameter=start,
                    reply_markup=keyboard,
                )

    async def _send_their_picture(
        self, chat_id: str, sent: Sent, keyboard: InlineKeyboardMarkup | None
    ) -> Message:
        """Send somebody's picture; as a file if Telegram does not take it for one (too long, broken, of a kind)."""
        try:
            return await self._bot.send_photo(
                chat_id,
                sent.content,
                caption=sent.html or None,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
            )
        except BadRequest as error:
            if not any(known in error.message.lower() for known in _NO_PHOTO):
                raise
        return await self._send_part(chat_id, replace(sent, is_picture=False), keyboard, protect=False)

    async def _edit(self, address: Address, edited: Place, drawn: Drawn, manner: Manner) -> bool:
        """Turn a message into the screen. False: it is gone, or cannot become that."""
        if not _fits(drawn, edited):
            return False
        if edited.bill is not None:
            # The same bill is there already, and Telegram changes no bills.
            return True
        message_id = int(edited.message_ref)
        call = partial(self._edit_part, address.external_id, message_id, drawn.last, drawn.keyboard)
        try:
            await manner.edit(address.external_id, call)
        except BadRequest as error:
            reason = error.message.lower()
            if _NOTHING_NEW in reason:
                return True
            if any(known in reason for known in _CANNOT_EDIT):
                return False
            raise
        return True

    async def _edit_part(
        self, chat_id: str, message_id: int, part: Part, keyboard: InlineKeyboardMarkup | None
    ) -> None:
        match part:
            case Words(html):
                await self._bot.edit_message_text(
                    html,
                    chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard,
                )
            case Picture(png, html):
                photo = InputMediaPhoto(png, caption=html or None, parse_mode=ParseMode.HTML)
                await self._bot.edit_message_media(photo, chat_id, message_id, reply_markup=keyboard)
            case Sent(html=html):
                # What somebody sent stays as it is: only the words under it change.
                await self._bot.edit_message_caption(
                    chat_id,
                    message_id,
                    caption=html or None,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard,
                )
            case Attached(name, content, html):
                file = InputMediaDocument(content, html or None, parse_mode=ParseMode.HTML, filename=name)
                await self._bot.edit_message_media(file, chat_id, message_id, reply_markup=keyboard)
            case Invoice():
                raise AssertionError("nothing becomes a bill")

    async def take_away(self, address: Address, message_ref: str) -> None:
        """Take a message of the person's own out of the chat, if Telegram lets us."""
        await self._delete(address, [message_ref])

    async def _delete(self, address: Address, message_refs: Sequence[str]) -> None:
        """Take messages away if Telegram lets us: after 48 hours it does not, and a leftover does no harm."""
        if not message_refs:
            return
        try:
            await self._bot.delete_messages(address.external_id, [int(ref) for ref in message_refs])
        except TelegramError as error:
            _log.info("telegram.not_deleted", channel=address.channel, reason=error.message)


def _fits(drawn: Drawn, place: Place) -> bool:
    """Whether a message can be edited into the screen.

    Media never becomes text again, several messages never one, and protection is only given to new messages. A bill
    stays what it is, and nothing becomes one.
    """
    if _bill_of(drawn) != place.bill:
        return False
    is_single = len(drawn.parts) == 1 and not place.other_refs
    keeps_media = not place.has_media or not isinstance(drawn.last, Words)
    return is_single and keeps_media and (place.is_protected or not drawn.is_protected)


def _bill_of(drawn: Drawn) -> str | None:
    """The payment whose bill the messages are."""
    return drawn.last.payload if isinstance(drawn.last, Invoice) else None


def _look(view: View, address: Address, slot: str | None, pressed_ref: str | None) -> _There:
    return _There(
        existing=None if slot is None else find_shown(view, address, slot),
        walked=find_shown(view, address, SCREEN_SLOT),
        pressed=None if pressed_ref is None else find_by_message(view, address, pressed_ref),
        number=find_shown(view, address, SLOT),
    )


def _remember(tx: Tx, address: Address, place: Place, stale: Sequence[Shown]) -> None:
    for gone in stale:
        forget_shown(tx, address, gone)
    remember_shown(tx, address, place)
