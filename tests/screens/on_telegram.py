"""The people of a journey in Telegram, over the Bot API stand-in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from shop_core.customers.people import Address
from tests.screens.person import OWNER, Cast, Key, Person
from tests.screens.script import CHANGED, NEW, NOTICE, Script
from tests.screens.stage import OWNER_ID, PATIENCE_S, Stage
from tests.standins.telegram import ShownMessage, TelegramUser
from tests.standins.telegram.shown import Button
from tests.standins.telegram.transcript import veiled_text

_KINDS: Final = {"callback": "link", "url": "url", "copy": "copy", "pay": "pay"}
_ORDER: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


class TelegramPerson(Person):
    """A client in a private chat with the bot."""

    def __init__(self, stage: Stage, script: Script, language: str, user: TelegramUser) -> None:
        super().__init__(stage, script, language, user.name)
        self.user = user
        self._seen: dict[int, ShownMessage] = {}
        self._told = 0
        self._number_button = ""

    @property
    def address(self) -> Address:
        return Address("tg", str(self.user.id))

    @property
    def keys(self) -> Sequence[Key]:
        return [
            Key(button.text, _KINDS[button.kind], button.value, str(message.id))
            for message in self._seen.values()
            for button in message.buttons
        ]

    @property
    def number(self) -> str:
        return next(
            found[0] for message in reversed(self._seen.values()) if (found := _ORDER.search(message.text))
        )

    async def look(self) -> None:
        await self.stage.quiet()
        await asyncio.to_thread(self.user.wait_until_answered, PATIENCE_S)
        for answer in self.user.answers[self._told :]:
            if answer.text:
                self.script.saw(NOTICE, answer.text)
        self._told = len(self.user.answers)
        now = {message.id: message for message in self.user.messages()}
        for message_id in self._seen.keys() - now.keys():
            self.script.lost(self._seen[message_id].text)
        fresh = [message for message in now.values() if message.changed_at > self._changed_at(message.id)]
        for message in sorted(fresh, key=lambda message: message.changed_at):
            if not message.is_mine:
                self.script.saw(CHANGED if message.id in self._seen else NEW, draw(message))
        self._seen = now
        self._look_below()

    async def share_number(self, phone: str) -> None:
        """Press the button below the chat that sends his own number."""
        self._begin(_below(self._number_button))
        await asyncio.to_thread(self.user.share_number, phone)
        await self.look()

    async def pay(self, **how: object) -> None:
        """Pay at the gateway, or what the bill in the chat asks for if there is one."""
        bill = next((key for key in reversed(self.keys) if key.kind == "pay"), None)
        if bill is None:
            await super().pay(**how)
            return
        self._begin(bill.drawn())
        checkout = await asyncio.to_thread(self.user.pay)
        await asyncio.to_thread(self.user.wait_for_checkout, checkout, PATIENCE_S)
        await self.look()

    def _look_below(self) -> None:
        before, self._number_button = self._number_button, self.user.number_button
        if self._number_button and not before:
            self.script.saw(NEW, _below(self._number_button))
        elif before and not self._number_button:
            self.script.lost(_below(before))

    def _changed_at(self, message_id: int) -> int:
        seen = self._seen.get(message_id)
        return -1 if seen is None else seen.changed_at

    @property
    def _opening(self) -> str:
        return "/start"

    async def _open(self) -> None:
        await asyncio.to_thread(self.user.start)
        await self.look()

    async def _press(self, key: Key) -> None:
        await asyncio.to_thread(
            self.user.press, key.value, message=int(key.place), forge=not self._is_there(key)
        )
        await self.look()

    def _is_there(self, key: Key) -> bool:
        """Whether the message still has the button. What a client drew before can still be pressed."""
        return any(key.value == there.value and key.place == there.place for there in self.keys)

    async def _type(self, text: str) -> None:
        await asyncio.to_thread(self.user.say, text)
        await self.look()

    async def _send(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self.user.send_document, name, content)
        await self.look()


class TelegramCast(Cast):
    """Everybody has Telegram."""

    channel = "telegram"

    async def owner(self) -> Person:
        return self._client(OWNER[self.language], OWNER_ID)

    async def _meet(self, name: str) -> Person:
        return self._client(name)

    def _client(self, name: str, person_id: int | None = None) -> TelegramPerson:
        code = "zh-hans" if self.language == "zh" else "en"
        user = self.stage.tg.user(person_id, first_name=name, language_code=code)
        return TelegramPerson(self.stage, self.script, self.language, user)


async def on_his_phone(cast: Cast) -> Person:
    """The customer of a cast on the web, in Telegram, in the same script."""
    phone = TelegramCast(cast.stage, cast.language)
    phone.script = cast.script
    person = await phone.customer()
    person.name += " (Telegram)"
    return person


def draw(message: ShownMessage) -> str:
    """A message with its buttons. A hidden text is a veil."""
    lines = []
    if message.photo:
        lines.append("▣ QR")
    if message.document:
        lines.append(f"📎 {message.document.name}")
    if message.text:
        lines += veiled_text(message).splitlines()
    lines += ["  ".join(_draw_button(button) for button in row) for row in message.rows]
    return "\n".join(lines)


def _below(label: str) -> str:
    return f"⌨ [ {label} ]"


def _draw_button(button: Button) -> str:
    return Key(button.text, _KINDS[button.kind], button.value, "").drawn()
