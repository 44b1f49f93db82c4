"""Buying a direct top-up in the chat: asked in turn, shown masked, paid, and followed in one message."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from handlers.codes_shown import is_address
from handlers.screen import Code, CopyButton, UrlButton
from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks
from shop_core.kernel.numbers import new_number
from shop_core.kernel.secret import Secret
from shop_core.orders.by_hand import Cannot, finish_task, refuse_task, take_task
from tests.handlers.street import NO_WAY, Street, Visitor, buttons_of

PHONE: Final = "13812345678"
FIELDS: Final = (
    Field("phone", {"zh": "手机号", "en": "phone number"}, FieldKind.PHONE),
    Field("zone", {"zh": "大区"}, FieldKind.CHOICE, choices=("一区", "二区")),
    Field("note", {"zh": "备注"}, is_required=False),
)


async def a_top_up(street: Street, *fields: Field) -> int:
    _, [variant] = await street.a_product("手机话费", codes=0)
    await street.market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await street.market.shop.write(set_fields, variant, fields or FIELDS)
    return variant


async def paid(street: Street) -> Visitor:
    """Somebody who has said his number and paid from his wallet."""
    await a_top_up(street, FIELDS[0])
    visitor = street.a_visitor(NO_WAY)
    await visitor.hello()
    await street.give(visitor, 990)
    await visitor.press("手机话费")
    await visitor.press("充 1 份")
    await visitor.type(PHONE)
    await visitor.press("没错")
    await visitor.press("用余额支付")
    await street.market.run_news()
    return visitor


async def test_each_field_is_asked_in_turn_and_shown_masked_before_the_payment(street: Street) -> None:
    await a_top_up(street)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("手机话费")
    await visitor.press("充 2 份")
    assert "请发来要充值的手机号" in visitor.text
    await visitor.type("12345")
    assert "不像一个手机号" in visitor.text
    assert visitor.screen.prompt is not None
    # What might be an order's number: what was asked for comes first.
    await visitor.type(new_number(street.market.random))
    assert "不像一个手机号" in visitor.text
    await visitor.type("138 1234 5678")
    await visitor.press("二区")
    await visitor.press("不填")
    assert "手机号：138****5678" in visitor.text
    assert "大区：二区" in visitor.text
    assert PHONE not in visitor.text
    assert await street.market.rows("SELECT id FROM orders") == []
    await visitor.press("修改")
    await visitor.type("13912345678")
    await visitor.press("一区")
    await visitor.type("请快")
    await visitor.press("没错，付款 ¥19.80")
    assert "待付款" in visitor.text
    assert "139****5678" in visitor.text
    assert len(await street.market.rows("SELECT id FROM orders")) == 1


async def test_pressed_twice_it_is_one_order_and_the_form_forgets_what_was_said(street: Street) -> None:
    await a_top_up(street, FIELDS[0])
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("手机话费")
    buy = visitor.link("充 1 份")
    await visitor.press("充 1 份")
    await visitor.type(PHONE)
    sure = visitor.link("没错")
    [form] = await street.market.rows("SELECT answers FROM forms")
    assert PHONE not in str(form)
    await visitor.follow(sure)
    number = visitor.number
    for again in (sure, buy, sure.replace("sure/", "in/") + "/0"):
        await visitor.follow(again)
        assert visitor.number == number
    assert len(await street.market.rows("SELECT id FROM orders")) == 1
    [form] = await street.market.rows("SELECT answers FROM forms")
    assert "sealed" not in str(form)


async def test_a_strangers_form_is_nobodys_and_a_bent_step_skips_nothing(street: Street) -> None:
    await a_top_up(street)
    visitor, thief = street.a_visitor(), street.a_visitor()
    await thief.hello()
    await visitor.hello()
    await visitor.press("手机话费")
    await visitor.press("充 1 份")
    assert visitor.screen.prompt is not None
    key = visitor.screen.prompt.link.split("/")[1]
    await visitor.follow(f"in/{key}/2")
    assert "手机号" in visitor.text
    await visitor.type(PHONE)
    for path in ("in/{}/99", "skip/{}/1", "pick/{}/1/9", "in/{}/1", "sure/{}"):
        await visitor.follow(path.format(key))
        assert "请选择大区" in visitor.text, path
    before = await street.market.everything()
    for path in ("in/{}/0", "in/{}/0/13900000000", "pick/{}/1/0", "skip/{}/2", "sure/{}"):
        await thief.follow(path.format(key))
        assert "已经过期" in thief.text
    assert await street.market.everything() == before
    await visitor.follow(f"buy/{await street.market.one('SELECT id FROM variants')}/101/abcdefghij")
    assert "数量要是" in visitor.text


async def test_questions_that_change_meanwhile_are_asked_again(street: Street) -> None:
    variant = await a_top_up(street, FIELDS[0])
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("手机话费")
    await visitor.press("充 1 份")
    await visitor.type(PHONE)
    await street.market.shop.write(set_fields, variant, FIELDS[:2])
    await visitor.press("没错")
    assert "请选择大区" in visitor.text
    assert await street.market.rows("SELECT id FROM orders") == []


async def test_one_message_tells_from_paid_to_done(street: Street) -> None:
    visitor = await paid(street)
    assert "充值中" in visitor.text
    assert "店员正在为你充值" in visitor.text
    shop = street.market.shop
    [task] = await shop.read(list_tasks, 1)
    await take_task(shop, task.id, by="tg:1")
    await finish_task(shop, task.id, "流水 778", by="tg:1")
    street.market.clock.moment += timedelta(minutes=1)
    [done] = await visitor.news()
    assert (done.slot, done.news) == (f"order:{visitor.number}", True)
    await visitor.press("看进度")
    assert "充值成功" in visitor.text
    assert "138****5678" in visitor.text
    await visitor.press("查看回执和账号")
    codes = [line.secret.reveal() for line in visitor.screen.lines if isinstance(line, Code)]
    assert codes == [PHONE, "流水 778"]
    assert len(await street.market.rows("SELECT id FROM reveals")) == 1


async def test_who_said_it_wrong_is_told_which_words(street: Street) -> None:
    visitor = await paid(street)
    shop = street.market.shop
    [task] = await shop.read(list_tasks, 1)
    await take_task(shop, task.id, by="tg:1")
    await refuse_task(shop, task.id, Cannot.INPUT, by="tg:1")
    await visitor.press("看进度")
    assert "手机号：138****5678" in visitor.text
    assert "上面的内容不对" in visitor.text
    assert "已退到你的余额" in visitor.text


# --------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://redeem.example.com/x?c=1", True),
        ("http://example.com/路", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://a b.example.com", False),
        ("https://shop.example.com@evil.example.com/", False),
        ("https://[::1", False),
        ("redeem.example.com/x", False),
        ("tg://resolve?domain=x", False),
    ],
)
def test_only_an_address_of_the_web_becomes_a_button(text: str, is_one: bool) -> None:
    assert is_address(Secret(text)) is is_one


@pytest.mark.parametrize("text", ["https://redeem.example.com/x?c=1", "javascript:alert(1)"])
async def test_a_redeem_link_is_shown_when_asked_for_and_opened_by_a_button(
    street: Street, text: str
) -> None:
    _, [variant] = await street.a_product("兑换", codes=0)
    await street.market.shop.write(change_kind, variant, GoodsKind.LINK)
    await street.market.stock(variant, [text])
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("兑换")
    await visitor.press("买 1 张")
    await street.pay(visitor.number)
    shown = await visitor.press("我已付款")
    assert text not in str(shown)
    await visitor.press("查看卡密")
    urls = [button.url for button in buttons_of(visitor.screen) if isinstance(button, UrlButton)]
    assert urls == ([text] if text.startswith("https") else [])
    copies = [b.secret.reveal() for b in buttons_of(visitor.screen) if isinstance(b, CopyButton)]
    assert copies == [text]
    assert [line.secret.reveal() for line in visitor.screen.lines if isinstance(line, Code)] == [text]
