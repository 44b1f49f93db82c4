"""A rule of markup by a form: what for, percent, amount, ending, an example, and the way back to the rule before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from handlers.screen import LinkButton, Screen
from shop_core.catalog.edit import NewProduct, NewVariant, add_category, add_product, add_variant
from shop_core.kernel.money import Money
from shop_core.pricing.example import Example, find_example
from shop_core.pricing.follow import follow
from shop_core.pricing.markup import Ending, Markup
from shop_core.pricing.rules import Scope, Subject, load_rules, put_rule
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from shop_core.supply.offers import keep_offers
from tests.admin.office import Office, button, buttons_of, links_of, staffed, text_of
from tests.core.builders import OWNER
from tests.core.wholesaler import Trade, a_trade

BY_SUPPLIER = Subject(Scope.SUPPLIER, "first")


@pytest_asyncio.fixture
async def trade(database_url: str) -> AsyncIterator[Trade]:
    async with a_trade(database_url) as trade:
        yield trade


@pytest.fixture
def office(trade: Trade) -> Office:
    return staffed(trade.market)


async def rule_of(office: Office, subject: Subject) -> Markup | None:
    return (await office.shop.read(load_rules)).by_subject.get(str(subject))


async def bought(trade: Trade, name: str, *, cost: int = 500, category: int | None = None) -> int:
    """A variant that is bought at the first supplier."""
    shop = trade.market.shop
    product = await shop.write(add_product, NewProduct({"zh": name}, category))
    variant = await shop.write(add_variant, NewVariant(product, 900))
    await trade.connect(variant, trade.first, ref=name, cost=cost)
    return variant


async def begun(office: Office) -> Screen:
    return await office.press(button(await office.press("admin/markups"), "新规则"))


async def test_a_supplier_s_rule_is_answered_shown_by_an_example_and_set(
    office: Office, trade: Trade
) -> None:
    variant = await bought(trade, "爱奇艺月卡")
    await office.shop.write(put_rule, BY_SUPPLIER, Markup(percent_bp=10_000))
    await office.shop.write(follow, variant)
    asked = await begun(office)
    assert text_of(asked).startswith("加价规则 (1/4)")
    asked = await office.press(button(asked, "first"))
    assert "现在的规则：加 100%" in text_of(asked)
    asked = await office.type("１２.5%")
    assert text_of(asked).startswith("加价规则 (3/4)")
    asked = await office.type("0.50")
    assert "加 12.5%  再加 ¥0.50" in text_of(asked)
    preview = await office.press(button(asked, "尾数 .90"))
    assert "例：爱奇艺月卡，进价 ¥5.00 → 售价 ¥6.90，赚 ¥1.90" in text_of(preview)
    assert "会改 1 个价格" in text_of(preview)
    assert await rule_of(office, BY_SUPPLIER) == Markup(percent_bp=10_000), "nothing before it is agreed to"
    yes = button(preview, "就这样改")
    done = await office.press(yes)
    assert await rule_of(office, BY_SUPPLIER) == Markup(1_250, 50, Ending.NINETY)
    assert await office.market.one("SELECT price_minor FROM variants WHERE id = :v", v=variant) == 690
    assert text_of(await office.press(yes)) == text_of(done), "a second press shows what was made"
    assert [entry.command for entry in await office.audit()] == ["markup"]
    back = await office.press(button(await office.press(yes), "撤销，改回：加 100%"))
    assert "规则已生效" in text_of(back)
    assert await rule_of(office, BY_SUPPLIER) == Markup(percent_bp=10_000)
    assert await office.market.one("SELECT price_minor FROM variants WHERE id = :v", v=variant) == 1_000


async def test_a_product_is_found_by_its_name_or_number_and_one_of_several_is_chosen(
    office: Office, trade: Trade
) -> None:
    one = await bought(trade, "爱奇艺月卡")
    other = await bought(trade, "爱奇艺年卡")
    stocked = await office.market.a_variant()
    await begun(office)
    refused = await office.type("没有的商品")
    assert text_of(refused.with_toast("")).startswith("加价规则 (1/4)")
    assert refused.toast
    several = await office.type("爱奇艺")
    assert list(links_of(several))[:2] == ["爱奇艺月卡", "爱奇艺年卡"]
    chosen = await office.press(button(several, "爱奇艺年卡"))
    assert "爱奇艺年卡" in text_of(chosen)
    back = await office.press(button(chosen, "上一步"))
    assert text_of(back).startswith("加价规则 (1/4)")
    assert "爱奇艺月卡" in text_of(await office.type("爱奇艺 月"))
    await begun(office)
    assert text_of(await office.type(f"#{stocked}")).startswith("加价规则 (2/4)")
    await begun(office)
    await office.type(str(other))
    await office.type("0")
    ending = await office.type("2")
    await office.press(button(await office.press(button(ending, "不凑尾数")), "就这样改"))
    assert await rule_of(office, Subject(Scope.VARIANT, str(other))) == Markup(plus_minor=200)
    assert await rule_of(office, Subject(Scope.VARIANT, str(one))) is None


async def test_a_category_is_priced_by_what_is_bought_in_it_or_below(office: Office, trade: Trade) -> None:
    top = await office.shop.write(add_category, {"zh": "视频"}, None)
    below = await office.shop.write(add_category, {"zh": "会员"}, top)
    asked = await office.press(button(await begun(office), "按分类定"))
    asked = await office.press(button(asked, "视频"))
    ending = await office.press(button(await office.press(button(asked, "加 10%")), "不再加"))
    preview = await office.press(button(ending, "尾数 .50"))
    assert "例：一件货，进价 ¥10.00 → 售价 ¥11.50" in text_of(preview), "nothing is in it yet"
    await bought(trade, "爱奇艺月卡", cost=800, category=below)
    example = await office.shop.read(find_example, Subject(Scope.CATEGORY, str(top)), Markup(1_000), "zh")
    assert example == Example("爱奇艺月卡", Money(800, "CNY"), Money(880, "CNY"))


async def test_a_supplier_whose_goods_nobody_sells_yet_is_shown_by_its_first_offer(
    office: Office, trade: Trade
) -> None:
    empty = await office.shop.read(find_example, BY_SUPPLIER, Markup(2_000), "zh")
    assert empty == Example("", Money(1_000, "CNY"), Money(1_200, "CNY"))
    await office.shop.write(keep_offers, "first", [trade.first.sells("Z", cost=700)])
    offered = await office.shop.read(find_example, BY_SUPPLIER, Markup(2_000), "zh")
    assert offered == Example("Goods Z", Money(700, "CNY"), Money(840, "CNY"))


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("markup_for", "supplier/nobody"),
        ("markup_for", "variant/99"),
        ("markup_percent", "say/-5"),
        ("markup_percent", "say/abc"),
        ("markup_percent", "say/10001"),
        ("markup_plus", "say/-1"),
        ("markup_plus", "say/9999999999999999999999"),
        ("markup_ending", "ending/77"),
        ("markup_ending", "make"),
    ],
)
async def test_a_bent_answer_goes_nowhere(office: Office, step: str, answer: str) -> None:
    asked = await begun(office)
    for reached, press in (
        ("markup_for", "first"),
        ("markup_percent", "加 20%"),
        ("markup_plus", "不再加"),
    ):
        if reached == step:
            break
        asked = await office.press(button(asked, press))
    [way_out] = [link for text, link in links_of(asked).items() if text == "放弃"]
    await office.press(way_out.removesuffix("drop") + answer)
    assert await office.market.one("SELECT step FROM forms") == step
    assert await rule_of(office, BY_SUPPLIER) is None


async def test_every_link_of_the_form_fits_into_a_button(office: Office) -> None:
    """Also that of a supplier whose name is as long as names may be: nothing else in a link is of any length."""
    asked = await begun(office)
    for one in buttons_of(asked):
        if isinstance(one, LinkButton):
            assert len(one.link.replace("/first", f"/{'s' * 20}").encode()) <= 64


async def test_support_sets_no_rule(office: Office) -> None:
    roster = office.shop.get(Roster)
    await office.shop.write(take_on, roster, "tg:88", Role.SUPPORT, by=OWNER)
    answered = await office.press("admin/markup", who=("tg", "88"))
    assert "加价规则" not in text_of(answered)
    assert await office.market.one("SELECT count(*) FROM forms") == 0
