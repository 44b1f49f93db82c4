"""Which side of the shop a message belongs to, and how words become commands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_cmds.links import link_to, split_words, words_of
from admin_cmds.menu import list_menus
from admin_cmds.registry import COMMANDS
from shop_core.catalog.read import get_variant
from shop_core.customers.people import meet
from tests.admin.office import OWNER_CHANNEL, OWNER_ID, STRANGER, Office, button, links_of, text_of

WORDS = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=20)


@given(st.lists(WORDS, max_size=5))
def test_a_link_gives_back_the_words_it_was_made_of(words: list[str]) -> None:
    assert words_of(link_to(*words)) == tuple(words)


@given(st.text(max_size=40))
def test_any_text_can_be_split(text: str) -> None:
    assert isinstance(split_words(text), tuple)


@pytest.mark.parametrize("link", ["", "admins", "p/12", "o/K7M29QX9", "//", "Admin/price"])
def test_other_links_are_not_of_staff(link: str) -> None:
    assert words_of(link) is None


async def test_a_command_may_be_typed_as_people_do(office: Office) -> None:
    variant = await office.market.a_variant(price=990)
    lines = (
        "/price {} 11",
        "/PRICE@shop_bot #{} 12",
        "／price {} １３",
        "/admin price {} ¥14.00",
        " /price {} 15元",
    )
    for price, line in enumerate(lines, start=1100 // 100):
        await office.type(line.format(variant))
        assert (await office.shop.read(get_variant, variant)).price.minor == price * 100


async def test_an_owner_also_shops(office: Office) -> None:
    variant = await office.market.a_variant()
    home = await office.type("/start")
    assert button(home, "管理") == "admin"
    assert "管理" not in links_of(await office.press("", who=STRANGER))
    product = await office.press(button(home, "季卡"))
    order = await office.press(button(product, "买 1 张"))
    assert "待付款" in text_of(order)
    assert "没有找到“会员”" in text_of(await office.type("会员"))
    assert (await office.market.rows("SELECT variant_id FROM order_lines")) == [{"variant_id": variant}]


async def test_an_owner_answers_the_customers_questions_too(office: Office) -> None:
    variant = await office.market.a_variant(codes=9)
    asked = await office.press(f"n/{variant}/{office.market.key()}")
    assert asked.prompt is not None
    await office.type("3")
    assert await office.market.one("SELECT quantity FROM order_lines") == 3


async def test_what_is_held_for_a_button_is_no_link_of_anybody(office: Office) -> None:
    customer = await office.market.a_customer()
    for link in (f"admin/hold/abcdefghij/wallet/{customer.person_id}/5/x", "admin/go", "admin/go/abcdefghij"):
        assert text_of(await office.press(link))
    assert await office.market.balance(customer) == 0


async def test_help_lists_every_command(office: Office) -> None:
    said = text_of(await office.type("/help"))
    assert all((f"\n/{command.name}" in said) != command.is_step for command in COMMANDS)


async def test_a_bare_command_of_an_owner_is_the_counters_and_the_button_of_that_name_the_shops(
    office: Office,
) -> None:
    await office.market.a_variant()
    for typed in ("orders", "help"):
        assert text_of(await office.command(typed)) == text_of(await office.type(f"/{typed}"))
        assert text_of(await office.press(typed)) == text_of(await office.press(typed, who=STRANGER))
        assert text_of(await office.command(typed, who=STRANGER)) == text_of(
            await office.press(typed, who=STRANGER)
        )
        assert text_of(await office.command(typed)) != text_of(await office.press(typed))


async def test_the_menu_of_an_owner_has_commands_that_work_as_they_stand(office: Office) -> None:
    shop = office.shop
    await shop.write(meet, channel=OWNER_CHANNEL, external_id=OWNER_ID, name="老板", language="en")
    assert await list_menus(shop, "other") == {}
    menus = await list_menus(shop, OWNER_CHANNEL)
    assert list(menus) == [OWNER_ID]
    menu = menus[OWNER_ID]
    assert menu["orders"] == "the latest orders"
    assert list(menu)[:2] == ["admin", "start"]
    for command, about in menu.items():
        assert re.fullmatch("[a-z0-9_]{1,32}", command)
        assert 1 <= len(about) <= 256
    for command in set(menu) - {"admin", "start", "language"}:
        screen = await office.type(f"/{command}")
        assert "这个命令。" not in text_of(screen)
        assert screen.prompt is None
