"""Categories, products, variants, stock: from nothing to a product on sale, in the chat."""

from __future__ import annotations

from shop_core.catalog.read import get_product_for_sale, get_variant
from shop_core.kernel.policy import SupplierTerms
from tests.admin.office import STRANGER, Office, button, links_of, staffed, text_of
from tests.core.builders import a_market


async def test_what_is_asked_for_twice_is_made_once(office: Office) -> None:
    for _ in range(2):
        await office.type("/category add 视频会员 --en Video")
        top = await office.market.one("SELECT min(id) FROM categories")
        await office.type(f"/category add 爱奇艺 --parent {top}")
        await office.type(f"/product add 黄金会员 --category {top} --description 一张激活码")
        product = await office.market.one("SELECT id FROM products")
        await office.type(f"/variant add {product} 15 月卡")
    assert "已经有" in text_of(await office.type("/product add 黄金会员"))
    for table, number in (("categories", 2), ("products", 1), ("variants", 1), ("audit_log", 4)):
        assert await office.market.one(f"SELECT count(*) FROM {table}") == number


async def test_the_same_name_may_stand_in_two_categories_and_two_products(office: Office) -> None:
    await office.type("/category add 会员")
    await office.type("/category add 音乐")
    music = await office.market.one("SELECT max(id) FROM categories")
    tree = text_of(await office.type(f"/category add 会员 --parent {music}"))
    assert [line.partition(" ")[2] for line in tree.splitlines()[2:]] == ["会员", "音乐", "会员"]
    assert tree.splitlines()[-1].startswith("　#")
    for name in ("爱奇艺", "腾讯"):
        await office.type(f"/product add {name}")
        product = await office.market.one("SELECT max(id) FROM products")
        await office.type(f"/variant add {product} 15 月卡")
    assert await office.market.one("SELECT count(*) FROM variants") == 2


async def test_limits_are_set_and_lifted(office: Office) -> None:
    variant = await office.market.a_variant()
    await office.type(f"/limits {variant} 2 5")
    view = await office.shop.read(get_variant, variant)
    assert (view.per_order, view.per_person) == (2, 5)
    await office.type(f"/limits {variant} 0 0")
    view = await office.shop.read(get_variant, variant)
    assert (view.per_order, view.per_person) == (None, None)


async def test_hiding_takes_a_product_off_sale(office: Office) -> None:
    variant = await office.market.a_variant()
    product = (await office.shop.read(get_variant, variant)).product_id
    shown = await office.press(f"admin/product/show/{product}")
    await office.press(button(shown, "下架"))
    unknown = await office.press(f"p/{product}", who=STRANGER)
    assert "没有找到" in text_of(unknown)
    await office.press(f"admin/product/publish/{product}")
    assert (await office.shop.read(get_product_for_sale, product)).id == product


async def test_who_supplies_a_variant_is_a_tap_from_what_it_is(office: Office, database_url: str) -> None:
    alone = await office.type(f"/goods {await office.market.a_variant()}")
    assert "供货渠道" not in links_of(alone), "this shop buys from nobody"
    async with a_market(database_url, terms={"acg": SupplierTerms()}) as market:
        buying = staffed(market)
        shown = await buying.type(f"/goods {await market.a_variant()}")
        routes = await buying.press(button(shown, "供货渠道"))
        assert "没有接供应商" in text_of(routes)


SLIPS = {
    "variant add {product} 0 年卡": "售价要大于 0",
    "variant add {product} -5": "写法",
    "variant add 777777 5": "没有找到这个商品",
    "price 777777 5": "没有这个规格号",
    "price 99999999999999999999 5": "写法",
    "price 一 5": "写法",
    "limits {variant} 2": "每单最多几张",
    "limits {variant} 2 -1": "写法",
    "product publish 777777": "没有找到这个商品",
    "product add x --category 777777": "没有这个分类号",
    "category add x --parent 777777": "没有这个上级分类号",
    "product add x --colour red": "写法",
    "product add " + "长" * 121: "名称要有 1 到 120 个字",
    "import {variant} --expires tomorrow": "写法",
    "import {variant} --cost x": "金额看不懂",
    "import 777777": "没有这个规格号",
    "orders --state lost": "写法",
    "pric 1 5": "没有“pric”这个命令",
    "product": "没有“product”这个命令",
    "wallet K7M2-9QXX 5 x": "没有找到这个订单",
    "wallet 777777 5 x": "没有找到这个人",
    "wallet K7M2-9QX9 0 x": "金额看不懂",
    "verify --codes": "在服务器上运行",
}


async def test_a_slip_is_answered_with_how_it_is_written(office: Office) -> None:
    variant = await office.market.a_variant()
    product = (await office.shop.read(get_variant, variant)).product_id
    before = await office.audit(), await office.market.everything()
    for line, said in SLIPS.items():
        answer = await office.type("/" + line.format(product=product, variant=variant))
        assert said in text_of(answer), line
    assert (await office.audit(), await office.market.everything()) == before


async def test_stock_is_listed_emptiest_first(office: Office) -> None:
    full = await office.market.a_variant(codes=7)
    empty = await office.market.a_variant(codes=0)
    screen = await office.type("/stock")
    lines = text_of(screen).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [f"#{empty}", f"#{full}"]
    assert list(links_of(screen).values()) == [f"admin/import/{empty}", "admin"]
