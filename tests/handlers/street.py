"""People who talk to a shop of ``tests.core.builders`` as any channel lets them: press, type, send.

Whatever screen a visitor is shown, in whatever test, is checked for what holds of every screen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from handlers.conversation import answer, remember_shown
from handlers.incoming import LONGEST_LINK, Contact, Incoming, Link, Text, Upload
from handlers.links import match
from handlers.news import news_screen
from handlers.screen import Button, Code, Line, LinkButton, Screen, UrlButton
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.catalog.edit import NewProduct, NewVariant, add_category, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.customers.people import Address, Customer, find_customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.insight.exposure import ExposureLog
from shop_core.messaging.queue import QueuedMessage
from shop_core.messaging.sending import claim_messages
from shop_core.orders.pay_door import PayDoor
from shop_core.payments.gateway import Gateways
from shop_core.staff.roles import Roster
from shop_core.vault.vault import Vault
from shop_core.verification.sender import CodeSenders
from tests.core.builders import EPAY, Market

ONE_WAY: Final = "tg"
"""A channel of the market that shows one gateway."""
TWO_WAYS: Final = "web"
"""One that shows two."""
NO_WAY: Final = "counter"
"""One that shows none: its customers pay from their wallets."""

LONGEST_TOAST: Final = 200
_STOCK: Final = re.compile(r"CODE-\d{6}")
"""What the codes look like that the market makes up."""


@dataclass
class Street:
    """A market with its words, and its visitors."""

    market: Market
    numbers: count[int] = field(default_factory=lambda: count(1))
    scene: tuple[Any, ...] = ()
    """What a property test set up in its first example, for all the others."""

    @classmethod
    def with_words(cls, market: Market) -> Street:
        """Give a market the services that a conversation needs."""
        old = market.shop
        services: dict[type[object], object] = {
            kind: old.get(kind) for kind in (Vault, Gateways, Roster, CodeSenders)
        }
        services[Words] = Words(old.policy.languages, old.policy.timezone, (CUSTOMER_WORDS,))
        services[ExposureLog] = ExposureLog()
        services[PayDoor] = PayDoor("https://shop.test/pay")
        market.shop = Shop(old.database, old.clock, old.policy, services, random=market.random)
        return cls(market)

    def a_visitor(self, channel: str = ONE_WAY, *, language: str = "zh") -> Visitor:
        """Somebody who has not said anything yet."""
        return Visitor(self, channel, f"v{next(self.numbers)}", language)

    async def a_category(self, name: str, parent_id: int | None = None) -> int:
        return await self.market.shop.write(add_category, {"zh": name, "en": f"{name} (en)"}, parent_id)

    async def a_product(
        self,
        name: str = "爱奇艺黄金会员",
        *,
        variants: Mapping[str, int] | None = None,
        category_id: int | None = None,
        about: str = "",
        codes: int = 3,
        state: ProductState = ProductState.PUBLISHED,
    ) -> tuple[int, list[int]]:
        """A product with variants (name → price) in stock: its id, and theirs."""
        product = NewProduct(
            {"zh": name, "en": f"{name} (en)"}, category_id, {"zh": about, "en": about} if about else {}
        )
        product_id, variant_ids = await self.market.shop.write(
            _make_product, product, variants or {"": 990}, state
        )
        for variant_id in variant_ids:
            if codes:
                await self.market.stock(variant_id, codes)
        return product_id, list(variant_ids)

    async def give(self, visitor: Visitor, minor: int) -> None:
        """Put money into a visitor's wallet, as staff would; a negative amount takes some out."""
        await self.market.give(await self.the_customer(visitor), minor)

    async def the_customer(self, visitor: Visitor) -> Customer:
        """A visitor as the shop knows him."""
        customer = await self.market.shop.read(
            find_customer, channel=visitor.channel, external_id=visitor.external_id
        )
        assert customer is not None, "he has not said hello yet"
        return customer

    async def pay(self, number: str, *, minor: int | None = None, payment: str = "") -> None:
        """The buyer pays at the gateway, and the gateway tells us."""
        notice = await self.market.notice(payment or number, minor=minor)
        await self.market.tell(notice, gateway=EPAY)

    async def queued(self, channel: str = ONE_WAY) -> list[QueuedMessage]:
        """The news that is due on a channel."""
        await self.market.run_news()
        return list(await self.market.shop.write(claim_messages, [channel], 50))


@dataclass
class Visitor:
    """One person on one channel, and the screen he looks at."""

    street: Street
    channel: str
    external_id: str
    language: str
    screen: Screen = field(default_factory=lambda: Screen(()))
    taps: int = 0

    async def hello(self) -> Screen:
        """Open the chat."""
        return await self._say(Link(""))

    async def press(self, text: str) -> Screen:
        """Press the button whose text has these words."""
        self.taps += 1
        return await self._say(Link(self.link(text)))

    async def follow(self, path: str) -> Screen:
        """Send a link, from whatever button or none."""
        return await self._say(Link(path))

    async def type(self, text: str) -> Screen:
        return await self._say(Text(text))

    async def send(self, name: str, content: bytes, text: str = "") -> Screen:
        return await self._say(Upload(name, content, text))

    async def share(self, phone: str, *, is_own: bool = True) -> Screen:
        """Send a contact."""
        return await self._say(Contact(phone, is_own))

    async def say(self, content: Text | Upload, *, message: str = "", replies_to: str = "") -> Screen:
        """Write under the channel's own id of the message, perhaps as a reply."""
        return await self._say(content, message=message, replies_to=replies_to)

    async def news(self) -> list[Screen]:
        """Everything that waits for him, as it would be sent now."""
        mine = [
            message
            for message in await self.street.queued(self.channel)
            if message.address.external_id == self.external_id
        ]
        drawn = [await news_screen(self.street.market.shop, message) for message in mine]
        for screen in drawn:
            if screen is not None:
                check_screen(screen)
        return [screen for screen in drawn if screen is not None]

    # ------------------------------------------------------------------ what he sees

    @property
    def text(self) -> str:
        return text_of(self.screen)

    @property
    def buttons(self) -> list[str]:
        return [button.text for button in buttons_of(self.screen)]

    @property
    def codes(self) -> list[str]:
        return codes_of(self.screen)

    def link(self, text: str) -> str:
        """Where the button with these words leads."""
        [found] = [target for said, target in links_of(self.screen) if text in said]
        return found

    def has(self, text: str) -> bool:
        return any(text in said for said in self.buttons)

    def is_told(self, toast: str | None) -> bool:
        """Whether this is the short notice beside the screen."""
        return self.screen.toast == toast

    @property
    def number(self) -> str:
        """The number of the order on his screen."""
        assert self.screen.slot is not None
        assert self.screen.slot.startswith("order:")
        return self.screen.slot.removeprefix("order:")

    @property
    def pay_url(self) -> str:
        """Where "go and pay" leads."""
        [url] = [button.url for button in buttons_of(self.screen) if isinstance(button, UrlButton)]
        return url

    async def _say(
        self, content: Link | Text | Upload | Contact, *, message: str = "", replies_to: str = ""
    ) -> Screen:
        incoming = Incoming(
            self.channel, self.external_id, "小明", self.language, content, message, replies_to
        )
        shop = self.street.market.shop
        self.screen = await answer(shop, incoming)
        await shop.write(remember_shown, Address(self.channel, self.external_id), self.screen)
        check_screen(self.screen)
        return self.screen


def check_screen(screen: Screen) -> None:
    """What holds of every screen, whoever asked for it and however."""
    first = screen.lines[0]
    assert isinstance(first, Line), "a notification shows the first line"
    assert first.text
    assert screen.rows, "nobody is left without a way on"
    for said, target in links_of(screen):
        assert said.strip()
        assert len(target.encode()) <= LONGEST_LINK, target
        assert match(target) is not None, target
    assert screen.toast is None or 0 < len(screen.toast) <= LONGEST_TOAST
    assert not _STOCK.search(repr(screen)), "a code is visible to whoever logs the screen"


def text_of(screen: Screen) -> str:
    """Everything a screen says, its notice first."""
    said = [screen.toast or "", *(line.text for line in screen.lines if isinstance(line, Line))]
    return "\n".join(part for part in said if part)


def buttons_of(screen: Screen) -> list[Button]:
    return [button for row in screen.rows for button in row]


def links_of(screen: Screen) -> list[tuple[str, str]]:
    """What each button says, and where it leads."""
    return [(button.text, button.link) for button in buttons_of(screen) if isinstance(button, LinkButton)]


def codes_of(screen: Screen) -> list[str]:
    """The codes on a screen, or in its file, in clear."""
    if screen.file is not None:
        return screen.file.bytes.decode().splitlines()
    return [line.secret.reveal() for line in screen.lines if isinstance(line, Code)]


def _make_product(
    tx: Tx, product: NewProduct, variants: Mapping[str, int], state: ProductState
) -> tuple[int, Sequence[int]]:
    product_id = add_product(tx, product)
    variant_ids = [
        add_variant(tx, NewVariant(product_id, price, {"zh": name, "en": name} if name else {}))
        for name, price in variants.items()
    ]
    set_state(tx, product_id, state)
    return product_id, variant_ids
