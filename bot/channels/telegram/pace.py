"""How fast one chat is written to."""

from __future__ import annotations

import asyncio
from typing import Final

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

_PER_CHAT: Final = RateLimitItemPerSecond(4, 4)
"""The bots FAQ asks for at most one message a second in a chat, and tolerates short bursts."""
_PAUSE_S: Final = 1


class Pacer:
    """Counts new messages per chat, in this process. What slips through, Telegram refuses."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def turn(self, chat_id: str) -> None:
        """Wait until the chat may have one more."""
        while pause_s := await self.pause_before(chat_id):  # noqa: ASYNC110 - time frees a place, no event does
            await asyncio.sleep(pause_s)

    async def pause_before(self, chat_id: str) -> int:
        """Count one more and answer 0; or count nothing and answer how many seconds to wait."""
        return 0 if await self._limiter.hit(_PER_CHAT, chat_id) else _PAUSE_S
