"""What buyers have to show, chosen in the chat; what one of them has shown, masked, and taken back by who may."""

from __future__ import annotations

import pytest

from admin_cmds.links import link_to
from shop_core.cases.cases import CaseKind, list_open, open_case, subject_of
from shop_core.catalog.read import get_product, get_variant
from shop_core.customers.people import meet
from shop_core.kernel.policy import Ask
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from shop_core.verification.keep import list_contacts
from shop_core.verification.sender import CodeSenders
from tests.admin.office import Office, button, text_of
from tests.core.builders import OWNER


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


@pytest.mark.parametrize(
    ("language", "title", "facts"),
    [
        ("zh", "验证码发满了   每小时 60 条", "这一小时发了 1 条\n是 1 个人要的"),
        (
            "en",
            "No more codes for now   60 an hour",
            "1 code sent this hour\nasked for by 1 person",
        ),
    ],
)
async def test_the_owner_hears_that_no_more_codes_go_out_and_how_many_people_asked(
    office: Office, language: str, title: str, facts: str
) -> None:
    channel, _, external_id = OWNER.partition(":")
    await office.shop.write(meet, channel=channel, external_id=external_id, name="老板", language=language)
    buyer = await office.market.a_customer()
    await send_code(office.shop, buyer, Kind.PHONE, "13812341234", lambda _, code: CodeText("", code, "zh"))
    await office.shop.write(open_case, CaseKind.CODES, subject_of("shop"), {"most": 60})
    [(_, told)] = await office.news(channel)
    assert told is not None
    assert text_of(told).startswith(f"{title}\n{facts}\n")
    assert "codes_per_hour" in text_of(told)
    [case] = await office.shop.read(list_open)
    closed = await office.type(f"/case close {case.id}")
    assert await office.shop.read(list_open) == [case], text_of(closed)
