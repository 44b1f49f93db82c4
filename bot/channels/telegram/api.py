"""The line to Telegram: the library's ``Bot``, a second line for polling, and two manners of calling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import urlencode

from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.channels.telegram.errors import translate, wait_s
from bot.channels.telegram.pace import Pacer
from bot.channels.telegram.quiet import QuietRequest, keep_logs_quiet
from bot.channels.telegram.settings import TelegramSettings
from shop_core.kernel.errors import RetryLater, Unknown

T = TypeVar("T")
Call = Callable[[], Awaitable[T]]

ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member", "pre_checkout_query")
"""Always named: left out, Telegram goes on with whatever was asked for last."""

_READ_S: Final = 10.0
_LONGEST_WAIT_S: Final = 30
"""A person waits this long for an answer; a longer ban is for the worker to sit out."""


class Line:
    """One bot's connections. Usable at once; nothing is sent before it is asked for."""

    def __init__(self, settings: TelegramSettings) -> None:
        keep_logs_quiet()
        self._calls = QuietRequest(settings.httpx_kwargs, read_timeout=_READ_S)
        self._polls = QuietRequest(
            connection_pool_size=1, read_timeout=_READ_S, httpx_kwargs=settings.httpx_kwargs
        )
        self._methods = f"{settings.api_base_url}{settings.token.reveal()}"
        self.bot = Bot(
            settings.token.reveal(),
            base_url=settings.api_base_url,
            base_file_url=f"{settings.api_base_url.removesuffix('/bot')}/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )

    async def get_updates(self, offset: int | None, timeout_s: int) -> Sequence[dict[str, Any]]:
        """Wait for updates, as JSON: ``Bot.get_updates`` fails for a batch if it cannot read one of them.

        Args:
            offset: Confirms everything below it; None confirms nothing.

        Raises:
            TelegramError: As any call.
        """
        query = {"timeout": timeout_s, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if offset is not None:
            query["offset"] = offset
        result = await self._polls.post(
            f"{self._methods}/getUpdates?{urlencode(query)}", read_timeout=timeout_s + _READ_S
        )
        return cast("Sequence[dict[str, Any]]", result)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._calls.shutdown()
        await self._polls.shutdown()


class Manner(Protocol):
    """How calls are made, and what becomes of trouble."""

    async def send(self, chat_id: str, call: Call[T]) -> T:
        """Make a call that puts a new message into a chat, no faster than Telegram takes them there."""
        ...

    async def edit(self, chat_id: str, call: Call[T]) -> T:
        """Make a call that changes a message of a chat, no faster than Telegram takes them from this bot."""
        ...

    async def call(self, call: Call[T]) -> T:
        """Make a call that shows nothing and may run twice."""
        ...


class Once:
    """For news, which a queue repeats: trouble is told at once."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    async def send(self, chat_id: str, call: Call[T]) -> T:
        """Send, or say when.

        Raises:
            RetryLater: Not sent.
            Unknown: Nobody knows; repeating means the same news twice at worst.
            Unreachable: Not as long as he does not write.
        """
        await self._pacer.turn(chat_id, is_new=True, patience_s=0)
        return await self.call(call)

    async def edit(self, chat_id: str, call: Call[T]) -> T:
        """As ``send``; in private chats edits count for the bot only."""
        await self._pacer.turn(chat_id, is_new=False, patience_s=0)
        return await self.call(call)

    async def call(self, call: Call[T]) -> T:
        """As ``send``, without a turn."""
        try:
            return await call()
        except TelegramError as error:
            if isinstance(error, RetryAfter):
                await self._pacer.rest(wait_s(error))
            ours = translate(error)
            if ours is None:
                raise
            raise ours from error


class Patient:
    """For answers somebody waits for: short trouble is sat out here, without asking the shop again.

    A send of unknown outcome is repeated: a message twice is a smaller harm than none.
    """

    def __init__(self, pacer: Pacer, retries_s: Sequence[float]) -> None:
        """Take the pauses before repetitions of what nobody knows the outcome of."""
        self._once = Once(pacer)
        self._pacer = pacer
        self._retries_s = retries_s

    async def send(self, chat_id: str, call: Call[T]) -> T:
        """Send as soon as the chat may have one more.

        Raises:
            RetryLater: Not sent, and not soon.
            Unknown: No answer, however often.
            Unreachable: Not as long as he does not write.
        """
        return await self._insist(call, partial(self._turn, chat_id, is_new=True))

    async def edit(self, chat_id: str, call: Call[T]) -> T:
        """As ``send``; in private chats edits count for the bot only."""
        return await self._insist(call, partial(self._turn, chat_id, is_new=False))

    async def call(self, call: Call[T]) -> T:
        """As ``send``, without a turn."""
        return await self._insist(call, _no_turn)

    async def _insist(self, call: Call[T], turn: Callable[[], Awaitable[None]]) -> T:
        for retry_s in self._retries_s:
            await turn()
            try:
                return await self._once.call(call)
            except RetryLater as error:
                if error.retry_after_s > _LONGEST_WAIT_S:
                    raise
                await asyncio.sleep(error.retry_after_s)
            except Unknown:
                await asyncio.sleep(retry_s)
        await turn()
        return await self._once.call(call)

    async def _turn(self, chat_id: str, *, is_new: bool) -> None:
        await self._pacer.turn(chat_id, is_new=is_new, patience_s=_LONGEST_WAIT_S)


async def _no_turn() -> None:
    """What shows nothing has no turn to wait for."""
