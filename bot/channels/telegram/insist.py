"""Making a call until it succeeds: for what the bot needs before, and while, it receives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.errors import BadToken, is_line_trouble, wait_s
from bot.channels.telegram.settings import TelegramSettings

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Insistence:
    """Repeats a call for as long as trouble is outside. Nobody waits for its answer but the bot itself."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._log = _log.bind(channel=settings.name)

    async def on(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call until it succeeds.

        Raises:
            BadToken: Trying again does not help.
            TelegramError: A mistake of ours.
        """
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
