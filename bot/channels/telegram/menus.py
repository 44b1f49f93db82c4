"""The lists of commands behind a chat's menu button: customers' for everybody, staff's in staff's own chats."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog
from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.telegram.insist import Insistence
from bot.channels.telegram.settings import TelegramSettings

_NOT_MET: Final = (BadRequest, Forbidden)
"""A chat has no menu before its person starts the bot, nor while he blocks it."""

_log = structlog.get_logger(__name__)


class Menus:
    """Hangs out one bot's menus. One that hangs already is left alone, so a start changes nothing twice.

    Telegram shows the list of a chat before that of a language: a member of staff sees the staff's, in his language.
    """

    def __init__(self, settings: TelegramSettings, bot: Bot, insist: Insistence) -> None:
        self._settings = settings
        self._bot = bot
        self._insist = insist
        self._waiting: set[str] = set()
        self._log = _log.bind(channel=settings.name)

    async def hang(self) -> None:
        """Hang out every menu. One that Telegram does not take is missing, which is told and stops nothing."""
        for place, (language, commands) in enumerate(self._settings.words.commands.items()):
            if place == 0:
                await self._hang_for_all(commands, None)
            await self._hang_for_all(commands, language)
        for chat_id, commands in (await self._settings.staff_menus()).items():
            try:
                await self._insist.on(partial(self._hang, commands, chat_id=chat_id))
            except _NOT_MET as error:
                self._waiting.add(chat_id)
                self._log.info("telegram.menu_waits", reason=error.message)

    async def _hang_for_all(self, commands: Mapping[str, str], language: str | None) -> None:
        try:
            await self._insist.on(partial(self._hang, commands, language=language))
        except TelegramError as error:
            self._log.error("telegram.menu_refused", language=language, reason=error.message)

    async def hang_late(self, chat_id: str) -> None:
        """Hang out a menu that could not hang before its chat began. Tried when its person has been answered."""
        if chat_id in self._waiting:
            await self.hang_anew(chat_id)

    async def hang_anew(self, chat_id: str) -> None:
        """Hang out the menu of somebody whose commands have changed; that of the customers, if he has none of his own."""
        try:
            await self._hang((await self._settings.staff_menus()).get(chat_id, {}), chat_id=chat_id)
            self._waiting.discard(chat_id)
        except TelegramError as error:
            self._log.info("telegram.menu_waits", reason=error.message)

    async def _hang(
        self, commands: Mapping[str, str], *, chat_id: str | None = None, language: str | None = None
    ) -> None:
        menu = tuple(BotCommand(command, description) for command, description in commands.items())
        scope = None if chat_id is None else BotCommandScopeChat(chat_id)
        if await self._bot.get_my_commands(scope, language) == menu:
            return
        if menu:
            await self._bot.set_my_commands(menu, scope, language)
        else:
            await self._bot.delete_my_commands(scope, language)
