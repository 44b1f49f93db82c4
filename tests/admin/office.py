"""An office for tests: an owner and customers at the same door, on a shop of ``tests.core.builders``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from admin_cmds.desk import answer
from admin_cmds.telling import news_screen
from admin_cmds.words import STAFF_WORDS
from handlers.conversation import remember_shown
from handlers.incoming import Incoming, Link, Text, Upload
from handlers.screen import Button, Line, LinkButton, Screen
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.conversations.sign_in import StaffDoor
from shop_core.conversations.upload_links import UploadDoor
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.insight.exposure import ExposureLog
from shop_core.messaging.queue import QueuedMessage
from shop_core.messaging.scene_codes import SceneCodes
from shop_core.messaging.sending import claim_messages
from shop_core.payments.gateway import Gateways
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.staff.audit import AuditEntry, list_recent
from shop_core.staff.roles import Roster
from shop_core.supply.supplier import Suppliers
from shop_core.vault.vault import Vault
from shop_core.verification.sender import CodeSenders
from tests.core.builders import OWNER, Market

OWNER_CHANNEL, _, OWNER_ID = OWNER.partition(":")
STRANGER: Final = ("tg", "2")


@dataclass
class Office:
    """A shop with its words, and hands to press, type and send as its owner or as anybody."""

    market: Market

    @property
    def shop(self) -> Shop:
        return self.market.shop

    async def press(self, link: str, *, who: tuple[str, str] = (OWNER_CHANNEL, OWNER_ID)) -> Screen:
        return await self._say(Link(link), who)

    async def command(self, path: str, *, who: tuple[str, str] = (OWNER_CHANNEL, OWNER_ID)) -> Screen:
        """A command without words after it, typed in Telegram, which knows some of them as links."""
        return await self._say(Link(path, is_typed=True), who)

    async def type(self, text: str, *, who: tuple[str, str] = (OWNER_CHANNEL, OWNER_ID)) -> Screen:
        return await self._say(Text(text), who)

    async def send(
        self, name: str, content: bytes, *, who: tuple[str, str] = (OWNER_CHANNEL, OWNER_ID)
    ) -> Screen:
        return await self._say(Upload(name, content), who)

    async def say(
        self,
        content: Text | Upload,
        *,
        who: tuple[str, str] = (OWNER_CHANNEL, OWNER_ID),
        message: str = "",
        replies_to: str = "",
    ) -> Screen:
        """Write under the channel's own id of the message, perhaps as a reply."""
        return await self._say(content, who, message, replies_to)

    async def _say(
        self, content: Link | Text | Upload, who: tuple[str, str], message: str = "", replies_to: str = ""
    ) -> Screen:
        screen = await answer(self.shop, Incoming(who[0], who[1], "老板", "zh", content, message, replies_to))
        await self.shop.write(remember_shown, Address(*who), screen)
        return screen

    async def audit(self) -> list[AuditEntry]:
        """What staff did, first things first."""
        return list(reversed(await self.shop.read(list_recent, 100)))

    async def audit_of(self, command: str) -> list[AuditEntry]:
        return [entry for entry in await self.audit() if entry.command == command]

    async def news(self, channel: str) -> list[tuple[QueuedMessage, Screen | None]]:
        """Everything queued for a channel, drawn."""
        await self.market.run_news()
        messages = await self.shop.write(claim_messages, [channel], 20)
        return [(message, await news_screen(self.shop, message)) for message in messages]


def staffed(market: Market) -> Office:
    """Give a market the services that chats need."""
    old = market.shop
    services: dict[type[object], object] = {
        kind: old.get(kind) for kind in (Vault, Gateways, Roster, Suppliers, Counterparts, CodeSenders)
    }
    services[Words] = Words(("zh", "en"), "Asia/Shanghai", (CUSTOMER_WORDS, STAFF_WORDS))
    services[ExposureLog] = ExposureLog()
    codes = services[SceneCodes] = SceneCodes()
    codes.add("wx", _scene)
    services[UploadDoor] = UploadDoor("https://shop.test/upload")
    services[StaffDoor] = StaffDoor("https://shop.test/staff")
    market.shop = Shop(old.database, old.clock, old.policy, services, random=market.random)
    return Office(market)


async def _scene(scene: str) -> str:
    return f"https://wechat.test/q/{scene}"


def text_of(screen: Screen) -> str:
    """Everything a screen says, its notice first."""
    said = [screen.toast or "", *(line.text for line in screen.lines if isinstance(line, Line))]
    return "\n".join(part for part in said if part)


def links_of(screen: Screen) -> dict[str, str]:
    """What each button says, and where it leads."""
    return {button.text: button.link for button in buttons_of(screen) if isinstance(button, LinkButton)}


def buttons_of(screen: Screen) -> list[Button]:
    return [button for row in screen.rows for button in row]


def button(screen: Screen, text: str) -> str:
    """The link of the button whose text begins so."""
    [found] = [link for said, link in links_of(screen).items() if said.startswith(text)]
    return found
