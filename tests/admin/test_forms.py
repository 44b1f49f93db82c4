"""Forms: one question at a time, a way back, a preview, nothing done before it and nothing done twice."""

from __future__ import annotations

import asyncio

import pytest

from handlers.screen import LinkButton, Screen, Weight
from shop_core.catalog.read import get_variant
from shop_core.conversations import forms
from shop_core.customers.people import Address
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from tests.admin.office import STRANGER, Office, button, buttons_of, links_of, text_of
from tests.core.builders import OWNER

LONG = "爱奇艺黄金会员季卡充值码游戏点券音乐视频年度豪华典藏限定版本全平台通用不限地区即买即用"


async def counts(office: Office) -> tuple[int, ...]:
    return tuple(
        [
            int(await office.market.one(f"SELECT count(*) FROM {table}"))
            for table in ("categories", "products", "variants", "audit_log")
        ]
    )


async def begun(office: Office) -> Screen:
    """A form of a new product, by pressing."""
    home = await office.press("admin")
    products = await office.press(button(home, "商品"))
    return await office.press(button(products, "新建商品"))


async def at_the_preview(office: Office) -> Screen:
    """A product with two variants, one press before it is made."""
    await begun(office)
    await office.type("爱奇艺黄金会员")
    await office.type("视频会员")
    await office.type("１５ 12.3")
    named = await office.type("月卡")
    await office.press(button(named, "再加一个规格"))
    await office.type("¥148.00")
    return await office.type("年卡")


async def test_a_product_with_two_variants_is_made_by_pressing_and_answering(office: Office) -> None:
    asked = await begun(office)
    assert text_of(asked).startswith("新建商品 (1/4)   名称")
    assert list(links_of(asked)) == ["放弃"]
    asked = await office.type("Rock'n'Roll 会员")
    assert text_of(asked).startswith("新建商品 (2/4)   分类")
    asked = await office.type("视频会员")
    assert text_of(asked).startswith("新建商品 (3/4)   价格")
    asked = await office.type("４８．５０ 40")
    assert text_of(asked).startswith("新建商品 (4/4)   规格名")
    preview = await office.type("月卡")
    assert "月卡   ¥48.50   成本 ¥40.00" in text_of(preview)
    await office.press(button(preview, "再加一个规格"))
    await office.type("480")
    preview = await office.type("年卡")
    assert "新分类：视频会员" in text_of(preview)
    assert preview.prompt is None
    assert await counts(office) == (0, 0, 0, 0), "nothing before the preview is agreed to"
    made = await office.press(button(preview, "上架"))
    assert "建好了" in text_of(made)
    assert "在售" in text_of(made)
    assert await counts(office) == (1, 1, 2, 5)
    await office.press(button(made, "入库 月卡"))
    await office.send("codes.txt", b"A-1\nA-2\n")
    home = await office.press("", who=STRANGER)
    assert "Rock'n'Roll 会员" in str(links_of(home))
    assert [entry.command for entry in await office.audit()] == [
        "category add",
        "product add",
        "variant add",
        "variant add",
        "product publish",
        "import",
    ]
    assert {entry.actor for entry in await office.audit()} == {"tg:1"}


async def test_one_may_go_back_from_everywhere_and_change_ones_mind(office: Office) -> None:
    preview = await at_the_preview(office)
    variant = await office.press(button(preview, "上一步"))
    assert "规格名" in text_of(variant)
    price = await office.press(button(variant, "上一步"))
    assert "价格" in text_of(price)
    again = await office.press(button(price, "上一步"))
    assert "月卡" in text_of(again)
    assert "年卡" not in text_of(again)
    made = await office.press(button(again, "先存草稿"))
    assert "草稿" in text_of(made)
    assert await counts(office) == (1, 1, 1, 3)


async def test_every_question_back_to_the_first(office: Office) -> None:
    await begun(office)
    category = await office.type("甲")
    name = await office.press(button(category, "上一步"))
    assert "(1/4)" in text_of(name)
    await office.type("乙")
    price = await office.press(button(await office.press(button(category, "放弃")), "商品"))
    assert "还没有商品" in text_of(price)
    assert await counts(office) == (0, 0, 0, 0)


async def test_a_first_variant_without_a_name_gets_one_when_there_is_a_second(office: Office) -> None:
    await begun(office)
    await office.press(button(await office.type("网易云音乐"), "先不分类"))
    only = await office.press(button(await office.type("8"), "只有一种"))
    named = await office.press(button(only, "再加一个规格"))
    assert "只有一种，不用规格名" not in links_of(named)
    await office.type("月卡")
    await office.type("88")
    preview = await office.type("年卡")
    assert "月卡   ¥8.00" in text_of(preview)
    assert "年卡   ¥88.00" in text_of(preview)
    await office.press(button(preview, "上架"))
    assert await counts(office) == (0, 1, 2, 4)


@pytest.mark.parametrize(
    ("answers", "refused", "said"),
    [
        ((), "长" * 121, "名称要有 1 到 120 个字"),
        ((), "季卡", "已经有叫“季卡”的了"),
        (("甲", "视频"), "便宜", "金额看不懂"),
        (("甲", "视频"), "0", "售价要大于 0"),
        (("甲", "视频"), "-5", "金额看不懂"),
        (("甲", "视频"), "15 12 11", "金额看不懂"),
        (("甲", "视频"), "99999999999999999999", "金额看不懂"),
    ],
)
async def test_a_refused_answer_is_asked_for_again(
    office: Office, answers: tuple[str, ...], refused: str, said: str
) -> None:
    await office.market.a_variant()
    asked = await begun(office)
    for answer in answers:
        asked = await office.type(answer)
    before = await counts(office)
    again = await office.type(refused)
    assert said in text_of(again)
    assert again.lines == asked.lines
    assert again.prompt == asked.prompt
    assert await counts(office) == before


async def test_two_presses_at_once_and_one_late_make_it_once(office: Office) -> None:
    preview = await at_the_preview(office)
    yes = button(preview, "上架")
    screens = await asyncio.gather(*(office.press(yes) for _ in range(4)))
    assert await counts(office) == (1, 1, 2, 5)
    assert len({screen.lines for screen in screens}) == 1
    assert (await office.press(yes)).lines == screens[0].lines
    assert (await office.press(yes.replace("publish", "draft"))).lines == screens[0].lines
    assert await counts(office) == (1, 1, 2, 5)


async def test_a_button_of_a_step_that_is_past_shows_where_the_form_is(office: Office) -> None:
    first = await begun(office)
    key = first.prompt.link if first.prompt else ""
    category = await office.type("甲")
    await office.type("视频")
    late = await office.press(f"{key}/乙")
    assert "(3/4)" in text_of(late)
    assert "甲" in text_of(late)
    assert "(3/4)" in text_of(await office.press(button(category, "先不分类")))


async def test_a_form_that_another_replaced_or_that_was_given_up_answers_politely(office: Office) -> None:
    first = await begun(office)
    second = await begun(office)
    assert "不在填了" in text_of(await office.press(button(first, "放弃")))
    assert "放弃了，什么也没改" in text_of(await office.press(button(second, "放弃")))
    for _ in range(2):
        assert "不在填了" in text_of(await office.press(button(second, "放弃")))
    assert await counts(office) == (0, 0, 0, 0)


async def test_a_form_is_anothers_to_nobody(office: Office) -> None:
    preview = await at_the_preview(office)
    await office.shop.write(take_on, office.shop.get(Roster), "tg:77", Role.ADMIN, by=OWNER)
    before = await counts(office)
    said = await office.press(button(preview, "上架"), who=("tg", "77"))
    assert "不在填了" in text_of(said)
    assert await counts(office) == before


async def test_who_is_removed_in_the_middle_of_a_form_makes_nothing(office: Office) -> None:
    member = await office.shop.write(take_on, office.shop.get(Roster), "tg:77", Role.ADMIN, by=OWNER)
    who = ("tg", "77")
    await office.press("admin/product/add", who=who)
    for answer in ("甲", "视频", "15"):
        await office.type(answer, who=who)
    preview = await office.type("月卡", who=who)
    await office.type(f"/staff remove {member.id} --yes")
    before = await counts(office)
    await office.press(button(preview, "上架"), who=who)
    await office.type("年卡", who=who)
    assert await counts(office) == before


async def test_forged_steps_and_actions_make_nothing(office: Office) -> None:
    await begun(office)
    key = await office.market.one("SELECT key FROM forms")
    for step in ("name", "category", "preview", "done", "nowhere", "x" * 20):
        for action in (
            "make/publish",
            "pick/1",
            "pick/99999999999999999999",
            "skip",
            "more",
            "back",
            "say",
            "zzz",
        ):
            await office.press(f"admin/form/{key}/{step}/{action}")
    assert await counts(office) == (0, 0, 0, 0)
    assert await office.market.one("SELECT step FROM forms") == "name"


async def test_who_comes_second_moves_nothing(office: Office) -> None:
    where = Address("tg", "1")
    state = await office.shop.write(forms.begin, where, "product", "name", {"variants": []})
    assert await office.shop.write(forms.move, where, state, "category", {"name": "甲"})
    assert not await office.shop.write(forms.move, where, state, "category", {"name": "乙"})
    found = await office.shop.read(forms.find_form, where, state.key)
    assert found is not None
    assert (found.step, found.answers) == ("category", {"name": "甲"})


async def test_a_form_waits_a_day_and_is_forgotten(office: Office) -> None:
    asked = await begun(office)
    office.market.clock.advance(days=1)
    assert "不在填了" in text_of(await office.press(button(asked, "放弃")))
    assert await office.shop.write(forms.purge) == 1


async def test_every_link_of_a_form_fits_into_a_button(office: Office) -> None:
    await begun(office)
    screens = [await office.type(LONG), await office.type(LONG[:20]), await office.type("15 12")]
    screens.append(await office.type(LONG[:30]))
    for screen in screens:
        for one in buttons_of(screen):
            if isinstance(one, LinkButton):
                assert len(one.link.encode()) <= 64
    weights = [one.weight for one in buttons_of(screens[-1]) if isinstance(one, LinkButton)]
    assert weights.count(Weight.PRIMARY) == 1


# ------------------------------------------------------------------------------------------------ prices


async def test_a_price_is_changed_by_pressing_and_typing_a_number_and_taken_back_by_one_press(
    office: Office,
) -> None:
    variant = await office.market.a_variant(price=1500, cost=1230)
    product = await office.press(button(await office.press("admin/product/list"), "#"))
    asked = await office.press(button(product, "改价"))
    assert "现在 ¥15.00，成本 ¥12.30" in text_of(asked)
    preview = await office.type("１６")
    assert "售价 ¥15.00 → ¥16.00" in text_of(preview)
    assert (await office.shop.read(get_variant, variant)).price.minor == 1500
    done = await office.press(button(preview, "改成 ¥16.00"))
    assert "现在卖 ¥16.00" in text_of(done)
    assert (await office.shop.read(get_variant, variant)).price.minor == 1600
    undone = await office.press(button(done, "撤销，改回 ¥15.00"))
    assert "现在卖 ¥15.00" in text_of(undone)
    view = await office.shop.read(get_variant, variant)
    assert (view.price.minor, view.cost.minor) == (1500, 1230)
    assert [entry.details["to"] for entry in await office.audit_of("price")] == ["16.00", "15.00"]


async def test_a_price_that_somebody_else_changed_meanwhile_is_looked_at_again(office: Office) -> None:
    variant = await office.market.a_variant(price=1500)
    await office.press(f"admin/price/{variant}")
    preview = await office.type("16")
    await office.market.sql("UPDATE variants SET price_minor = 2000")
    again = await office.press(button(preview, "改成"))
    assert "刚才有人改过" in text_of(again)
    assert "售价 ¥20.00 → ¥16.00" in text_of(again)
    assert (await office.shop.read(get_variant, variant)).price.minor == 2000
    await office.press(button(again, "改成"))
    assert (await office.shop.read(get_variant, variant)).price.minor == 1600
    await office.market.sql("UPDATE variants SET price_minor = 3000")
    await office.press(f"admin/price/{variant}")
    typed = await office.press(button(await office.type("15"), "上一步"))
    assert "现在 ¥30.00" in text_of(typed)
    await office.press(button(await office.type("16 9"), "改成"))
    view = await office.shop.read(get_variant, variant)
    assert (view.price.minor, view.cost.minor) == (1600, 900)


async def test_one_more_variant_is_added_by_answering(office: Office) -> None:
    variant = await office.market.a_variant(price=1500)
    page = f"admin/product/show/{(await office.shop.read(get_variant, variant)).product_id}"
    product = await office.press(page)
    asked = await office.press(button(product, "加规格"))
    assert text_of(asked).startswith("加规格 (1/2)   价格")
    await office.type("148 120")
    preview = await office.type("年卡")
    done = await office.press(button(preview, "加上"))
    assert "年卡 · ¥148.00 · 成本 ¥120.00 · 库存 0" in text_of(done)
    again = await office.press(button(await office.press(page), "加规格"))
    await office.type("9")
    assert again.prompt is not None
    assert "已经有叫“年卡”的了" in text_of(await office.type("年卡"))
