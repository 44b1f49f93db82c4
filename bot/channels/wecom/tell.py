"""News for customers: as few messages as can be, each under its own id; none while a person has the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.channels.channel import NewsScreen
from bot.channels.tencent.api import WrongState
from bot.channels.tencent.pushed import draw_push
from bot.channels.wecom.agents import Agents
from bot.channels.wecom.heard import Heard
from bot.channels.wecom.send import ASLEEP_S, Saying, contents_of
from bot.channels.wecom.talk import Talk
from handlers.screen import Screen
from handlers.support import ANSWER_SLOT
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Address, mark_unreachable
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater
from shop_core.messaging.allowance import RESERVED
from shop_core.messaging.parcels import find_parcels, note_lost
from shop_core.threads.handovers import find_handover

_NEWS: Final = "news:"
_WAIT_FOR_HIM: Final = frozenset({"4", "5", "6"})
"""Why something did not arrive (``fail_type``): 48 hours are over, or the talk, or there were five: his next word helps."""
_GONE: Final = "10"
"""The customer wants to hear nothing."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one account's customers what happened."""

    channel: str
    talk: Talk
    agents: Agents

    async def tell(self, address: Address, news: Sequence[NewsScreen]) -> None:
        """Send several news as one message: each counts, and there are few. Raises as ``Channel.send`` does."""
        loud = [one for one in news if not one.screen.quiet]
        if not loud:
            return
        if await self.talk.shop.read(find_handover, address) is not None:
            raise RetryLater("wecom: a person has the conversation", retry_after_s=ASLEEP_S)
        try:
            for mark, part in await self._parts(address, loud):
                await self._send(address, mark, part)
        except WrongState:
            there = await self.agents.look(address)
            reason = "over" if there is None else "a person's"
            raise RetryLater(f"wecom: the conversation is {reason}", retry_after_s=ASLEEP_S) from None

    def lose(self, tx: Tx, address: Address, heard: Heard) -> None:
        """A message did not arrive: what was in it waits for his next word, or has failed."""
        wait = timedelta(seconds=ASLEEP_S) if heard.text in _WAIT_FOR_HIM else None
        if not note_lost(tx, self.channel, heard.parcel, f"wecom: lost, {heard.text}", wait=wait):
            return
        _log.warning("wecom.lost", channel=self.channel, fail_type=heard.text)
        if heard.text == _GONE:
            mark_unreachable(tx, address)

    async def _parts(
        self, address: Address, news: Sequence[NewsScreen]
    ) -> Sequence[tuple[str, Sequence[NewsScreen]]]:
        """What is left to send, message by message: what may be there already goes as it went, the rest together."""
        left = list(news)
        ids = [one.message_id for one in news if one.message_id]
        parts: list[tuple[str, Sequence[NewsScreen]]] = []
        for mark, packed in await self.talk.shop.read(find_parcels, address, ids):
            inside = [one for one in left if one.message_id in packed.messages]
            if not mark.startswith(_NEWS) or not inside:
                continue
            left = [one for one in left if one not in inside]
            if not packed.has_arrived:
                parts.append((mark, inside))
        if left:
            parts.append((_NEWS + ",".join(self._name(one) for one in left), left))
        return parts

    def _name(self, one: NewsScreen) -> str:
        """What queued news is known by; what was not queued is new each time."""
        return str(one.message_id or new_key(self.talk.shop.random))

    async def _send(self, address: Address, mark: str, news: Sequence[NewsScreen]) -> None:
        keep = 0 if any(_is_waited_for(one.screen) for one in news) else RESERVED
        for one in news:
            # Before the text, which says where to find one that was not taken.
            what = Saying(f"file:{self._name(one)}", {}, messages=(one.message_id,), keep=keep + 1)
            await self.talk.files.send(address, one.screen, what)
        pushed = draw_push([one.screen for one in news], await self.talk.say(address))
        content, plain = contents_of(pushed)
        ids = [one.message_id for one in news if one.message_id]
        await self.talk.sender.say(address, Saying(mark, content, plain, messages=ids, keep=keep))


def _is_waited_for(screen: Screen) -> bool:
    """An order, or what staff answered: for these the last message is kept."""
    return (screen.slot or "").startswith(("order:", ANSWER_SLOT))
