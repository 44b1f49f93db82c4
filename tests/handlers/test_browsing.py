"""From hello to the payment screen: as few taps as there are choices."""

from __future__ import annotations

from handlers.screen import Style
from tests.core.builders import a_market
from tests.handlers.street import NO_WAY, ONE_WAY, TWO_WAYS, Street, Visitor

NINE = [f"商品{number}" for number in range(1, 10)]
"""More products than a shop shows without categories."""


async def walk(visitor: Visitor, *texts: str) -> None:
    for text in texts:
        await visitor.press(text)


# ---------------------------------------------------------------------- three taps


async def test_three_taps_from_hello_to_the_payment_screen(street: Street) -> None:
    await street.a_product("爱奇艺黄金会员")
    visitor = street.a_visitor(ONE_WAY)
    visitor.taps = 1  # What opens the chat is a tap, too.
    await visitor.hello()
    await visitor.press("爱奇艺黄金会员")
    await visitor.press("买 1 张")
    assert visitor.taps == 3
    assert visitor.pay_url == f"https://pay.test/{visitor.number}"
    assert visitor.screen.qr is not None
    assert "应付 ¥9.90" in visitor.text
    assert visitor.screen.deadline is not None
    assert len(street.market.gateway.begun) == 1


async def test_with_two_ways_to_pay_the_choice_between_them_is_the_only_step_more(street: Street) -> None:
    await street.a_product("爱奇艺黄金会员")
    visitor = street.a_visitor(TWO_WAYS)
    await visitor.hello()
    await walk(visitor, "爱奇艺黄金会员", "买 1 张")
    assert [text for text in visitor.buttons if "¥9.90" in text] == ["epay ¥9.90", "bank ¥9.90"]
    assert street.market.gateway.begun == []
    await visitor.press("epay")
    assert visitor.taps == 3
    assert visitor.pay_url


async def test_without_a_way_to_pay_the_order_says_so(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor(NO_WAY)
    await visitor.hello()
    await walk(visitor, "爱奇艺", "买 1 张")
    assert "没有可用的付款方式" in visitor.text
    assert visitor.has("取消订单")


async def test_english_has_the_same_three_taps(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor(language="en-GB")
    await visitor.hello()
    await walk(visitor, "(en)", "Buy 1")
    assert "¥9.90 due" in visitor.text
    assert visitor.pay_url


# ---------------------------------------------------------------------- products and variants


async def test_an_empty_shop_says_so(street: Street) -> None:
    visitor = street.a_visitor()
    await visitor.hello()
    assert "还没有上架商品" in visitor.text


async def test_a_product_with_several_variants_asks_which(street: Street) -> None:
    _, [month, year] = await street.a_product("网易云", variants={"月卡": 1500, "年卡": 8800})
    visitor = street.a_visitor()
    await visitor.hello()
    assert visitor.has("网易云  ¥15.00 起")
    await visitor.press("网易云")
    assert [text for text in visitor.buttons if "卡" in text] == [
        "月卡  ¥15.00  仅剩 3",
        "年卡  ¥88.00  仅剩 3",
    ]
    await visitor.press("年卡")
    assert visitor.screen.lines[0].style is Style.TITLE  # type: ignore[union-attr]
    assert visitor.text.startswith("网易云 年卡")
    await visitor.press("返回")
    assert visitor.link("月卡") == f"v/{month}"
    await walk(visitor, "年卡", "买 2 张 ¥176.00")
    [line] = (await street.market.look(visitor.number)).lines
    assert (line.variant_id, line.quantity) == (year, 2)


async def test_a_sold_out_product_can_be_looked_at_and_not_bought(street: Street) -> None:
    await street.a_product(codes=0)
    visitor = street.a_visitor()
    await visitor.hello()
    assert visitor.has("到货提醒")
    await visitor.press("爱奇艺")
    assert "暂时卖完了" in visitor.text
    assert not visitor.has("买")


async def test_no_more_is_offered_than_there_is(street: Street) -> None:
    await street.a_product("甲", codes=1)
    await street.a_product("乙", codes=2)
    visitor = street.a_visitor()
    for name, quantities in {"甲": ["买 1 张"], "乙": ["买 1 张", "买 2 张"]}.items():
        await visitor.hello()
        await visitor.press(name)
        assert [text.rpartition(" ")[0] for text in visitor.buttons[:-2]] == quantities


async def test_what_the_owner_wrote_is_text_and_nothing_else(street: Street) -> None:
    await street.a_product("<b>{amount}</b> %s *x*", about="第一行 & {n}\n[二](http://x)")
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("<b>")
    assert "<b>{amount}</b> %s *x*\n第一行 & {n}\n[二](http://x)" in visitor.text


# ---------------------------------------------------------------------- categories


async def test_a_small_shop_shows_its_goods_and_no_category(street: Street) -> None:
    shelf = await street.a_category("视频")
    await street.a_product("甲", category_id=shelf)
    visitor = street.a_visitor()
    await visitor.hello()
    assert visitor.has("甲")
    assert not visitor.has("视频")


async def test_categories_lead_down_and_back_up(street: Street) -> None:
    top = await street.a_category("视频")
    home, abroad = await street.a_category("国内", top), await street.a_category("国外", top)
    for name in NINE:
        await street.a_product(name, category_id=home)
    await street.a_product("奈飞", category_id=abroad)
    await street.a_product("迪士尼", category_id=abroad)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("视频 11")
    assert visitor.buttons == ["国内 9", "国外 2", "返回"]
    await visitor.press("国内")
    assert visitor.has("商品8")
    assert not visitor.has("商品9")
    await visitor.press("下一页")
    assert visitor.has("商品9")
    await visitor.press("上一页")
    assert visitor.has("商品1")
    await walk(visitor, "商品1", "返回")
    assert visitor.text == "国内  1/2"
    await walk(visitor, "返回", "国外", "奈飞", "返回")
    assert visitor.text == "国外"
    await walk(visitor, "返回", "返回")
    assert visitor.text.startswith("Kapu")


async def test_a_category_with_one_choice_is_skipped_both_ways(street: Street) -> None:
    """Going back from behind a skipped screen must not lead to it: it would lead down again for ever."""
    video = await street.a_category("视频")
    home = await street.a_category("国内", video)
    iqiyi, youku = await street.a_category("爱奇艺", home), await street.a_category("优酷", home)
    await street.a_product("黄金月卡", category_id=iqiyi)
    await street.a_product("优酷月卡", category_id=youku)
    await street.a_product("优酷年卡", category_id=youku)
    other = await street.a_category("其他")
    for name in NINE:
        await street.a_product(name, category_id=other)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("视频 3")
    assert visitor.text == "国内", "one shelf inside: shown at once"
    await visitor.press("爱奇艺 1")
    assert visitor.has("买 1 张"), "one product inside, with one variant: ready to buy"
    await visitor.press("返回")
    assert visitor.text == "国内"
    await walk(visitor, "优酷 2", "优酷月卡", "返回")
    assert visitor.text == "优酷"
    await walk(visitor, "返回", "返回")
    assert visitor.text.startswith("Kapu")


async def test_all_products_page_by_page(street: Street) -> None:
    for name in NINE:
        await street.a_product(name)
    visitor = street.a_visitor()
    await visitor.hello()
    assert [text[:3] for text in visitor.buttons[:4]] == NINE[:4]
    await visitor.press("全部商品")
    assert [text[:3] for text in visitor.buttons[:8]] == NINE[:8]
    await visitor.press("下一页")
    assert visitor.buttons[0].startswith("商品9")
    assert not visitor.has("下一页")
    await walk(visitor, "上一页", "返回")
    assert visitor.has("搜索")


# ---------------------------------------------------------------------- language, help, orders


async def test_the_language_is_changed_by_a_button_and_remembered(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await walk(visitor, "语言 / Language", "English")
    assert visitor.has("My orders")
    await visitor.hello()
    assert visitor.has("Balance ¥0.00")
    await walk(visitor, "Language", "中文")
    assert visitor.has("我的订单")


async def test_a_language_that_the_shop_does_not_speak_changes_nothing(street: Street) -> None:
    visitor = street.a_visitor()
    for language in ("fr", "zh'; --", "en-US", "EN", "zh/en"):
        await visitor.follow(f"language/{language}")
        await visitor.hello()
        assert visitor.has("我的订单"), language


async def test_a_newcomer_is_spoken_to_in_the_language_of_his_channel(street: Street) -> None:
    for said, home in {"zh-hans": "我的订单", "en-US": "My orders", "fr": "我的订单", "": "我的订单"}.items():
        visitor = street.a_visitor(language=said)
        await visitor.hello()
        assert visitor.has(home), said


async def test_a_shop_with_one_language_asks_nobody_which(sqlite_url: str) -> None:
    async with a_market(sqlite_url, languages=("en",)) as market:
        visitor = Street.with_words(market).a_visitor(language="zh")
        await visitor.hello()
        assert visitor.has("My orders")
        assert not visitor.has("Language")


async def test_my_orders_page_by_page_newest_first(street: Street) -> None:
    product, _ = await street.a_product(codes=20)
    visitor = street.a_visitor()
    numbers = []
    for _ in range(8):
        await visitor.follow(f"p/{product}")
        await visitor.press("买 1 张")
        numbers.append(visitor.number)
        await street.pay(visitor.number)
    await visitor.hello()
    await visitor.press("我的订单")
    links = [visitor.link(f"{number[:4]}-{number[4:]}") for number in numbers[:1:-1]]
    assert links == [f"o/{number}" for number in numbers[:1:-1]]
    await visitor.press("下一页")
    assert len([text for text in visitor.buttons if "已发货" in text]) == 2
    await visitor.press(f"{numbers[0][:4]}-")
    assert visitor.has("查看卡密")


async def test_help_and_balance_have_a_way_home(street: Street) -> None:
    visitor = street.a_visitor()
    for place in ("帮助", "余额 ¥0.00", "我的订单"):
        await visitor.hello()
        await walk(visitor, place, "回首页")
        assert visitor.text.startswith("Kapu")


async def test_a_file_is_answered_and_not_kept(street: Street) -> None:
    visitor = street.a_visitor()
    before = await street.market.everything()
    await visitor.send("codes.txt", b"A\nB\n")
    assert "要发给客服" in visitor.text
    assert await street.market.everything() == before


async def test_what_is_being_priced_is_shown_and_cannot_be_bought(street: Street) -> None:
    await street.a_product("爱奇艺黄金会员")
    visitor, early = street.a_visitor(ONE_WAY), street.a_visitor(ONE_WAY)
    await early.hello()
    await early.press("爱奇艺黄金会员")
    await street.market.sql("UPDATE variants SET price_held = :held", held=True)
    await visitor.hello()
    assert "核价中" in " ".join(visitor.buttons)
    await visitor.press("爱奇艺黄金会员")
    assert "售价正在核对" in visitor.text
    assert not visitor.has("买 1 张")
    assert not visitor.has("到货提醒")
    await early.press("买 1 张")
    assert "暂时不能下单" in early.text
    assert await street.market.one("SELECT count(*) FROM orders") == 0
