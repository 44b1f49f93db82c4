"""People who walk the same way again and again, side by side: load that costs its sender a single call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from tests.standins.telegram.desk import Desk
from tests.standins.telegram.records import Chat
from tests.standins.telegram.refusals import Json
from tests.standins.telegram.world import World

_PATIENCE_S = 30.0

Find = Callable[[Json], tuple[int, str] | None]


class Walkers:
    """Starts the bot, presses one button after the other as soon as each is there, until something is hidden by a spoiler.

    A walker is woken by changes of his own chat, and by nobody else's.
    """

    def __init__(self, world: World, desk: Desk) -> None:
        self._world = world
        self._desk = desk

    async def walk(self, token: str, people: list[int], steps: list[str], seconds: float) -> Json:
        """Let each of the people walk until time is up; whoever is under way then arrives.

        Args:
            steps: a part of the words on each button.
            seconds: 0 lets everybody walk once.

        Returns:
            ``took``: seconds of each walk; ``elapsed``: seconds of it all.
        """
        began = time.monotonic()

        async def keep_walking(person_id: int) -> list[float]:
            took = [await self._once(token, person_id, steps)]
            while time.monotonic() < began + seconds:
                took.append(await self._once(token, person_id, steps))
            return took

        took = await asyncio.gather(*(keep_walking(person_id) for person_id in people))
        return {"took": [each for mine in took for each in mine], "elapsed": time.monotonic() - began}

    async def _once(self, token: str, person_id: int, steps: Sequence[str]) -> float:
        began = time.monotonic()
        chat = self._world.bots[token].chats[person_id]
        since = self._desk.start(token, person_id, "")["version"]
        for words in steps:
            message_id, data = await self._see(chat, since, partial(_button, words))
            done = self._desk.press(token, person_id, message_id, data, times=1, is_forged=False)
            since = done["version"]
        await self._see(chat, since, _spoiler)
        return time.monotonic() - began

    async def _see(self, chat: Chat, since: int, find: Find) -> tuple[int, str]:
        """Wait for a message that is new or changed since then and has what is looked for."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                chat.bell.clear()
                fresh = [message_id for message_id, version in chat.changed.items() if version > since]
                for message_id in reversed(fresh):
                    message = chat.messages.get(message_id)
                    found = None if message is None else find(message)
                    if found is not None:
                        return found
                await chat.bell.wait()


def _button(words: str, message: Json) -> tuple[int, str] | None:
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        for button in row:
            if words in button["text"] and "callback_data" in button:
                return message["message_id"], button["callback_data"]
    return None


def _spoiler(message: Json) -> tuple[int, str] | None:
    is_hiding = any(entity["type"] == "spoiler" for entity in message.get("entities", []))
    return (message["message_id"], "") if is_hiding else None
