"""Free text: a search, a quantity, an order's number, or a word for a place; whichever the last screen asked for."""

from __future__ import annotations

from typing import Final

import pytest

from handlers.buying import read_quantity
from handlers.conversation import answer
from handlers.incoming import Incoming, Text
from shop_core.orders.place import MOST_IN_ONE_ORDER
from tests.handlers.street import Street, Visitor

NO_QUANTITIES: Final = (
    *("0", "-1", "1e3", "1000000000000", "999999999999", "很多", "٣", "101", "3/4", "3.0", "?"),
    *("1\n2", "x" * 5000, "9" * 5000, "%33"),
)
PLACES: Final = {
    "订单": "我的订单",
    " 我的订单 ": "我的订单",
    "帮助": "帮助",
    "HELP": "帮助",
    "你好": "Kapu",
    "余额": "余额 ¥0.00",
    "": "Kapu",
    "  \n ": "Kapu",
    "/": "Kapu",
    "\0": "Kapu",
    "\ud83d": "Kapu",
    # The last: what is typed next goes to the shop.
    "客服": "和客服的对话",
}


async def at_the_question(street: Street, *, codes: int = 20) -> Visitor:
    """Somebody who was asked how many."""
    await street.a_product(codes=codes)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("其他数量")
    assert visitor.screen.prompt is not None
    return visitor


async def quantity_ordered(street: Street, visitor: Visitor) -> int:
    return (await street.market.look(visitor.number)).quantity


# ---------------------------------------------------------------------- how many


@pytest.mark.parametrize(
    ("typed", "quantity"),
    [
        ("3", 3),
        ("３", 3),
        ("3张", 3),
        (" 3 张 ", 3),
        ("３张", 3),
        ("三", 3),
        ("两张", 2),
        ("十", 10),
        ("12pcs", 12),
        ("③", 3),
        ("03", 3),
        ("0", 0),
        ("-1", -1),
        ("－1", -1),
        ("999999999999", 10**12 - 1),
        ("1e3", None),
        ("1.5", None),
        ("--1", None),
        ("-", None),
        ("", None),
        ("张", None),
        ("1,000", None),
        ("0x10", None),
        ("٣", None),
        ("1_0", None),
        ("1000000000000", None),
        ("九百", None),
        ("很多", None),
        ("\N{ROMAN NUMERAL THREE}", None),
        ("3\n4", None),
    ],
)
def test_a_quantity_is_read_as_people_type_it(typed: str, quantity: int | None) -> None:
    assert read_quantity(typed) == quantity


async def test_a_typed_quantity_buys(street: Street) -> None:
    visitor = await at_the_question(street)
    await visitor.type(" ３张\n")
    assert await quantity_ordered(street, visitor) == 3


async def test_what_is_no_quantity_orders_nothing_and_asks_again(street: Street) -> None:
    visitor = await at_the_question(street)
    before = await street.market.everything()
    for typed in NO_QUANTITIES:
        await visitor.type(typed)
        assert f"1 到 {MOST_IN_ONE_ORDER}" in visitor.text, typed
    assert await street.market.everything() == before
    await visitor.type("4")
    assert await quantity_ordered(street, visitor) == 4, "the question was still open"


async def test_more_than_there_is_orders_nothing_and_says_how_many_there_are(street: Street) -> None:
    visitor = await at_the_question(street, codes=5)
    before = await street.market.everything()
    await visitor.type("6")
    assert "现在还剩 5" in visitor.text
    assert await street.market.everything() == before
    await visitor.type("5")
    assert await quantity_ordered(street, visitor) == 5


async def test_the_same_answer_twice_is_one_order(street: Street) -> None:
    visitor = await at_the_question(street)
    question = visitor.screen.prompt
    assert question is not None
    await visitor.type("3")
    first = visitor.number
    await visitor.follow(f"{question.link}/3")
    assert visitor.number == first
    assert await street.market.one("SELECT count(*) FROM orders") == 1


# ---------------------------------------------------------------------- what the next text means


async def test_a_text_answered_twice_before_it_was_shown_is_read_the_same_way(street: Street) -> None:
    """The process died between the answer and its showing: the message is answered again."""
    visitor = await at_the_question(street)
    shop = street.market.shop
    message = Incoming(visitor.channel, visitor.external_id, "小明", "zh", Text("3"))
    first, second = await answer(shop, message), await answer(shop, message)
    assert first == second
    assert first.slot is not None
    assert first.slot.startswith("order:")


async def test_going_elsewhere_forgets_the_question(street: Street) -> None:
    visitor = await at_the_question(street)
    await visitor.press("返回")
    await visitor.type("3")
    assert "没有找到“3”" in visitor.text
    assert await street.market.one("SELECT count(*) FROM orders") == 0


async def test_a_question_replaces_the_one_before(street: Street) -> None:
    visitor = await at_the_question(street)
    await visitor.follow("find")
    assert visitor.screen.prompt is not None
    assert visitor.screen.prompt.link == "find"
    await visitor.type("3")
    assert "没有找到“3”" in visitor.text
    assert await street.market.one("SELECT count(*) FROM orders") == 0


async def test_a_question_is_forgotten_after_half_an_hour(street: Street) -> None:
    visitor = await at_the_question(street)
    street.market.clock.advance(minutes=31)
    await visitor.type("3")
    assert "没有找到“3”" in visitor.text


async def test_a_question_is_the_business_of_who_was_asked(street: Street) -> None:
    await at_the_question(street)
    other = street.a_visitor()
    await other.type("3")
    assert "没有找到“3”" in other.text


async def test_an_order_number_is_understood_whatever_was_asked(street: Street) -> None:
    visitor = await at_the_question(street)
    await visitor.type("2")
    number = visitor.number
    typed = (
        number,
        number.lower(),
        f"{number[:4]}-{number[4:]}",
        f" #{number[:4]} {number[4:]} ",
        f"{number}02",
    )
    for text in typed:
        await visitor.hello()
        await visitor.type(text)
        assert visitor.number == number, text
    for path in (f"o/{number}", f"/o/{number.lower()}/", f"o/{number[:4]}-{number[4:]}"):
        await visitor.hello()
        await visitor.follow(path)
        assert visitor.number == number, path


async def test_places_are_found_by_their_words(street: Street) -> None:
    visitor = street.a_visitor()
    for text, place in PLACES.items():
        await visitor.type(text)
        assert place in visitor.text.splitlines()[0], text


# ---------------------------------------------------------------------- search


async def found(visitor: Visitor, words: str) -> list[str]:
    """The names of what a search finds."""
    await visitor.type(words)
    return [text.partition("  ")[0] for text in visitor.buttons if "¥" in text]


async def test_two_characters_are_enough_to_find_a_product(street: Street) -> None:
    await street.a_product("爱奇艺黄金会员", about="电视通用")
    await street.a_product("优酷会员")
    await street.a_product("Steam 充值码")
    visitor = street.a_visitor()
    assert await found(visitor, "奇艺") == ["爱奇艺黄金会员"]
    assert await found(visitor, "会员") == ["爱奇艺黄金会员", "优酷会员"]
    assert await found(visitor, "电视") == ["爱奇艺黄金会员"]
    assert await found(visitor, "会员 黄金") == ["爱奇艺黄金会员"]
    assert await found(visitor, "steam") == ["Steam 充值码"]
    assert await found(visitor, "充值\n码") == ["Steam 充值码"]
    assert await found(visitor, "/steam") == ["Steam 充值码"]
    assert await found(visitor, "会员卡") == []
    assert visitor.has("搜索")


async def test_a_sign_is_looked_for_as_it_is(street: Street) -> None:
    for name in ("九折 90%", "a_b", "c\\d", "it's", "甲"):
        await street.a_product(name)
    visitor = street.a_visitor()
    expected = {
        "%": ["九折 90%"],
        "_": ["a_b"],
        "\\": ["c\\d"],
        "'": ["it's"],
        '"': [],
        "%_": [],
        "0%": ["九折 90%"],
    }
    assert {sign: await found(visitor, sign) for sign in expected} == expected


async def test_drafts_and_hidden_products_are_not_found(street: Street) -> None:
    for state in ("draft", "hidden"):
        _, [variant] = await street.a_product(f"秘密 {state}")
        await street.market.sql("UPDATE products SET state = :state", state=state)
        assert variant
    assert await found(street.a_visitor(), "秘密") == []


async def test_a_very_long_text_is_searched_by_its_beginning(street: Street) -> None:
    await street.a_product("长" * 60)
    visitor = street.a_visitor()
    assert await found(visitor, "长" * 10_000) == ["长" * 60]
    assert await found(visitor, "无" * 10_000) == []
    assert len(visitor.text) < 200
    assert await found(visitor, "一 二 三 四 五 六 " * 500) == []


async def test_the_question_of_a_search_is_answered_by_any_text(street: Street) -> None:
    await street.a_product("订单打印纸")
    visitor = street.a_visitor()
    await visitor.follow("find")
    assert await found(visitor, "订单") == ["订单打印纸"], "asked for words, not for the orders"


async def test_a_word_shows_the_codes_that_wait_longest_unseen_and_only_his(street: Street) -> None:
    await street.a_product(codes=3)
    visitor, stranger = street.a_visitor(), street.a_visitor()
    numbers = []
    for _ in range(2):
        await visitor.hello()
        await visitor.press("爱奇艺")
        await visitor.press("买 1 张")
        numbers.append(visitor.number)
        await street.pay(visitor.number)
    shown = []
    for _ in range(3):
        await visitor.type("提货")
        shown.append((visitor.number, len(visitor.codes)))
    first, second = numbers
    assert shown == [(first, 1), (second, 1), (second, 1)], "then the newest again"
    await stranger.hello()
    await stranger.type("提货")
    assert (stranger.codes, "我的订单" in stranger.text) == ([], True)
