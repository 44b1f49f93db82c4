"""Search finds what people type, alike on both databases, and a large catalogue costs no more to look at."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from shop_core.catalog.folding import fold, fold_all
from shop_core.catalog.models import Category, Product, Variant
from shop_core.db.tx import Tx
from tests.core.test_costs import recording
from tests.handlers.street import Street, Visitor

MOST_FOR_A_SCREEN = 12
GOODS = (
    "爱奇艺黄金会员",
    "网易云音乐 年卡",
    "Steam 充值码",
    "QQ音乐 绿钻",
    "100% 好评_月卡",
    "ＮＥＴＦＬＩＸ 礼品卡",
)


async def found(street: Street, typed: str) -> list[str]:
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.follow("find")
    await visitor.type(typed)
    return [text.split("  ")[0] for text in visitor.buttons if "¥" in text]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("音乐", ["网易云音乐 年卡", "QQ音乐 绿钻"]),
        ("steam", ["Steam 充值码"]),
        ("ＳＴＥＡＭ", ["Steam 充值码"]),
        ("netflix", ["ＮＥＴＦＬＩＸ 礼品卡"]),
        ("年卡 音乐", ["网易云音乐 年卡"]),
        ("100%", ["100% 好评_月卡"]),
        ("%", ["100% 好评_月卡"]),
        ("评_月", ["100% 好评_月卡"]),
        ("\\", []),
        ("(en)", [*GOODS]),
        ("没有的东西", []),
    ],
)
async def test_what_people_type_is_found(street: Street, typed: str, expected: list[str]) -> None:
    for name in GOODS:
        await street.a_product(name)
    assert sorted(await found(street, typed)) == sorted(expected)


async def test_names_that_begin_so_come_first_and_descriptions_last(street: Street) -> None:
    await street.a_product("甲", about="含点券")
    await street.a_product("游戏点券")
    await street.a_product("点券 100")
    assert await found(street, "点券") == ["点券 100", "游戏点券", "甲"]


async def test_categories_and_variants_are_searched_too(street: Street) -> None:
    top = await street.a_category("视频会员")
    await street.a_product("甲", category_id=await street.a_category("国内", top))
    await street.a_product("乙", variants={"月卡": 100, "季卡": 200})
    assert await found(street, "视频") == ["甲"]
    assert await found(street, "季卡") == ["乙"]


async def test_what_is_not_for_sale_is_not_found(street: Street) -> None:
    hidden, shelf = await street.a_category("藏"), await street.a_category("露")
    below = await street.a_category("藏在里面", hidden)
    await street.a_product("甲卡", category_id=below)
    await street.a_product("乙卡", category_id=shelf)
    bare, _ = await street.a_product("丙卡")
    await street.market.sql("UPDATE categories SET hidden = :yes WHERE id = :id", yes=True, id=hidden)
    await street.market.sql("UPDATE variants SET hidden = :yes WHERE product_id = :id", yes=True, id=bare)
    assert await found(street, "卡") == ["乙卡"]
    visitor = street.a_visitor()
    await visitor.hello()
    assert next(text for text in visitor.buttons if "¥" in text).startswith("乙卡")
    assert not visitor.has("甲卡")


def _fill(tx: Tx, count: int) -> None:
    """A large catalogue, at once: forty categories, each product with a variant."""
    tx.execute(
        insert(Category),
        [
            {"id": 1000 + n, "names": {"zh": f"柜{n}"}, "position": n, "hidden": False, "parent_id": None}
            for n in range(40)
        ],
    )
    rows = [
        {
            "id": 10_000 + n,
            "category_id": 1000 + n % 40,
            "names": {"zh": f"商品{n}"},
            "descriptions": {},
            "attributes": {},
            "state": "published",
            "position": n,
            "since": tx.now,
            "search_names": fold_all([f"商品{n}"]),
            "search_rest": "",
        }
        for n in range(count)
    ]
    tx.execute(insert(Product), rows)
    variants = [
        {
            "product_id": row["id"],
            "names": {},
            "price_minor": 100,
            "cost_minor": 0,
            "sell_until_days": 0,
            "position": 1,
            "hidden": False,
        }
        for row in rows
    ]
    tx.execute(insert(Variant), variants)


async def costs(visitor: Visitor) -> list[int]:
    """Statements of home, of a list, of a category and of a search."""
    counts = []
    for path in ("", "all/2", "c/1003", "find/商品", "p/10009"):
        with recording(visitor.street.market) as seen:
            await visitor.follow(path)
        counts.append(len(seen))
    return counts


async def test_a_screen_of_a_large_catalogue_takes_no_more_statements(street: Street) -> None:
    market = street.market
    await market.shop.write(_fill, 400)
    visitor = street.a_visitor()
    await visitor.hello()
    few = await costs(visitor)
    for table in ("variants", "products", "categories"):
        await market.sql(f"DELETE FROM {table}")
    await market.shop.write(_fill, 2000)
    assert await costs(visitor) == few
    assert max(few) <= MOST_FOR_A_SCREEN


async def test_two_thousand_products_page_by_page_and_by_search(street: Street) -> None:
    await street.market.shop.write(_fill, 2000)
    visitor = street.a_visitor()
    await visitor.hello()
    assert visitor.has("柜0 50")
    await visitor.press("全部商品")
    assert visitor.text == "全部商品  1/250"
    await visitor.follow("all/250")
    assert visitor.buttons[-3] == "上一页"
    assert visitor.text == "全部商品  250/250"
    await visitor.follow("c/1003/7")
    assert visitor.text == "柜3  7/7"
    assert len([text for text in visitor.buttons if "¥" in text]) == 2
    assert await found(street, "商品1999") == ["商品1999"]


async def test_what_is_found_goes_on_page_by_page(street: Street) -> None:
    await street.market.shop.write(_fill, 20)
    visitor = street.a_visitor()
    await visitor.hello()
    seen: list[str] = []
    await visitor.type("商品")
    while True:
        seen += [text.partition("  ")[0] for text in visitor.buttons if "¥" in text]
        if not visitor.has("下一页"):
            break
        await visitor.press("下一页")
    assert sorted(seen) == sorted(f"商品{n}" for n in range(20))
    await visitor.press("上一页")
    assert visitor.has("下一页")


async def test_a_page_of_signs_is_a_link_like_any(street: Street) -> None:
    for number in range(9):
        await street.a_product(f"满减 50%? #{number}", codes=0)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.type("50%? #")
    await visitor.press("下一页")
    assert len([text for text in visitor.buttons if "¥" in text]) == 1


async def test_words_too_long_for_a_link_have_one_page(street: Street) -> None:
    words = "很长" * 12
    for number in range(9):
        await street.a_product(f"{words}{number}", codes=0)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.type(words)
    assert len([text for text in visitor.buttons if "¥" in text]) == 8
    assert not visitor.has("下一页")


async def test_who_finds_nothing_is_shown_the_way_to_everything(street: Street) -> None:
    await street.a_product("月卡")
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.type("没有的东西")
    await visitor.press("全部商品")
    assert visitor.has("月卡")


def test_folding_makes_the_same_of_what_looks_the_same() -> None:
    assert fold("  ＳＴＥＡＭ\u3000５０  Straße ") == "steam 50 strasse"
    assert fold_all(["A b", " ", "Ｃ"]) == "\na b\nc"
