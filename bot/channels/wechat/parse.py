"""What WeChat says, in our words: who did what, by wechatpy's parser."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from pydantic import BaseModel
from wechatpy import parse_message
from wechatpy.events import BaseEvent
from wechatpy.messages import BaseMessage

from bot.channels.tencent.envelope import UNREADABLE, NotWeChat
from bot.channels.tencent.numbers import Kind
from handlers.deep_links import link_of, menu_link_of
from shop_core.messaging.allowance import Act

_OPENID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_@.-]{1,64}")
LONGEST_TEXT: Final = 4000
"""Characters; a person can type no more than about 2,000."""


class Heard(BaseModel):
    """One message as it lies in the inbox, sealed.

    Attributes:
        account: The account's own id (``gh_…``): who answers.
        person: The person's openid.
        message: The same for each repetition: by MsgId, or what stands for it where there is none.
        text: What was written; or the link that was touched.
        acts: What this allows us to send.
    """

    account: str
    person: str
    message: str
    kind: Kind
    text: str = ""
    acts: Act | None = None


def hear(xml: str) -> Heard | None:
    """Read a message; None for what concerns nobody, such as a report on a template message.

    Raises:
        NotWeChat: It is no message.
    """
    try:
        said = parse_message(xml)
        if not isinstance(said, BaseMessage):
            raise NotWeChat("no message")
        person, account = said.source, said.target
        if not _OPENID.fullmatch(person or "") or not _ACCOUNT.fullmatch(account or ""):
            raise NotWeChat("no people")
        return _event(said) if isinstance(said, BaseEvent) else _message(said)
    except UNREADABLE:
        raise NotWeChat("unreadable") from None


def _message(said: BaseMessage) -> Heard | None:
    raw = said._data  # noqa: SLF001 - wechatpy has no name for every field
    if not said.id:
        return None
    heard = Heard(account=said.target, person=said.source, message=f"m{int(said.id)}", kind=Kind.MEDIA)
    heard = heard.model_copy(update={"acts": Act.SAID})
    if said.type != "text":
        return heard.model_copy(update={"acts": Act.SAID})
    # A tap on a menu message comes as text, but allows no more than a touch does.
    act = Act.TOUCHED if raw.get("bizmsgmenuid") else Act.SAID
    text = str(said.content or "")[:LONGEST_TEXT]
    return heard.model_copy(update={"kind": Kind.TEXT, "text": text, "acts": act})


def _event(said: BaseEvent) -> Heard | None:
    raw = said._data  # noqa: SLF001 - as above
    key = str(raw.get("EventKey") or "")
    parts = (said.source, str(int(said.time)), str(raw.get("Event")).lower(), key)
    message = "e" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
    heard = Heard(account=said.target, person=said.source, message=message, kind=Kind.LINK)
    match said.event:
        case "subscribe" | "subscribe_scan" | "scan":
            return heard.model_copy(update={"text": link_of(key) or "home", "acts": Act.TOUCHED})
        case "click":
            return heard.model_copy(update={"text": menu_link_of(key) or "home", "acts": Act.TOUCHED})
        case "unsubscribe":
            return heard.model_copy(update={"kind": Kind.GONE})
        case _:
            return None
