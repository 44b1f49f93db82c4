"""What buyers have to show, chosen in the chat; what one of them has shown, masked, and taken back by who may."""

from __future__ import annotations

import pytest

from admin_cmds.links import link_to
from shop_core.catalog.read import get_product, get_variant
from shop_core.kernel.policy import Ask
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from shop_core.verification.keep import list_contacts
from shop_core.verification.sender import CodeSenders
from tests.admin.office import Office, button, text_of


async def test_what_a_product_asks_for_is_chosen_from_its_screen(office: Office) -> None:
    variant = await office.market.a_variant()
    product = (await office.shop.read(get_variant, variant)).product_id
    screen = await office.type(f"/product show {product}")
    screen = await office.press(button(screen, "下单前要验证：不要求"))
    screen = await office.press(link_to("product", "verify", str(product), "phone"))
    assert "下单前要验证：手机号" in text_of(screen)
    assert (await office.shop.read(get_product, product)).verify is Ask.PHONE
    await office.type(f"/product verify {product} none")
    assert (await office.shop.read(get_product, product)).verify is Ask.NOTHING
    assert await office.market.one("SELECT count(*) FROM audit_log WHERE command = 'product verify'") == 2


@pytest.mark.parametrize("ask", ["phone", "email", "either"])
async def test_what_nobody_could_show_is_not_asked_for(office: Office, ask: str) -> None:
    variant = await office.market.a_variant()
    product = (await office.shop.read(get_variant, variant)).product_id
    office.shop._services[CodeSenders] = CodeSenders()
    assert "没有人能验证" in text_of(await office.type(f"/product verify {product} {ask}"))
    assert (await office.shop.read(get_product, product)).verify is Ask.NOTHING


async def test_an_order_says_masked_what_its_buyer_has_shown_and_the_owner_resets_it(office: Office) -> None:
    buyer = await office.market.a_customer()
    await send_code(office.shop, buyer, Kind.PHONE, "13812341234", lambda _, code: CodeText("", code, "zh"))
    await confirm_code(office.shop, buyer, office.market.post.code)
    order = await office.market.an_order(buyer)
    screen = await office.type(f"/order {order.number}")
    assert "手机号 138****1234" in text_of(screen)
    asked = await office.press(button(screen, "重置验证 138****1234"))
    assert await office.shop.read(list_contacts, buyer.person_id)
    await office.press(button(asked, "重置"))
    assert await office.shop.read(list_contacts, buyer.person_id) == []
    assert "138****1234" not in text_of(await office.type(f"/order {order.number}"))
