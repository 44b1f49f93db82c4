"""Showing a number or an address in the chat: asked where a rule asks, and then on to where one wanted to go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from handlers.screen import ContactButton
from shop_core.catalog.edit import set_verify
from shop_core.kernel.policy import Ask, VerificationRules
from shop_core.verification.contacts import Kind
from shop_core.verification.sender import CodeRefused, CodeSenders
from tests.core.builders import OWNER, a_market
from tests.handlers.street import ONE_WAY, TWO_WAYS, Street, Visitor, buttons_of

PHONE = "13812341234"
RULES = VerificationRules(owners=frozenset({OWNER}))


@asynccontextmanager
async def a_street(
    url: str,
    *,
    first: Ask = Ask.NOTHING,
    from_total_minor: int | None = None,
    sends: bool = True,
    **rules: Any,
) -> AsyncIterator[Street]:
    verification = replace(
        RULES, first_contact=first, from_total_minor=from_total_minor, from_total_asks=Ask.EITHER
    )
    async with a_market(
        url, verification=verification, contact_channels=frozenset({ONE_WAY}), **rules
    ) as market:
        if not sends:
            market.shop._services[CodeSenders] = CodeSenders()
        street = Street.with_words(market)
        yield street


def asks_for_contact(visitor: Visitor) -> bool:
    return any(isinstance(button, ContactButton) for button in buttons_of(visitor.screen))


async def test_a_product_asks_and_the_order_goes_on_where_it_was(database_url: str) -> None:
    async with a_street(database_url) as street:
        product, _ = await street.a_product()
        await street.market.shop.write(set_verify, product, Ask.PHONE)
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.press("爱奇艺")
        await visitor.press("买 1 张")
        assert "先验证一下你的手机号" in visitor.text
        assert asks_for_contact(visitor)
        await visitor.share("8613812341234")
        assert visitor.screen.toast == "验证好了：138****1234"
        assert "待付款" in visitor.text, "the order that he pressed for"


async def test_goods_say_beforehand_what_buying_asks_for(database_url: str) -> None:
    async with a_street(database_url, from_total_minor=3_000) as street:
        product, _ = await street.a_product()
        dear, _ = await street.a_product("网易云音乐", variants={"半年": 4_500, "一年": 8_800})
        large = "购买前要验证手机号或邮箱，一次就好。"
        visitor = street.a_visitor(ONE_WAY)
        await visitor.follow(f"p/{product}")
        assert "验证" not in visitor.text, "it costs less than what asks"
        await visitor.follow(f"p/{dear}")
        assert large in visitor.text
        await visitor.press("半年")
        assert large in visitor.text
        await street.market.shop.write(set_verify, product, Ask.PHONE)
        await visitor.follow(f"p/{product}")
        assert "购买前要验证手机号，一次就好。" in visitor.text
        await visitor.press("买 1 张")
        await visitor.share("8613812341234")
        for path in (f"p/{product}", f"p/{dear}"):
            await visitor.follow(path)
            assert "一次就好" not in visitor.text, "he has shown it"


async def test_by_a_code_it_is_two_messages_and_the_order_stands(database_url: str) -> None:
    async with a_street(database_url) as street:
        product, _ = await street.a_product()
        await street.market.shop.write(set_verify, product, Ask.PHONE)
        visitor = street.a_visitor(TWO_WAYS)
        await visitor.hello()
        await visitor.press("爱奇艺")
        await visitor.press("买 1 张")
        assert not asks_for_contact(visitor)
        await visitor.type("138 1234 1234")
        assert "138****1234" in visitor.text
        [message] = street.market.post.sent
        assert (
            message.text.reveal()
            == f"【Kapu】验证码 {street.market.post.code}，10 分钟内有效。别告诉任何人。"
        )
        await visitor.type("000000" if street.market.post.code != "000000" else "111111")
        assert "还可以试 4 次" in visitor.text
        await visitor.type(street.market.post.code)
        assert "待付款" in visitor.text


async def test_where_everybody_is_asked_nothing_is_seen_before_and_everything_after(
    database_url: str,
) -> None:
    async with a_street(database_url, first=Ask.EITHER) as street:
        product, [variant] = await street.a_product()
        visitor = street.a_visitor(TWO_WAYS)
        await visitor.hello()
        for path in (
            "",
            "home",
            f"p/{product}",
            f"v/{variant}",
            "all/1",
            "find/爱奇艺",
            "nonsense",
            "language/zh",
        ):
            await visitor.follow(path)
            assert "先验证" in visitor.text, path
            assert "爱奇艺" not in visitor.text
        await visitor.type("爱奇艺")
        assert "先验证" in visitor.text
        for path, seen in (("orders", "我的订单"), ("support", "对话"), ("help", "怎么买")):
            await visitor.follow(path)
            assert "先验证" not in visitor.text, seen
        await visitor.follow(f"p/{product}")
        await visitor.type("Anna@example.com")
        assert "a***@example.com" in visitor.text
        await visitor.type(street.market.post.code)
        assert "爱奇艺" in visitor.text, "on to the goods that he wanted to see"
        await visitor.hello()
        assert visitor.has("爱奇艺")


async def test_what_he_bought_before_it_was_asked_for_is_his(database_url: str) -> None:
    async with a_street(database_url) as street:
        await street.a_product()
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.press("爱奇艺")
        await visitor.press("买 1 张")
        number = visitor.number
        await street.pay(number)
        rules = replace(RULES, first_contact=Ask.PHONE)
        old = street.market.shop
        street.market.shop.policy = replace(old.policy, verification=rules)
        await visitor.hello()
        assert "先验证" in visitor.text
        await visitor.follow(f"o/{number}/code")
        assert len(visitor.codes) == 1


async def test_the_owner_is_not_locked_out(database_url: str) -> None:
    async with a_street(database_url, first=Ask.PHONE) as street:
        await street.a_product()
        channel, _, external_id = OWNER.partition(":")
        owner = Visitor(street, channel, external_id, "zh")
        await owner.hello()
        assert owner.has("爱奇艺")


async def test_anybody_elses_contact_is_refused_and_asked_for_again(database_url: str) -> None:
    async with a_street(database_url, first=Ask.PHONE) as street:
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.share("8613812341234", is_own=False)
        assert "只能用你自己的号码" in visitor.text
        assert asks_for_contact(visitor)
        await visitor.share("8613812341234")
        assert "验证好了" in visitor.text


async def test_a_contact_that_nobody_asked_for_does_nothing(database_url: str) -> None:
    async with a_street(database_url) as street:
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.share("8613812341234")
        assert await street.market.rows("SELECT id FROM verified_contacts") == []


async def test_where_no_sms_goes_out_a_typed_number_leads_back_to_the_button(database_url: str) -> None:
    async with a_street(database_url, first=Ask.PHONE, sends=False) as street:
        here, there = street.a_visitor(ONE_WAY), street.a_visitor(TWO_WAYS)
        await here.hello()
        await here.type(PHONE)
        assert "不用打字" in here.text
        assert asks_for_contact(here)
        await there.hello()
        assert "这里验证不了" in there.text


async def test_it_is_told_plainly_when_a_code_cannot_be_sent_or_is_not_the_time(database_url: str) -> None:
    async with a_street(database_url, first=Ask.PHONE) as street:
        visitor = street.a_visitor(TWO_WAYS)
        await visitor.hello()
        await visitor.type("not a number")
        assert "这不像手机号" in visitor.text
        street.market.post.trouble = CodeRefused("x")
        await visitor.type(PHONE)
        assert "发不到 138****1234" in visitor.text
        street.market.post.trouble = None
        street.market.clock.advance(seconds=61)
        await visitor.type(PHONE)
        await visitor.press("再发一次")
        assert visitor.is_told("刚刚才发过，等一分钟再试。")
        street.market.clock.advance(seconds=61)
        await visitor.press("再发一次")
        assert visitor.screen.toast is None
        assert len(street.market.post.sent) == 3
        street.market.clock.advance(minutes=11)
        await visitor.type(street.market.post.code)
        assert "已经失效" in visitor.text


async def test_a_number_that_verifies_another_is_told_to_its_owner_with_a_way_on(database_url: str) -> None:
    kinds = {ONE_WAY: "telegram", TWO_WAYS: "webchat"}
    async with a_street(database_url, first=Ask.PHONE, channel_kinds=kinds) as street:
        first, second = street.a_visitor(ONE_WAY), street.a_visitor(TWO_WAYS)
        await first.hello()
        await first.share("8613812341234")
        await second.hello()
        await second.type(PHONE)
        await second.type(street.market.post.code)
        assert "已经验证过另一个账号" in second.text
        assert second.has("关联")


async def test_a_contact_is_seen_changed_and_removed_in_the_settings(database_url: str) -> None:
    async with a_street(database_url) as street:
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.type("设置")
        await visitor.press("验证：还没有")
        await visitor.press("验证邮箱")
        await visitor.type("anna@example.com")
        await visitor.type(street.market.post.code)
        assert "邮箱 a***@example.com" in visitor.text
        assert "anna" not in visitor.text
        await visitor.press("验证手机号")
        await visitor.share("8613812341234")
        assert visitor.has("换手机号")
        await visitor.press("移除邮箱")
        await visitor.press("移除")
        assert "a***@example.com" not in visitor.text
        await visitor.type("设置")
        assert visitor.has("验证：138****1234")


async def test_what_everybody_is_asked_for_is_not_removed(database_url: str) -> None:
    async with a_street(database_url, first=Ask.PHONE) as street:
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.share("8613812341234")
        await visitor.follow("contacts/phone/yes")
        assert "可以换，不能移除" in visitor.text


@pytest.mark.parametrize("then", ["~", "o~K7M29QXD~code", "v~phone~home", "x" * 40, "contacts~phone~yes"])
async def test_a_bent_way_on_leads_only_where_he_may_go_himself(database_url: str, then: str) -> None:
    async with a_street(database_url) as street:
        visitor = street.a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.follow(f"v/phone/{then}")
        await visitor.share("8613812341234")
        assert visitor.screen.rows


def test_kinds_are_what_people_are_asked_for() -> None:
    assert {kind.value for kind in Kind} == {ask.value for ask in Ask} - {"", "either"}
