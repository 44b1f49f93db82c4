"""What a person means who writes ``1``, ``１``, ``一`` or the words of a choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from bot.channels.tencent.answers import open_answer
from bot.channels.tencent.draw import BACK, ON, Drawn, Page, plain
from handlers.incoming import Link, Text
from handlers.words import Phrases, Words
from shop_core.conversations import prompts
from shop_core.customers.people import Address, find_customer
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.messaging import choices, passive
from shop_core.messaging.choices import Offered
from shop_core.messaging.passive import Standing
from shop_core.vault.vault import Vault

LATE_WORD: Final = "1"
"""What fetches an answer that took too long."""


class Kind(StrEnum):
    """What a person did."""

    TEXT = "text"
    LINK = "link"
    """Touched a menu, scanned a scene code, or followed the account."""
    MEDIA = "media"
    """Sent a picture, a voice, a place: nothing that we can read here."""
    GONE = "gone"
    """Follows the account no more."""


class Heard(Protocol):
    """What one message says."""

    @property
    def kind(self) -> Kind:
        """What the person did."""
        ...

    @property
    def text(self) -> str:
        """What was written; or the link that was touched."""
        ...


@dataclass(frozen=True, slots=True)
class Meant:
    """What to do about a message.

    Attributes:
        content: Ask the shop this.
        notice: And say this above its answer.
        text: Or answer just this.
    """

    content: Link | Text | None = None
    notice: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Stand:
    """How it stands with a person, as one read found it."""

    language: str
    late: Standing | None
    offered: Offered | None
    asked: str | None


class Numbers:
    """Looks up what was offered last."""

    def __init__(self, channel: str, shop: Shop) -> None:
        self._channel = channel
        self._shop = shop

    def seal(self, address: Address, drawn: Drawn) -> bytes:
        """What was offered, as its row keeps it."""
        return self._shop.get(Vault).seal_bytes(drawn.model_dump_json().encode(), place=_place(address))

    async def read(  # noqa: PLR0911 - one return for each thing that a message can mean
        self, heard: Heard, address: Address, received_at: datetime
    ) -> Meant:
        """Tell what a message means.

        Args:
            received_at: A number that came before the last screen was shown was meant for the one before it, and means
                nothing now: it is shown again what is there.
        """
        if heard.kind is Kind.LINK:
            return Meant(Link(heard.text))
        stand = await self._shop.read(_stand, address)
        say = self._shop.get(Words).to(stand.language, self._channel)
        said = _said(heard.text, say) if heard.kind is Kind.TEXT else ""
        if stand.late is not None and said == LATE_WORD:
            return self._late(stand.late, say)
        if stand.offered is None:
            return _nothing_offered(heard, stand, say, said)
        drawn = self._open(address, stand.offered)
        page = drawn.pages[stand.offered.page]
        if heard.kind is Kind.MEDIA:
            return _again(page, say("wechat.no_media"))
        if not _is_number(said) or (drawn.takes_text and said not in {BACK, ON}):
            return Meant(Link(page.choices[said]) if said in page.choices else _text(heard, stand))
        if received_at < stand.offered.shown_at:
            return Meant(text=page.text)
        if said in page.choices:
            return Meant(Link(page.choices[said]))
        turned = {ON: stand.offered.page + 1, BACK: stand.offered.page - 1}.get(said, -1)
        if 0 <= turned < len(drawn.pages):
            await self._shop.write(choices.turn_to, address, turned)
            return Meant(text=drawn.pages[turned].text)
        return Meant(Text(heard.text)) if drawn.takes_text else _again(page, say("wechat.no_such_number"))

    def _late(self, late: Standing, say: Phrases) -> Meant:
        """What was promised. It may have failed: then there is nothing to show, and the person may ask anew."""
        if late.sealed is None:
            return Meant(text=say("error.something_broke"))
        return Meant(text=open_answer(self._shop, self._channel, late.message, late.sealed))

    def _open(self, address: Address, offered: Offered) -> Drawn:
        opened = self._shop.get(Vault).open_bytes(offered.sealed, place=_place(address))
        return Drawn.model_validate_json(opened)


def _nothing_offered(heard: Heard, stand: _Stand, say: Phrases, said: str) -> Meant:
    if heard.kind is Kind.MEDIA:
        return Meant(Link("home"), notice=say("wechat.no_media"))
    if _is_number(said) and stand.asked is None:
        return Meant(Link("home"), notice=say("wechat.old_number"))
    return Meant(_text(heard, stand))


def _text(heard: Heard, stand: _Stand) -> Text:
    """What was written; where nothing was asked, without the full stop that phones like to add to a word."""
    return Text(heard.text if stand.asked is not None else heard.text.strip(" .。!！"))


def _said(text: str, say: Phrases) -> str:
    """A text as choices are looked up; the words of turning a page are its numbers."""
    said = plain(text)
    return {plain(say("button.next")): ON, plain(say("button.previous")): BACK}.get(said, said)


def _is_number(said: str) -> bool:
    return len(said) == 1 and said.isdecimal()


def _again(page: Page, notice: str) -> Meant:
    return Meant(text=f"{notice}\n{page.text}")


def _place(address: Address) -> str:
    return f"choices:{address.channel}:{address.external_id}"


def _stand(view: View, address: Address) -> _Stand:
    where = {"channel": address.channel, "external_id": address.external_id}
    customer = find_customer(view, **where)
    return _Stand(
        "" if customer is None else customer.language,
        passive.find_late(view, address),
        choices.find_offered(view, address),
        prompts.asked(view, **where),
    )
