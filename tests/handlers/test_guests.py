"""Guests of the web chat: setting an order password, and coming back in another browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shop_core.customers.people import find_customer
from tests.core.builders import a_market
from tests.handlers.street import ONE_WAY, TWO_WAYS, Street, Visitor, text_of

PASSWORD = "K7M2-9QXD ok"


@pytest.fixture
async def street(sqlite_url: str) -> AsyncIterator[Street]:
    async with a_market(sqlite_url, guest_channels=frozenset({TWO_WAYS})) as market:
        yield Street.with_words(market)


async def a_buyer(street: Street, channel: str = TWO_WAYS) -> tuple[Visitor, str]:
    """Somebody who has an order, and its number."""
    await street.a_product()
    visitor = street.a_visitor(channel)
    await visitor.hello()
    customer = await street.market.shop.read(
        find_customer, channel=visitor.channel, external_id=visitor.external_id
    )
    assert customer is not None
    order = await street.market.an_order(customer, 1)
    return visitor, order.number


async def test_a_guest_sets_a_password_and_comes_back_in_another_browser(street: Street) -> None:
    visitor, number = await a_buyer(street)
    await visitor.follow("orders")
    asked = await visitor.press("设订单密码")
    assert asked.prompt is not None
    assert asked.prompt.is_secret
    assert "订单密码设好了" in text_of(await visitor.type("  长 密码 / 123 "))
    other = street.a_visitor(TWO_WAYS)
    await other.hello()
    assert "没有找到这个订单" in text_of(await other.type(number))
    asked = await other.press("用订单密码取回")
    assert asked.prompt is not None
    assert asked.prompt.is_secret
    assert "对不上" in ((await other.type("不对的")).toast or "")
    back = await other.type("长 密码 / 123")
    assert back.toast == "订单和余额都回来了。"
    assert other.has(number[:4])


async def test_a_password_that_looks_like_an_order_number_is_a_password(street: Street) -> None:
    visitor, number = await a_buyer(street)
    await visitor.follow("password")
    assert "设好了" in text_of(await visitor.type(number))


async def test_a_bad_password_is_asked_for_again(street: Street) -> None:
    visitor, _ = await a_buyer(street)
    await visitor.follow("password")
    again = await visitor.type("12345")
    assert again.prompt is not None
    assert "6 到 64" in (again.toast or "")
    assert "设好了" in text_of(await visitor.type("123456"))


async def test_where_people_are_known_by_name_nothing_is_said_of_passwords(street: Street) -> None:
    visitor, _ = await a_buyer(street, ONE_WAY)
    assert "密码" not in text_of(await visitor.follow("orders"))
    stranger = street.a_visitor(ONE_WAY)
    await stranger.hello()
    assert "密码" not in str((await stranger.type("ZZZZZZZZ")).rows)


async def test_nobody_learns_by_the_question_whether_there_is_such_an_order(street: Street) -> None:
    visitor, number = await a_buyer(street)
    await visitor.follow("password")
    await visitor.type("hunter2hunter2")
    thief = street.a_visitor(TWO_WAYS)
    await thief.hello()
    for path in ("o/{}", "o/{}/mine", "o/{}/mine/hunter1"):
        of_his, of_nobodys = [
            str(await thief.follow(path.format(tried))).replace(shown, "NUMBER").replace(tried, "NUMBER")
            for tried in (number, "K7M29QXD")
            for shown in (f"{tried[:4]}-{tried[4:]}",)
        ]
        assert of_his == of_nobodys, path
