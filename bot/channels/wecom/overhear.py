"""What a customer and an agent say to each other, kept in the customer's thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from bot.channels.tencent.calls import TooLarge
from bot.channels.wecom.heard import Heard, What
from bot.channels.wecom.talk import Talk
from shop_core.customers.people import Address, meet
from shop_core.kernel.errors import ShopError
from shop_core.threads.handovers import Open, find_handover, note_taken
from shop_core.threads.overheard import Past, keep_overheard
from shop_core.threads.sealing import Said, SentFile

SHOWN_ID: Final = 8
"""Characters of an external_userid that stand in for the name that nobody told us."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Keeps what is said past us on one account."""

    talk: Talk

    async def overhear(self, address: Address, heard: Heard) -> None:
        """An agent wrote: he has the conversation, whether or not we were told."""
        shop = self.talk.shop
        handover = await shop.read(find_handover, address)
        if handover is None or not handover.is_taken:
            await shop.write(note_taken, address, heard.agent)
            handover = await shop.read(find_handover, address)
        if handover is not None:
            await self.keep(address, heard, handover)

    async def keep(self, address: Address, heard: Heard, handover: Open) -> None:
        """Keep one message, the agent's or the customer's. Twice is once."""
        shop = self.talk.shop
        name = heard.person[-SHOWN_ID:]
        customer = await shop.write(
            partial(meet, channel=address.channel, external_id=address.external_id, name=name, language="zh")
        )
        past = Past(handover.id, heard.agent or None)
        said = await self._said(address, heard)
        try:
            await keep_overheard(shop, customer, said, key=f"{address.channel}:{heard.message}", past=past)
        except ShopError as error:
            _log.warning("wecom.not_kept", channel=address.channel, reason=error.code)

    async def _said(self, address: Address, heard: Heard) -> Said:
        if heard.what is What.SENT:
            try:
                upload = await self.talk.files.fetch(heard)
            except TooLarge:
                upload = None
            if upload is not None:
                return Said("", SentFile(upload.name, upload.content))
        say = await self.talk.say(address)
        return Said(heard.text or say("wecom.something"))
