"""A crawler presses every button of every screen that can be reached from home, and types into every question."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

import pytest

from handlers.flows import FLOWS
from handlers.links import match
from handlers.screen import LinkButton
from tests.core.builders import a_market
from tests.handlers.street import ONE_WAY, TWO_WAYS, Street, Visitor, buttons_of

LONG: Final = "超长商品名称会员季卡充值码游戏点券音乐视频年度豪华典藏限定"
_KEY: Final = re.compile(r"/[0-9A-Za-z]{10}$")
_MOST_SCREENS: Final = 400


async def a_full_shop(street: Street) -> None:
    """Shelves in shelves, pages, variants, what is sold out, and names of 60 Chinese characters: 180 bytes each."""
    top = await street.a_category(long_name("视频"))
    below = await street.a_category(long_name("国内"), top)
    deep, other = await street.a_category(long_name("爱奇艺"), below), await street.a_category("优酷", below)
    for number in range(9):
        await street.a_product(long_name(f"甲{number}"), category_id=other, codes=0)
    await street.a_product(long_name("一种"), category_id=deep, codes=12, about="第一行\n第二行")
    variants = {long_name("月"): 1500, long_name("年"): 8800}
    await street.a_product(long_name("两种"), variants=variants, category_id=below, codes=1)


def long_name(start: str) -> str:
    return (start + LONG * 3)[:60]


class Crawler:
    """Goes everywhere once. A place is a link without its one-time key."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.waiting: deque[str] = deque([""])
        self.met: set[str] = set()
        self.endpoints: set[str] = set()

    async def crawl(self) -> None:
        """Until there is nothing new. ``check_screen`` looks at whatever comes."""
        while self.waiting:
            assert len(self.met) < _MOST_SCREENS, "more places than this shop has: links that never repeat?"
            await self._visit(self.waiting.popleft())

    async def _visit(self, path: str) -> None:
        found = match(path)
        assert found is not None
        self.endpoints.add(found[0])
        screen = await self.visitor.follow(path)
        for button in buttons_of(screen):
            if isinstance(button, LinkButton):
                self._note(button.link, _KEY.sub("", button.link))
        # What takes files takes words as they are, and not as the end of a link.
        if screen.prompt is not None and not screen.prompt.takes_files:
            for text in ("1", "会员", "没有这个"):
                self._note(f"{screen.prompt.link}/{text}", f"{_KEY.sub('', screen.prompt.link)}/{text}")

    def _note(self, path: str, place: str) -> None:
        if place not in self.met:
            self.met.add(place)
            self.waiting.append(path)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_link_of_every_screen_leads_somewhere(database_url: str, language: str) -> None:
    # One language, so that pressing the other's button does not change it halfway.
    guests = frozenset({TWO_WAYS})
    kinds = {ONE_WAY: "telegram", TWO_WAYS: "webchat"}
    spoken = (language,)
    async with a_market(
        database_url, unpaid_cap=50, languages=spoken, guest_channels=guests, channel_kinds=kinds
    ) as market:
        street = Street.with_words(market)
        await a_full_shop(street)
        visitor = street.a_visitor(TWO_WAYS)
        await visitor.hello()
        # Enough for one order from the wallet; afterwards a part of any other.
        await street.give(visitor, 1200)
        crawler = Crawler(visitor)
        await crawler.crawl()
        # Looked at again, now that there are orders.
        crawler.waiting.append("orders")
        await crawler.crawl()
        assert {*FLOWS} - crawler.endpoints == {
            "orders_page",
            "language",
            # Only behind a word: where there are buttons, an order has its own.
            "pick_up",
            # Only behind the command that Telegram asks every shop to have.
            "paysupport",
            # One question leads to the next, and any other button begins another form: test_top_ups walks them.
            "ask_input",
            "typed_input",
            "pick_input",
            "skip_input",
            "sure",
            # Only behind a picture or a file.
            "support_file",
            # Only behind the number of somebody else's order.
            "ask_recovery",
            "recover",
            # Only behind a code from another channel: test_linking.
            "accept_pairing",
            "confirm_pairing",
            "decline_pairing",
            "ask_pairing",
            "choose_part",
            "ask_part",
            "part",
            "set_everything",
            # Only where everything is settled: test_erasing.
            "erase",
            # Only behind a number or an address that was typed: test_verifying.
            "ask_code",
            "verify_again",
            "ask_remove_contact",
            "remove_contact",
            # Only behind a code that somebody of the staff passed on.
            "invitation",
            "join",
        }
