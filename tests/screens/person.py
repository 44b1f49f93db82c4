"""Somebody on a channel: what a journey has him do, and the cast that he comes from."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.demo.goods import DemoProduct, DemoVariant
from handlers.words import Phrases
from shop_core.conversations.sign_in import make_link
from shop_core.customers.people import Address
from tests.screens.script import Script
from tests.screens.stage import OWNER_ID, Stage
from tests.screens.words import is_meant

STEP_S: Final = 5
"""Between two things that people do."""

CUSTOMER: Final = {"zh": "小明", "en": "Ming"}
OTHER: Final = {"zh": "小红", "en": "Hong"}
OWNER: Final = {"zh": "店主", "en": "Owner"}


@dataclass(frozen=True, slots=True)
class Key:
    """A button as it is shown.

    Attributes:
        value: Where it leads, or what it copies.
        kind: ``link``, ``url``, ``copy``, or ``pay`` for the one of a bill in the chat.
        place: The message that it belongs to, as the channel knows it.
    """

    text: str
    kind: str
    value: str
    place: str

    def drawn(self) -> str:
        sign = {"url": " ↗", "copy": " ⧉"}.get(self.kind, "")
        return f"[ {self.text}{sign} ]"


class Person(ABC):
    """Does what people do with a channel. Everything he did has been answered when a method returns."""

    def __init__(self, stage: Stage, script: Script, language: str, name: str) -> None:
        self.stage = stage
        self.script = script
        self.language = language
        self.name = name

    @property
    def say(self) -> Phrases:
        """The words that are said to him."""
        return self.stage.words(self.language)

    async def come(self) -> None:
        """Open the chat."""
        self._begin(self._opening)
        await self._open()

    async def press(self, wanted: str) -> None:
        """Press the newest button with these words, or with the words under this key of the catalogues."""
        key = self.find(wanted)
        self._begin(key.drawn())
        await self._press(key)

    async def press_old(self, key: Key) -> None:
        """Press a button that was seen before, on a message that may have changed since."""
        self._begin(key.drawn())
        await self._press(key)

    async def type(self, text: str, *, is_secret: bool = False) -> None:
        """Write something."""
        self._begin("••••••" if is_secret else text)
        await self._type(text)

    async def send(self, name: str, content: bytes) -> None:
        """Send a file."""
        self._begin(f"📎 {name}")
        await self._send(name, content)

    async def pay(self, **how: object) -> None:
        """Pay at the gateway what he is asked to pay; ``how`` as the cashier's control has it."""
        url = self.pay_url
        self._begin(self.find("order.go_pay").drawn())
        await self.stage.pay(url, **how)
        await self.look()

    async def pay_at(self, url: str, **how: object) -> None:
        """Pay on the gateway's page that was opened before."""
        self._begin("(付款页) 付款" if self.language == "zh" else "(the gateway's page) pay")
        await self.stage.pay(url, **how)
        await self.look()

    @property
    def pay_url(self) -> str:
        """Where "go and pay" leads."""
        return self.find("order.go_pay").value

    def name_of(self, product: DemoProduct | DemoVariant) -> str:
        """What goods are called in his language."""
        return product.zh if self.language == "zh" else product.en

    def find(self, wanted: str) -> Key:
        """The first button with these words, on the newest message that has one."""
        meant = [key for key in self.keys if is_meant(self.language, wanted, key.text)]
        if meant:
            return next(key for key in meant if key.place == meant[-1].place)
        raise LookupError(f"no button {wanted!r} among {[key.text for key in self.keys]}")

    def has(self, wanted: str) -> bool:
        """Whether there is such a button."""
        return any(is_meant(self.language, wanted, key.text) for key in self.keys)

    @property
    @abstractmethod
    def address(self) -> Address:
        """Where the shop knows him."""

    @property
    @abstractmethod
    def keys(self) -> Sequence[Key]:
        """All buttons in sight, the newest message's last."""

    @property
    @abstractmethod
    def number(self) -> str:
        """The number of the order that was shown last."""

    @abstractmethod
    async def look(self) -> None:
        """See what has come since."""

    def _begin(self, what: str) -> None:
        self.stage.clock.advance(seconds=STEP_S)
        self.script.did(self.name, what)

    @property
    @abstractmethod
    def _opening(self) -> str: ...

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def _press(self, key: Key) -> None: ...

    @abstractmethod
    async def _type(self, text: str) -> None: ...

    @abstractmethod
    async def _send(self, name: str, content: bytes) -> None: ...


class Cast(ABC):
    """The people of one journey on one channel, in one language."""

    channel: str

    def __init__(self, stage: Stage, language: str) -> None:
        self.stage = stage
        self.language = language
        self.script = Script()

    async def customer(self) -> Person:
        """Somebody who has not been here yet."""
        return await self._meet(CUSTOMER[self.language])

    async def other(self) -> Person:
        """Somebody else; on the web also: the same one in another browser."""
        return await self._meet(OTHER[self.language])

    async def elsewhere(self) -> Person:
        """The customer once more, in another place: where there is a second channel, on that."""
        person = await self._meet(CUSTOMER[self.language])
        person.name += " (2)"
        return person

    def between(self, zh: str, en: str) -> None:
        """Say what happens outside of the conversation."""
        self.script.happened(zh if self.language == "zh" else en)

    async def link_of_owner(self) -> str:
        """What the owner, who has opened the bot, needs to come to the web: the end of a link."""
        code = {"zh": "zh-hans", "en": "en"}[self.language]
        user = self.stage.tg.user(OWNER_ID, first_name=OWNER[self.language], language_code=code)
        await asyncio.to_thread(user.start)
        await self.stage.quiet()
        return await self.stage.shop.write(make_link, f"tg:{OWNER_ID}")

    @abstractmethod
    async def owner(self) -> Person:
        """The owner at the counter."""

    @abstractmethod
    async def _meet(self, name: str) -> Person: ...
