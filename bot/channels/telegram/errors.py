"""Telegram's refusals in the shop's words.

python-telegram-bot's ``BadRequest`` and ``TimedOut`` are kinds of its ``NetworkError``, which also stands
for an answer of 500: whether the line is to blame is asked by exact class, never with ``isinstance``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import httpx
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.channels.channel import Unreachable
from shop_core.kernel.errors import RetryLater, Unknown

_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What went wrong before a byte of the request was sent."""
_LINE_TROUBLE: Final = (NetworkError, TimedOut, TelegramError)
"""The last one, bare, is an answer that is not JSON."""


class BadToken(Exception):
    """Telegram does not know the token of a channel. Says which channel, never the token."""


def translate(error: TelegramError) -> RetryLater | Unknown | Unreachable | None:
    """What an error of a call means for who called.

    Returns:
        None for a mistake of ours (a message Telegram does not take, a wrong token): let it end loudly.
    """
    if isinstance(error, RetryAfter):
        return RetryLater("telegram: too many messages", retry_after_s=wait_s(error))
    if isinstance(error, Forbidden) or _is_no_chat(error):
        return Unreachable(error.message)
    if not is_line_trouble(error):
        return None
    if isinstance(error.__cause__, _NEVER_LEFT):
        return RetryLater(f"telegram: {type(error.__cause__).__name__}")
    return Unknown(f"telegram: {error.message}")


def is_line_trouble(error: TelegramError) -> bool:
    """Whether the line or Telegram is down, or its answer cannot be read: trying again may help."""
    return type(error) in _LINE_TROUBLE


def wait_s(error: RetryAfter) -> int:
    """How many seconds Telegram asks us to wait; at least one."""
    after = error.retry_after
    return max(1, int(after.total_seconds() if isinstance(after, timedelta) else after))


def _is_no_chat(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and "chat not found" in error.message.lower()
