"""Taking updates from Telegram by long polling: stored first, confirmed after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from bot.channels.telegram.api import Line
from bot.channels.telegram.checkout import Checkouts
from bot.channels.telegram.insist import Insistence
from bot.channels.telegram.mailbox import Mailbox
from bot.channels.telegram.settings import TelegramSettings

_log = structlog.get_logger(__name__)


class Receiver:
    """The long poll of one bot.

    An update is confirmed by the poll after the one that brought it, once it is stored. A crash in between
    brings it again, and the inbox knows it by its number.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        line: Line,
        mailbox: Mailbox,
        checkouts: Checkouts,
        insist: Insistence,
    ) -> None:
        self._pauses = settings.pauses
        self._line = line
        self._mailbox = mailbox
        self._checkouts = checkouts
        self._insist = insist
        self._log = _log.bind(channel=settings.name)

    async def run(self) -> None:
        """Receive until cancelled.

        Raises:
            BadToken: Telegram does not know this bot.
        """
        await self._take_off_webhook()
        offset: int | None = None
        failures = 0
        while True:
            updates = await self._insist.on(partial(self._line.get_updates, offset, self._pauses.poll_s))
            for update in updates:
                self._checkouts.start(update)
            try:
                offset = await self._store(updates)
                failures = 0
            except Exception:  # noqa: BLE001 - this loop must go on
                # A database that is away for a moment. Nothing was confirmed: the same poll brings them again.
                failures += 1
                self._log.exception("telegram.not_stored", failures=failures)
                await asyncio.sleep(self._pauses.after_failures(failures))

    async def _take_off_webhook(self) -> None:
        """Take the updates off a webhook: while there is one, Telegram answers no poll."""
        bot = self._line.bot
        if (await self._insist.on(bot.get_webhook_info)).url:
            await self._insist.on(bot.delete_webhook)
            self._log.warning("telegram.webhook_removed")

    async def _store(self, updates: Sequence[Mapping[str, Any]]) -> int | None:
        """Store a batch.

        Returns:
            The offset that confirms the batch. None after an empty one: everything is confirmed by then, and
            numbers start anew, perhaps lower, when nobody wrote for a week.
        """
        if not updates:
            return None
        await self._mailbox.store(updates)
        return int(updates[-1]["update_id"]) + 1
