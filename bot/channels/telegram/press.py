"""A pressed button spins until it is answered, and is answered exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from telegram import Bot
from telegram.constants import CallbackQueryLimit
from telegram.error import TelegramError

Say = Callable[[], Awaitable[str]]

_log = structlog.get_logger(__name__)


class Spinner:
    """The spinner of one press."""

    def __init__(self, bot: Bot, query_id: str) -> None:
        self._bot = bot
        self._query_id = query_id
        self._stopped = asyncio.Event()

    async def stop(self, toast: str = "") -> bool:
        """Answer the press, unless that has been done. Trouble is only logged: the screen comes all the same.

        Returns:
            Whether the toast was shown: not for a press that is too old, or that was answered before a crash.
        """
        if self._stopped.is_set():
            return False
        self._stopped.set()
        text = toast[: CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH] or None
        try:
            return await self._bot.answer_callback_query(self._query_id, text)
        except TelegramError as error:
            _log.info("telegram.press_not_answered", reason=error.message)
            return False

    async def stop_in(self, seconds: float, processing: Say) -> None:
        """Say that it takes a moment, some time from now, unless somebody answers before."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            await self.stop(await processing())


@asynccontextmanager
async def spinning(bot: Bot, query_id: str, *, patience_s: float, processing: Say) -> AsyncIterator[Spinner]:
    """Hold a press while its answer is made: it stops spinning in time, at the latest at the end.

    Args:
        processing: What to say when the answer takes longer than ``patience_s``.
    """
    spinner = Spinner(bot, query_id)
    timer = asyncio.create_task(spinner.stop_in(patience_s, processing))
    try:
        yield spinner
    finally:
        await spinner.stop()
        await timer
