"""Taking updates from Telegram: stored first, confirmed after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, TypeVar

import structlog
from telegram import BotCommand
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.api import Line
from bot.channels.telegram.errors import BadToken, is_line_trouble, wait_s
from bot.channels.telegram.parse import find_person
from bot.channels.telegram.settings import TelegramSettings
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.vault.vault import Vault

T = TypeVar("T")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An update on its way into the inbox."""

    external_id: str
    lane: str
    payload: bytes


class Receiver:
    """The long poll of one bot.

    An update is confirmed by the poll after the one that brought it, once it is stored. A crash in between
    brings it again, and the inbox knows it by its number.
    """

    def __init__(self, settings: TelegramSettings, shop: Shop, line: Line) -> None:
        self._settings = settings
        self._shop = shop
        self._line = line
        self._log = _log.bind(channel=settings.name)

    async def run(self) -> None:
        """Receive until cancelled.

        Raises:
            BadToken: Telegram does not know this bot.
        """
        await self._begin()
        offset: int | None = None
        failures = 0
        while True:
            poll = partial(self._line.get_updates, offset, self._settings.pauses.poll_s)
            updates = await self._insist(poll)
            try:
                offset = await self._store(updates)
                failures = 0
            except Exception:  # noqa: BLE001 - this loop must go on
                # A database that is away for a moment. Nothing was confirmed: the same poll brings them again.
                failures += 1
                self._log.exception("telegram.not_stored", failures=failures)
                await asyncio.sleep(self._settings.pauses.after_failures(failures))

    async def _begin(self) -> None:
        """Learn that the token is good, take the updates off a webhook, and hang out the menu."""
        bot = self._line.bot
        me = await self._insist(bot.get_me)
        if (await self._insist(bot.get_webhook_info)).url:
            await self._insist(bot.delete_webhook)
            self._log.warning("telegram.webhook_removed")
        for place, (language, commands) in enumerate(self._settings.words.commands.items()):
            menu = [BotCommand(command, description) for command, description in commands.items()]
            if place == 0:
                await self._insist(partial(bot.set_my_commands, menu))
            await self._insist(partial(bot.set_my_commands, menu, language_code=language))
        self._log.info("telegram.receiving", bot=me.username)

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call until it succeeds."""
        for failures in count(1):
            try:
                return await call()
            except TelegramError as error:
                await asyncio.sleep(self._pause_after(error, failures))
        raise AssertionError("count() does not end")

    def _pause_after(self, error: TelegramError, failures: int) -> float:
        """How long to wait before trying again.

        Raises:
            BadToken: Trying again does not help.
            TelegramError: The same error again if it is a mistake of ours.
        """
        if isinstance(error, InvalidToken):
            raise BadToken(f"Telegram does not know the token of channel {self._settings.name!r}") from None
        if isinstance(error, Conflict):
            self._log.error("telegram.taken_elsewhere", reason=error.message)
            return self._settings.pauses.after_conflict()
        if isinstance(error, RetryAfter):
            return wait_s(error)
        if not is_line_trouble(error):
            raise error
        self._log.warning("telegram.no_answer", reason=error.message, failures=failures)
        return self._settings.pauses.after_failures(failures)

    async def _store(self, updates: Sequence[Mapping[str, Any]]) -> int | None:
        """Store what concerns us, all in one transaction.

        Returns:
            The offset that confirms the batch. None after an empty one: everything is confirmed by then, and
            numbers start anew, perhaps lower, when nobody wrote for a week.
        """
        if not updates:
            return None
        letters = [
            self._seal(update, person) for update in updates if (person := find_person(update)) is not None
        ]
        if letters:
            await self._shop.write(_store_all, self._settings.name, letters)
        return int(updates[-1]["update_id"]) + 1

    def _seal(self, update: Mapping[str, Any], person: str) -> _Sealed:
        source, external_id = self._settings.name, str(update["update_id"])
        raw = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        sealed = self._shop.get(Vault).seal_bytes(raw, place=f"inbox:{source}:{external_id}")
        return _Sealed(external_id, f"{source}:{person}", sealed)


def _store_all(tx: Tx, source: str, letters: Sequence[_Sealed]) -> None:
    for letter in letters:
        store(tx, source=source, external_id=letter.external_id, lane=letter.lane, payload=letter.payload)
