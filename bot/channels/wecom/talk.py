"""Answers: kept before they are sent, so that a message that comes again is answered the same, and does nothing again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import structlog
from pydantic import BaseModel

from bot.channels.tencent.answers import open_answer, seal_answer
from bot.channels.tencent.api import Refused
from bot.channels.tencent.draw import Drawn, draw
from bot.channels.tencent.numbers import Numbers
from bot.channels.tencent.pushed import Pushed, draw_late
from bot.channels.wecom.files import Files
from bot.channels.wecom.heard import Heard
from bot.channels.wecom.send import NothingMayBeSent, Saying, Sender, contents_of
from bot.channels.wecom.settings import WeComSettings
from handlers.screen import Screen
from handlers.words import Phrases, Words
from shop_core.customers.people import Address, find_customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.messaging import choices, passive

EVENT_S: Final = 20
"""So long after an event one thing may be said about it, which does not count."""

_log = structlog.get_logger(__name__)


class Answer(BaseModel):
    """An answer as its row keeps it.

    Attributes:
        head, items, foot, gap, lists: As ``Pushed`` has them.
        waits_for, tells: What it changes about the conversation, once it is there.
    """

    head: str
    items: tuple[str, ...] = ()
    foot: str = ""
    gap: str = ""
    lists: bool = False
    waits_for: str | None = None
    tells: str | None = None

    @classmethod
    def of(cls, pushed: Pushed, screen: Screen | None = None) -> Answer:
        """A message, and the screen that it shows."""
        shown = {} if screen is None else {"waits_for": screen.waits_for, "tells": screen.tells}
        parts = {"head": pushed.head, "items": pushed.items, "foot": pushed.foot}
        return cls(**parts, gap=pushed.gap, lists=pushed.lists, **shown)

    @property
    def pushed(self) -> Pushed:
        """What is sent."""
        return Pushed(self.head, self.items, self.foot, gap=self.gap, lists=self.lists)


@dataclass(frozen=True, slots=True)
class Talk:
    """Answers one account's customers."""

    settings: WeComSettings
    shop: Shop
    sender: Sender
    files: Files
    numbers: Numbers

    async def find(self, heard: Heard, part: str = "") -> Answer | None:
        """The answer that was given to a message before; None: none yet, or long ago."""
        message = heard.message + part
        standing = await self.shop.read(passive.find_answer, self.settings.name, message)
        if standing is None or standing.sealed is None:
            return None
        opened = open_answer(self.shop, self.settings.name, message, standing.sealed)
        return Answer.model_validate_json(opened)

    async def show(self, address: Address, heard: Heard, screen: Screen, *, part: str = "") -> Screen | None:
        """Answer a message with a screen. Returns what it changes; None: it could not be shown.

        Args:
            part: Of a message that is answered more than once.
        """
        if await self.files.send(address, screen, Saying(f"file:{heard.message}{part}", {}, keep=1)):
            screen = replace(screen, attachment=None, file=None)
        drawn = draw(screen, await self.say(address))
        answer = Answer.of(draw_late(drawn.pages[0]), screen)
        await self.shop.write(self._keep, address, heard.message + part, answer, drawn)
        return await self.hand(address, heard, answer, part=part)

    async def show_text(self, address: Address, heard: Heard, text: str) -> None:
        """Answer with another page of what is there already."""
        answer = Answer.of(Pushed(text, (), "", gap=""))
        await self.shop.write(self._keep, address, heard.message, answer, None)
        await self.hand(address, heard, answer)

    async def hand(self, address: Address, heard: Heard, answer: Answer, *, part: str = "") -> Screen | None:
        """Send an answer that is kept. Raises as ``Sender.say``, but for what may not be sent at all."""
        code = heard.code if self.is_fresh(heard) else ""
        content, plain = contents_of(answer.pushed)
        try:
            saying = Saying(f"answer:{heard.message}{part}", content, plain, code=code)
            await self.sender.say(address, saying)
        except NothingMayBeSent:
            _log.info("wecom.not_answered", channel=self.settings.name)
            return None
        except Refused as error:
            _log.warning("wecom.answer_refused", channel=self.settings.name, code=error.code)
            return None
        return Screen((), kept=answer.waits_for, tells=answer.tells)

    def is_fresh(self, heard: Heard) -> bool:
        """Whether something may be said about an event, which does not count."""
        return bool(heard.code) and self.shop.clock.now().timestamp() - heard.at < EVENT_S

    async def say(self, address: Address) -> Phrases:
        """The words that a person reads."""
        where = {"channel": address.channel, "external_id": address.external_id}
        customer = await self.shop.read(find_customer, **where)
        return self.shop.get(Words).to("" if customer is None else customer.language, self.settings.name)

    def _keep(self, tx: Tx, address: Address, message: str, answer: Answer, drawn: Drawn | None) -> None:
        sealed = seal_answer(self.shop, self.settings.name, message, answer.model_dump_json())
        passive.expect(tx, address, message)
        passive.hand(tx, address, message, sealed)
        if drawn is not None:
            choices.offer(tx, address, self.numbers.seal(address, drawn))
