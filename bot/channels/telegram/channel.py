"""One Telegram bot as a channel of the shop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

import structlog
from telegram import Update
from telegram.constants import FileSizeLimit
from telegram.error import BadRequest

from bot.channels.channel import Answer, Unreachable
from bot.channels.telegram.api import Line as TelegramLine
from bot.channels.telegram.api import Once, Patient
from bot.channels.telegram.checkout import Checkouts
from bot.channels.telegram.insist import Insistence
from bot.channels.telegram.mailbox import Mailbox
from bot.channels.telegram.menus import Menus
from bot.channels.telegram.pace import Pacer
from bot.channels.telegram.parse import Attachment, Pressed, Said, Sender, Turned, parse
from bot.channels.telegram.press import spinning
from bot.channels.telegram.receive import Receiver
from bot.channels.telegram.settings import TelegramSettings
from bot.channels.telegram.show import Shower
from bot.channels.telegram.webhook import Webhook
from handlers.incoming import Contact, Incoming, Link, Text, Upload
from handlers.screen import Line, Screen, Style
from shop_core.customers.people import (
    Address,
    find_customer,
    is_unreachable,
    mark_reachable,
    mark_unreachable,
)
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.messaging.queue import wake_address

_LARGEST_FILE: Final = int(FileSizeLimit.FILESIZE_DOWNLOAD)
"""20 MB: more than this bots cannot fetch."""

_log = structlog.get_logger(__name__)


class TelegramChannel:
    """Receives by long polling or by webhook, answers letters, sends news. A ``Channel``."""

    def __init__(self, settings: TelegramSettings, shop: Shop, answer: Answer) -> None:
        """Connect nothing yet.

        Args:
            answer: What the shop says to a message; refusals are screens, bugs are exceptions.
        """
        self.name = settings.name
        self._words = settings.words
        self._spin_s = settings.pauses.spin_s
        self._shop = shop
        self._answer = answer
        self._line = TelegramLine(settings)
        self._insist = Insistence(settings)
        self._menus = Menus(settings, self._line.bot, self._insist)
        mailbox = Mailbox(settings.name, shop, settings.stars)
        self._checkouts = Checkouts(settings.name, settings.stars, shop, self._line.bot)
        around = (self._line, mailbox, self._checkouts, self._insist)
        self._receiver: Receiver | Webhook = (
            Receiver(settings, *around)
            if settings.hook is None
            else Webhook(settings.name, settings.hook, *around)
        )
        self._shower = Shower(shop, self._line.bot)
        pacer = Pacer(shop, settings.name, settings.rates)
        self._once, self._patient = Once(pacer), Patient(pacer, settings.pauses.retries_s)

    @property
    def webhook(self) -> Webhook | None:
        """What the web server serves for this bot; None: it polls."""
        return self._receiver if isinstance(self._receiver, Webhook) else None

    @property
    def front_door(self) -> str | None:
        """The address that opens the chat; None: the bot's name is not known yet."""
        name = self._shower.bot_name
        return None if name is None else f"https://t.me/{name}"

    async def run(self) -> None:
        """Put what people write into the inbox, until cancelled.

        Raises:
            BadToken: Telegram does not know this bot.
        """
        bot = self._line.bot
        me = await self._insist.on(bot.get_me)
        self._shower.bot_name = me.username
        _log.info("telegram.receiving", channel=self.name, bot=me.username)
        # Beside receiving: Telegram may want a long pause before it takes a menu, and nobody waits for one.
        hanging = asyncio.create_task(self._menus.hang())
        try:
            await self._receiver.run()
        finally:
            hanging.cancel()
            await asyncio.wait([hanging])

    async def reply(self, letter: Letter, payload: bytes) -> Screen | None:
        """Answer one letter.

        May run twice: one-time keys make the shop's part harmless, and a screen replaces itself.

        Args:
            payload: The letter's content, unsealed.

        Raises:
            RetryLater: Telegram wants a long pause; the letter should wait.
            Unknown: Telegram did not say whether the answer is there.
        """
        update = Update.de_json(json.loads(payload), self._line.bot)
        heard = parse(update)
        match heard:
            case None:
                return None
            case Turned(external_id, is_reachable):
                await self._shop.write(_turn, Address(self.name, external_id), is_reachable=is_reachable)
                return None
            case Said() | Pressed():
                address = Address(self.name, heard.sender.external_id)
                if await self._shop.read(is_unreachable, address):
                    await self._shop.write(_turn, address, is_reachable=True)
                try:
                    screen = await self._respond(heard, address, letter)
                except Unreachable:
                    await self._shop.write(_turn, address, is_reachable=False)
                    return None
                if screen.menu:
                    await self._menus.hang_anew(address.external_id)
                if screen.clears_upload and update.message is not None:
                    await self._shower.take_away(address, str(update.message.message_id))
                return screen
            case _:
                assert_never(heard)

    async def send(self, address: Address, screen: Screen) -> None:
        """Show somebody news. Twice the same news is allowed.

        Raises:
            RetryLater: Not sent: again after ``retry_after_s``.
            Unknown: Nobody knows whether it was sent.
            Unreachable: He blocked the bot, or never wrote to it.
        """
        await self._shower.show_news(address, _with_notice(screen), self._once)
        if screen.menu:
            await self._menus.hang_anew(address.external_id)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._checkouts.close()
        await self._line.close()

    async def _respond(self, heard: Said | Pressed, address: Address, letter: Letter) -> Screen:
        if isinstance(heard, Said):
            screen = await self._answer_words(heard, address, letter.external_id)
            await self._shower.show_after_words(address, _with_notice(screen), self._patient)
            await self._menus.hang_late(address.external_id)
            return screen
        processing = partial(self._in_his_language, self._words.processing, address)
        async with spinning(
            self._line.bot, heard.query_id, patience_s=self._spin_s, processing=processing
        ) as spinner:
            screen = await self._answer(self._shop, self._incoming(heard.sender, heard.link))
            if screen.toast and await spinner.stop(screen.toast):
                screen = replace(screen, toast=None)
        await self._shower.show_after_press(
            address,
            _with_notice(screen),
            self._patient,
            message_id=heard.message_id,
            asked_at=letter.received_at,
        )
        return screen

    async def _answer_words(self, said: Said, address: Address, update_id: str) -> Screen:
        content = await self._fetch(said.content) if isinstance(said.content, Attachment) else said.content
        if content is None:
            return await self._refuse_file(address)
        # Updates are numbered anew after a quiet week, messages with another bot: both together never come twice.
        message = f"{update_id}.{said.message_id}"
        incoming = self._incoming(said.sender, content)
        return await self._answer(self._shop, replace(incoming, message=message, replies_to=said.replies_to))

    async def _fetch(self, attachment: Attachment) -> Upload | None:
        """Download a file; None if it is too large for bots. Its address holds the token: never log it."""
        if attachment.size is not None and attachment.size > _LARGEST_FILE:
            return None
        try:
            file = await self._patient.call(partial(self._line.bot.get_file, attachment.file_id))
        except BadRequest as error:
            if "file is too big" in error.message.lower():
                return None
            raise
        content = await self._patient.call(file.download_as_bytearray)
        return Upload(attachment.name, bytes(content), attachment.caption)

    async def _refuse_file(self, address: Address) -> Screen:
        text = await self._in_his_language(self._words.too_large, address)
        return Screen((Line(text, Style.WARNING),), slot=None)

    async def _in_his_language(self, texts: Mapping[str, str], address: Address) -> str:
        language = await self._shop.read(_language_of, address)
        return texts.get(language or "") or next(iter(texts.values()))

    def _incoming(self, sender: Sender, content: Link | Text | Upload | Contact) -> Incoming:
        return Incoming(self.name, sender.external_id, sender.name, sender.language, content)


def _with_notice(screen: Screen) -> Screen:
    """A notice that no press can show becomes the first line."""
    if not screen.toast:
        return screen
    return replace(screen, lines=(Line(screen.toast, Style.STRONG), *screen.lines), toast=None)


def _turn(tx: Tx, address: Address, *, is_reachable: bool) -> None:
    if not is_reachable:
        mark_unreachable(tx, address)
        return
    mark_reachable(tx, address)
    wake_address(tx, address)


def _language_of(view: View, address: Address) -> str | None:
    customer = find_customer(view, channel=address.channel, external_id=address.external_id)
    return None if customer is None else customer.language
