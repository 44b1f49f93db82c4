"""News: drawn when it is sent, from what is true then, for the one it concerns and in his language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest

from handlers.news import news_screen
from handlers.screen import Line, order_slot
from shop_core.messaging.queue import NewsKind, QueuedMessage
from shop_core.messaging.sending import claim_messages
from shop_core.orders.end import expire_orders
from shop_core.orders.refund import refund_order
from tests.handlers.street import Street, Visitor, text_of

Happening = Callable[[Street, Visitor], Awaitable[None]]


async def delivered(street: Street, visitor: Visitor) -> None:
    await street.pay(visitor.number)


async def refunded(street: Street, visitor: Visitor) -> None:
    await street.pay(visitor.number)
    await visitor.news()
    await refund_order(street.market.shop, visitor.number, by="tg:1")


async def paid_late(street: Street, visitor: Visitor) -> None:
    street.market.clock.advance(minutes=16)
    await expire_orders(street.market.shop)
    await street.pay(visitor.number)


async def late_and_sold_out(street: Street, visitor: Visitor) -> None:
    street.market.clock.advance(minutes=16)
    await expire_orders(street.market.shop)
    other = street.a_visitor()
    await other.hello()
    await other.press("爱奇艺")
    await other.press("买 1 张")
    await street.pay(visitor.number)


async def paid_twice(street: Street, visitor: Visitor) -> None:
    await street.pay(visitor.number)
    await visitor.news()
    await street.pay(visitor.number)


async def paid_too_little(street: Street, visitor: Visitor) -> None:
    await street.pay(visitor.number, minor=100)


async def topped_up_too_late(street: Street, visitor: Visitor) -> None:
    number = visitor.number
    await street.give(visitor, 320)
    await visitor.follow(f"o/{number}/rest/epay")
    asked = street.market.gateway.begun[-1].number
    await visitor.follow(f"o/{number}/cancel")
    await street.pay(number, payment=asked, minor=670)


ABOUT_AN_ORDER: Final[dict[str, tuple[Happening, NewsKind, dict[str, str]]]] = {
    "delivered": (delivered, NewsKind.ORDER_DELIVERED, {"zh": "已发货", "en": "Delivered"}),
    "refunded": (refunded, NewsKind.ORDER_REFUNDED, {"zh": "¥9.90 已退到", "en": "¥9.90 is back"}),
    "paid late": (paid_late, NewsKind.ORDER_PAID_LATE, {"zh": "过期后才到账", "en": "after the order had"}),
    "sold out": (late_and_sold_out, NewsKind.MONEY_HELD, {"zh": "已经卖完。¥9.90", "en": "sold out. ¥9.90"}),
    "twice": (
        paid_twice,
        NewsKind.MONEY_HELD,
        {"zh": "两次付款。多付的 ¥9.90", "en": "twice. The extra ¥9.90"},
    ),
    "short": (paid_too_little, NewsKind.MONEY_HELD, {"zh": "不足，¥1.00", "en": "too small. ¥1.00"}),
    "top-up": (topped_up_too_late, NewsKind.TOPPED_UP, {"zh": "¥6.70 已存入", "en": "¥6.70 is in your"}),
}


async def at_the_till(street: Street) -> Visitor:
    await street.a_product(codes=1)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    return visitor


@pytest.mark.parametrize("story", ABOUT_AN_ORDER)
async def test_what_happened_is_told_in_the_readers_language_and_to_nobody_else(
    street: Street, story: str
) -> None:
    happening, kind, said = ABOUT_AN_ORDER[story]
    visitor = await at_the_till(street)
    number, address = visitor.number, visitor.external_id
    await happening(street, visitor)
    messages = [m for m in await street.queued() if m.address.external_id == address and m.news is kind]
    [message] = messages
    stranger = street.a_visitor(language="en")
    await stranger.hello()
    for language, words in said.items():
        await visitor.follow(f"language/{language}")
        screen = await news_screen(street.market.shop, message)
        assert screen is not None
        assert screen.news
        assert words in text_of(screen)
        assert screen.slot in (None, order_slot(number))
    misled = replace(message, address=replace(message.address, external_id=stranger.external_id))
    shown = await news_screen(street.market.shop, misled)
    assert shown is None or (number not in str(shown) and f"{number[:4]}-{number[4:]}" not in str(shown))


async def test_an_order_that_waits_for_its_goods_says_that_the_money_is_safe(street: Street) -> None:
    visitor = await at_the_till(street)
    await street.market.sql("UPDATE cards SET state = 'available', line_id = NULL")
    await street.pay(visitor.number)
    [message] = await street.market.shop.write(claim_messages, [visitor.channel], 9)
    assert message.news is NewsKind.ORDER_WAITS
    waits = await news_screen(street.market.shop, message)
    assert waits is not None
    assert "¥9.90 已收到" in text_of(waits)
    [later] = await visitor.news()
    assert "已发货" in text_of(later), "found again by whoever looks after paid orders"


async def test_news_tells_how_things_stand_when_it_is_sent(street: Street) -> None:
    visitor = await at_the_till(street)
    await street.pay(visitor.number)
    [message] = await street.queued()
    assert message.news is NewsKind.ORDER_DELIVERED
    await refund_order(street.market.shop, visitor.number, by="tg:1")
    screen = await news_screen(street.market.shop, message)
    assert screen is not None
    assert "已退款" in text_of(screen)


async def test_the_first_line_of_news_holds_no_code(street: Street) -> None:
    visitor = await at_the_till(street)
    await street.pay(visitor.number)
    [screen] = await visitor.news()
    assert all(isinstance(line, Line) for line in screen.lines)
    assert visitor.codes == []


async def test_news_without_anybody_or_anything_behind_it_is_not_sent(street: Street) -> None:
    visitor = await at_the_till(street)
    await street.pay(visitor.number)
    [message] = await street.queued()
    nobody = replace(message, address=replace(message.address, external_id="nobody"))
    for hollow in (
        nobody,
        replace(message, args={}),
        replace(message, args={"order_id": 2**40}),
        _about_a_case(message),
    ):
        assert await news_screen(street.market.shop, hollow) is None


def _about_a_case(message: QueuedMessage) -> QueuedMessage:
    """What a member of staff was to be told, who is one no more."""
    return replace(message, news=NewsKind.CASE_OPENED, args={"case_id": 1})


def test_every_kind_of_news_for_customers_has_a_story() -> None:
    told = {kind for _, kind, _ in ABOUT_AN_ORDER.values()} | {NewsKind.ORDER_WAITS, NewsKind.ORDER_CHECKED}
    # test_restock.py tells of what is back, test_support.py of answers, test_bills.py of
    # money that went back, test_linking.py of linked channels; the others are for staff.
    elsewhere = {
        NewsKind.RESTOCKED,
        NewsKind.THREAD_ANSWERED,
        NewsKind.MONEY_RETURNED,
        NewsKind.PAIRING_ASKED,
        NewsKind.PAIRING_ENDED,
    }
    for_staff = {
        NewsKind.CASE_OPENED,
        NewsKind.IMPORT_ENDED,
        NewsKind.STAFF_JOINED,
        NewsKind.ROLE_CHANGED,
        NewsKind.THREAD_WRITTEN,
        NewsKind.THREAD_SETTLED,
        NewsKind.TASK_OPENED,
        NewsKind.JOB_RAN,
    }
    assert told == {*NewsKind} - elsewhere - for_staff
