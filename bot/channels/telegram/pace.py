"""How fast one bot sends: what Telegram lets through, and the pauses that it asks for."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.kernel.errors import RetryLater
from shop_core.messaging.pace import Pace, Rate, Turn, Wanted, give_turns, pause_turns

_MOST_CHATS: Final = 10_000
_MOST_AT_ONCE: Final = 50
_OVERALL: Final = Rate(timedelta(seconds=1) / 25, 5)
_PRIVATE: Final = Rate(timedelta(seconds=1), 4)
_GROUP: Final = Rate(timedelta(seconds=4), 5)


@dataclass(frozen=True, slots=True)
class Rates:
    """What the bots FAQ asks for, some short of it.

    Attributes:
        overall: 30 a second, new messages and edits.
        private: One a second in a chat; short bursts are tolerated.
        group: 20 a minute.
    """

    overall: Rate = _OVERALL
    private: Rate = _PRIVATE
    group: Rate = _GROUP


@dataclass(slots=True)
class _Waiting:
    wanted: Wanted
    turn: asyncio.Future[Turn]


@dataclass(slots=True)
class Pacer:
    """Gives each message of one bot its turn. What slips through, Telegram refuses.

    On SQLite one process sends, and counts in memory: a message costs no commit. On PostgreSQL the turns are in rows
    that all processes share; those who wait at the same time in one process get theirs in one transaction.
    """

    shop: Shop
    channel: str
    rates: Rates
    _pace: Pace = field(init=False)
    _is_shared: bool | None = field(default=None, init=False)
    _waiting: list[_Waiting] = field(default_factory=list, init=False)
    _asking: asyncio.Task[None] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.rates.overall, {})

    async def turn(self, chat_id: str, *, is_new: bool, patience_s: float) -> None:
        """Wait until one more may be sent.

        Args:
            is_new: A message; an edit counts for the bot, and in groups, not in a private chat.
            patience_s: How long to wait for a turn to be given.

        Raises:
            RetryLater: It would take longer.
        """
        is_group = chat_id.startswith("-")
        rate = self.rates.group if is_group else self.rates.private
        wanted = Wanted(chat_id if is_new or is_group else None, rate)
        waited_s = 0.0
        while True:
            turn = await self._ask(wanted)
            wait_s = max(0.0, (turn.at - self.shop.clock.now()) / timedelta(seconds=1))
            waited_s += wait_s
            if not turn.is_given and waited_s > patience_s:
                raise RetryLater("telegram: no turn for now", retry_after_s=max(1, math.ceil(wait_s)))
            await asyncio.sleep(wait_s)
            if turn.is_given:
                return

    async def rest(self, seconds: int) -> None:
        """Telegram has had enough: nothing more from this bot for a while, whichever process sends."""
        until = self.shop.clock.now() + timedelta(seconds=seconds)
        if await self._shares():
            await self.shop.write(pause_turns, self.channel, until)
        else:
            self._pace.pause(until)

    async def _ask(self, wanted: Wanted) -> Turn:
        if not await self._shares():
            now = self.shop.clock.now()
            if len(self._pace.used) > _MOST_CHATS:
                self._pace.forget(now)
            return self._pace.give(wanted, now)
        waiting = _Waiting(wanted, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all())
        return await waiting.turn

    async def _ask_for_all(self) -> None:
        """Ask for everybody who waits; who comes meanwhile is in the next round."""
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._ask_for(asked)
        finally:
            self._asking = None

    async def _ask_for(self, asked: list[_Waiting]) -> None:
        wanted = [waiting.wanted for waiting in asked]
        try:
            turns = await self.shop.write(give_turns, self.channel, self.rates.overall, wanted)
        except Exception as error:  # noqa: BLE001 - told to everybody who waits for it
            for waiting in asked:
                if not waiting.turn.done():
                    waiting.turn.set_exception(error)
            return
        for waiting, turn in zip(asked, turns, strict=True):
            if not waiting.turn.done():
                waiting.turn.set_result(turn)

    async def _shares(self) -> bool:
        if self._is_shared is None:
            self._is_shared = await self.shop.read(_is_shared)
        return self._is_shared


def _is_shared(view: View) -> bool:
    """Whether other processes may send for the same bot."""
    return view.is_postgresql
