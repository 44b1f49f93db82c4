"""A customer who had himself erased, seen from the counter: there is nobody to name, to answer or to give money to."""

from __future__ import annotations

from handlers.incoming import Text
from shop_core.customers.people import find_customer
from shop_core.privacy.erase import erase
from tests.admin.office import OWNER_CHANNEL, OWNER_ID, Office, button, text_of

CUSTOMER = ("web", "c7")


async def erased(office: Office) -> None:
    found = await office.shop.read(find_customer, channel=CUSTOMER[0], external_id=CUSTOMER[1])
    assert found is not None
    await erase(office.shop, found)


async def test_his_order_names_a_number_and_its_money_goes_to_no_balance(office: Office) -> None:
    await office.press("", who=CUSTOMER)
    him = await office.shop.read(find_customer, channel=CUSTOMER[0], external_id=CUSTOMER[1])
    assert him is not None
    order = await office.market.an_order(him, paid=True)
    assert "老板" in text_of(await office.press(f"admin/order/{order.number}")), "as he called himself"
    await erased(office)
    shown = await office.press(f"admin/order/{order.number}")
    assert f"买家 #{him.person_id} 已删除资料" in text_of(shown)
    assert "老板" not in text_of(shown)
    asked = await office.press(button(shown, "退款"))
    refused = await office.press(button(asked, "退款 ¥"))
    assert "资料已经删除" in text_of(refused)
    adjusted = await office.type(f"/wallet {him.person_id} 5 sorry --yes")
    refused = await office.press(button(adjusted, "确认"))
    assert "资料已经删除" in text_of(refused)


async def test_what_he_wrote_is_told_to_nobody_any_more_and_answered_by_nobody(office: Office) -> None:
    await office.press("support", who=CUSTOMER)
    await office.say(Text("打不开"), who=CUSTOMER)
    thread = await office.market.one("SELECT id FROM threads")
    await erased(office)
    told = await office.news(OWNER_CHANNEL)
    assert [screen for message, screen in told if message.address.external_id == OWNER_ID] == [None]
    assert "还没有顾客发过" in text_of(await office.type("/threads"))
    for words in (f"thread show {thread}", f"thread reply {thread} 您好", f"thread orders {thread}"):
        assert "没有找到" in text_of(await office.type(f"/{words}")), words
