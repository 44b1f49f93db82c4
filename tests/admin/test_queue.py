"""Direct top-ups by hand: set up by pressing, told to staff, taken by one of them, ended once."""

from __future__ import annotations

from typing import Final

from handlers.screen import Code
from shop_core.catalog.read import get_variant
from shop_core.orders.fulfil import finish_paid
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from shop_core.threads.sealing import Said
from shop_core.threads.write import write_to_shop
from tests.admin.office import Office, button, text_of
from tests.core.builders import OWNER

PHONE: Final = "13812345678"
ANNA: Final = ("tg", "31")


async def a_top_up(office: Office) -> int:
    """A variant that is one, by pressing."""
    variant = await office.market.a_variant(codes=0)
    goods = await office.press(f"admin/goods/{variant}")
    goods = await office.press(button(goods, "改成直充"))
    assert "暂时不能卖" in text_of(goods)
    asked = await office.press(button(goods, "加一项要填的"))
    await office.press(button(asked, "手机号"))
    preview = await office.type("手机号 / phone number")
    made = await office.press(button(preview, "加上，必填"))
    assert "手机号 · 手机号" in text_of(made)
    return variant


async def a_task(office: Office, variant: int) -> str:
    """Somebody has paid for one: its order."""
    customer = await office.market.a_customer(balance=990)
    key = (await office.shop.read(get_variant, variant)).fields[0].key
    number = await office.market.place_saying(customer, variant, **{key: PHONE})
    paid = await pay_from_wallet(office.shop, customer, number)
    await office.shop.write(finish_paid, paid.id)
    return number


async def hired(office: Office) -> None:
    await office.shop.write(take_on, office.shop.get(Roster), "tg:31", Role.SUPPORT, by=OWNER)


async def test_a_choice_is_asked_for_by_pressing_and_typing(office: Office) -> None:
    variant = await a_top_up(office)
    asked = await office.press(f"admin/field/add/{variant}")
    await office.press(button(asked, "选项"))
    await office.type("大区")
    refused = await office.type("一区 一区")
    assert "检查名称" in str(refused.toast)
    preview = await office.type("一区，二区")
    made = await office.press(button(preview, "加上，选填"))
    assert "大区 · 选项 · 一区 · 二区 · 选填" in text_of(made)
    gone = await office.press(button(made, "不再问 大区"))
    assert "大区" not in text_of(gone)


async def test_one_of_the_staff_takes_it_sees_the_account_and_finishes(office: Office) -> None:
    await hired(office)
    number = await a_task(office, await a_top_up(office))
    await office.market.run_news()
    told = await office.market.rows("SELECT external_id FROM messages WHERE news = 'task_opened'")
    assert {row["external_id"] for row in told} == {"1", "31"}
    listed = await office.type("/queue", who=ANNA)
    shown = await office.press(button(listed, "季卡"), who=ANNA)
    assert "138****5678" in text_of(shown)
    assert PHONE not in str(shown)
    taken = await office.press(button(shown, "我来充"), who=ANNA)
    theirs = await office.press(button(shown, "我来充"))
    assert "不在你手上" in text_of(theirs)
    looked = await office.press(button(taken, "看完整账号"), who=ANNA)
    assert [line.secret.reveal() for line in looked.lines if isinstance(line, Code)] == [PHONE]
    await office.press(button(looked, "已充好"), who=ANNA)
    done = await office.type("流水 778", who=ANNA)
    assert "没有待充值" in text_of(done)
    assert (await office.market.look(number)).state is OrderState.DELIVERED
    commands = [entry.command for entry in await office.audit() if entry.actor == "tg:31"]
    assert commands == ["task take", "task look", "task done"]
    assert PHONE not in str(await office.audit())


async def test_what_cannot_be_done_is_refunded_by_a_button_that_says_why(office: Office) -> None:
    number = await a_task(office, await a_top_up(office))
    listed = await office.type("/queue")
    shown = await office.press(button(listed, "季卡"))
    taken = await office.press(button(shown, "我来充"))
    why = await office.press(button(taken, "充不了"))
    await office.press(button(why, "账号不对，退款 ¥9.90"))
    assert (await office.market.look(number)).state is OrderState.REFUNDED


async def test_the_first_screen_names_every_queue_that_is_not_empty(office: Office) -> None:
    assert text_of(await office.press("admin")).startswith("没有待处理的事")
    await a_task(office, await a_top_up(office))
    home = await office.press("admin")
    assert text_of(home).startswith("待充值 1")
    none = await office.press(button(home, "待处理"))
    assert text_of(none) == "待充值 1", "no case is not nothing to do"
    assert text_of(await office.press(button(none, "待充值 1"))).startswith("待充值 1")
    customer = await office.market.a_customer()
    await write_to_shop(office.shop, customer, Said("在吗"), key="tg:waits")
    assert text_of(await office.press("admin")).startswith("待充值 1   顾客消息 1")
    await office.shop.write(take_on, office.shop.get(Roster), "tg:32", Role.FINANCE, by=OWNER)
    assert text_of(await office.press("admin", who=("tg", "32"))).startswith("没有待处理的事"), "not his work"
