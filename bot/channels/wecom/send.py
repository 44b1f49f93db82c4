"""Saying something to a customer: under an id of ours, counted before it leaves, and never twice.

Source: WeCom, kf/send_msg and kf/send_msg_on_event, November 2026: five messages within 48 hours of the customer's last one,
in states 0 and 1 only; texts of at most 2,048 bytes; a ``msgid`` of at most 32 characters that the account has not
seen before. With which code one that comes again is refused, is not documented: whatever refuses a repetition says that it
arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from bot.channels.channel import Unreachable
from bot.channels.tencent.api import Api, NoAllowance, Refused, WrongState
from bot.channels.tencent.calls import Call
from bot.channels.tencent.pushed import Pushed
from bot.channels.wecom.settings import WeComSettings
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater
from shop_core.messaging import allowance
from shop_core.messaging.parcels import Packed, note_arrived, pack, unpack

SEND: Final = "/cgi-bin/kf/send_msg"
SEND_ON_EVENT: Final = "/cgi-bin/kf/send_msg_on_event"
ASLEEP_S: Final = 3600
"""News that cannot be sent waits for the customer's next word; looking again meanwhile costs a statement."""
_MOST_ITEMS: Final = 10
_LONGEST_ITEM: Final = 128
_LONGEST_PART: Final = 1024
"""Bytes, of what stands above and below a menu's items."""

_log = structlog.get_logger(__name__)


class NothingMayBeSent(RetryLater):
    """The customer's next word brings it along."""

    def __init__(self) -> None:
        super().__init__("wecom: nothing may be sent", retry_after_s=ASLEEP_S)


@dataclass(frozen=True, slots=True)
class Saying:
    """One message of ours.

    Attributes:
        mark: What it is to us: said again under the same mark it is the same message.
        content: ``msgtype`` and what belongs to it.
        plain: The same as a text, where a menu is refused.
        messages: The queued news in it.
        keep: So many must be left for what matters more.
        code: Of the event that it answers; then it does not count.
    """

    mark: str
    content: Mapping[str, Any] = field(repr=False)
    plain: Mapping[str, Any] | None = field(default=None, repr=False)
    messages: Sequence[int] = ()
    keep: int = 0
    code: str = ""


class Sender:
    """Sends one account's messages."""

    def __init__(self, settings: WeComSettings, api: Api, shop: Shop) -> None:
        self._channel = settings.name
        self._open_kfid = settings.open_kfid
        self._api = api
        self._shop = shop

    async def say(self, address: Address, saying: Saying) -> None:
        """Say it, unless it is there already.

        Raises:
            NothingMayBeSent: Nothing may be sent now.
            RetryLater: WeCom does not take it now.
            WrongState: The conversation is a person's, or over.
            Unknown: Nobody knows whether it is there; said again it is there once.
            Unreachable: There is no such customer any more.
            Refused: It is not taken, ever.
        """
        keep = None if saying.code else saying.keep
        new_id = new_key(self._shop.random)
        packed = await self._shop.write(
            pack, address, saying.mark, new_id, messages=saying.messages, keep=keep
        )
        if packed is None:
            raise NothingMayBeSent
        if packed.has_arrived:
            return
        try:
            await self._send(address, saying, packed)
        except (RetryLater, WrongState, Unreachable, Refused, NoAllowance) as error:
            if not packed.is_repeat:
                is_counted = keep is not None
                await self._shop.write(unpack, address, packed.id, is_counted=is_counted)
            if not isinstance(error, NoAllowance):
                raise
            await self._shop.write(allowance.close, address)
            raise NothingMayBeSent from None
        await self._shop.write(note_arrived, address, packed.id)

    async def _send(self, address: Address, saying: Saying, packed: Packed) -> None:
        contents = [saying.content, *([saying.plain] if saying.plain is not None else [])]
        for place, content in enumerate(contents, start=1):
            try:
                await self._api.ask(self._call(address, saying, packed, content))
            except Refused as error:
                if place < len(contents):
                    _log.info("wecom.no_menu", channel=self._channel, code=error.code)
                    continue
                if not packed.is_repeat:
                    raise
                _log.info("wecom.was_there", channel=self._channel, code=error.code)
            else:
                return

    def _call(self, address: Address, saying: Saying, packed: Packed, content: Mapping[str, Any]) -> Call:
        if saying.code:
            return Call(SEND_ON_EVENT, {"code": saying.code, "msgid": packed.id, **content})
        to = {"touser": address.external_id, "open_kfid": self._open_kfid, "msgid": packed.id}
        return Call(SEND, {**to, **content})


def text_of(text: str) -> Mapping[str, Any]:
    """A text, as WeCom has it."""
    return {"msgtype": "text", "text": {"content": text}}


def contents_of(pushed: Pushed) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """A message with something to touch, and the same as a text; where a menu cannot hold it, only the text."""
    text = text_of(pushed.text)
    parts = (pushed.head, pushed.foot)
    if not 1 <= len(pushed.items) <= _MOST_ITEMS or any(len(part.encode()) > _LONGEST_PART for part in parts):
        return text, None
    if any(len(item.encode()) > _LONGEST_ITEM for item in pushed.items):
        return text, None
    listed = [
        {"type": "click", "click": {"id": str(number), "content": item}}
        for number, item in enumerate(pushed.items, start=1)
    ]
    menu = {"head_content": pushed.head, "list": listed, "tail_content": pushed.foot}
    return {"msgtype": "msgmenu", "msgmenu": menu}, text
