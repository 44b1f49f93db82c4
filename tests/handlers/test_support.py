"""Writing to the shop, as a customer sees it."""

from __future__ import annotations

import pytest

from handlers.incoming import Text, Upload
from handlers.screen import Line, Style
from shop_core.customers.people import Address
from shop_core.messaging.shown import Place, remember_shown
from shop_core.threads.answer import answer_customer
from shop_core.threads.sealing import Said, SentFile
from tests.core.builders import OWNER
from tests.handlers.street import Street, Visitor

WORDS = '我的码 <&>"🎁"\n  K7M2-9QXD  打不开'
PNG = b"\x89PNG\r\n\x1a\n hunter2"


async def at_support(street: Street) -> Visitor:
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("客服")
    return visitor


async def an_answer(street: Street, text: str = "请再试一次 <b>", file: SentFile | None = None) -> None:
    thread = await street.market.one("SELECT max(id) FROM threads")
    key = f"tg:{await street.market.one('SELECT count(*) FROM thread_messages')}"
    await answer_customer(street.market.shop, thread, Said(text, file), key=key, by=OWNER)


def quoted(visitor: Visitor) -> list[str]:
    return [
        line.text for line in visitor.screen.lines if isinstance(line, Line) and line.style is Style.QUOTE
    ]


async def test_what_is_written_next_goes_to_the_shop_as_it_is(street: Street) -> None:
    visitor = await at_support(street)
    assert visitor.screen.prompt is not None
    assert visitor.screen.prompt.takes_files
    await visitor.type(WORDS)
    assert visitor.text.startswith("已送到客服。")
    assert WORDS not in visitor.text
    # Whoever writes on need not press anything; an order's number or a place's name is no exception.
    await visitor.type("订单")
    await visitor.press("看对话")
    assert quoted(visitor) == [WORDS, "订单"]


async def test_hours_later_he_still_writes_to_the_shop(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.type("在吗")
    street.market.clock.advance(hours=5)
    await visitor.type("还在等")
    assert visitor.text.startswith("已送到客服。")


async def test_elsewhere_free_text_stays_a_search_and_a_file_is_asked_about(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.press("首页")
    await visitor.type("没有这样的商品")
    await visitor.send("a.png", PNG)
    assert "要发给客服" in visitor.text
    assert await street.market.one("SELECT count(*) FROM thread_messages") == 0


async def test_pictures_and_files_go_along_and_are_seen_again(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.send("截图.png", PNG, "看这里")
    await visitor.send("记录.txt", b"log")
    await visitor.press("看对话")
    assert quoted(visitor) == ["看这里"]
    assert visitor.has("📎 记录.txt")
    await visitor.press("🖼 图片")
    assert visitor.screen.attachment is not None
    assert (visitor.screen.attachment.content, visitor.screen.attachment.is_picture) == (PNG, True)
    assert "hunter2" not in repr(visitor.screen), "what logs a screen does not log what was sent"


async def test_an_order_in_trouble_is_named(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    number = visitor.number
    await street.pay(number)
    await visitor.follow(f"o/{number}")
    await visitor.press("有问题")
    assert "关于订单" in visitor.text
    await visitor.type("打不开")
    order = await street.market.one("SELECT id FROM orders")
    assert await street.market.one("SELECT order_id FROM thread_messages") == order
    assert await street.market.one("SELECT order_id FROM threads") == order


async def test_the_answer_comes_as_news_and_can_be_answered_by_typing(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.type("在吗")
    await visitor.press("首页")
    await an_answer(street, file=SentFile("教程.png", PNG))
    (news,) = await visitor.news()
    assert [line.text for line in news.lines if isinstance(line, Line)] == ["客服回复了", "请再试一次 <b>"]
    assert news.news
    assert news.waits_for == "support"
    assert news.attachment is not None
    assert news.attachment.content == PNG


async def test_news_leaves_alone_what_is_being_asked(street: Street) -> None:
    await street.a_product()
    visitor = await at_support(street)
    await visitor.type("在吗")
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("其他数量")
    await an_answer(street)
    (news,) = await visitor.news()
    assert news.prompt is None
    assert any("回复" in button.text for row in news.rows for button in row)


async def test_a_reply_to_the_answer_goes_to_the_shop_whatever_was_asked_since(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.type("在吗")
    await an_answer(street)
    await visitor.hello()
    (news,) = await visitor.news()
    assert news.slot is not None
    here = Address(visitor.channel, visitor.external_id)
    await street.market.shop.write(remember_shown, here, Place(news.slot, "77", ("76",)))
    for ref in ("77", "76"):
        await visitor.say(Text("好了"), message=ref, replies_to=ref)
        assert visitor.text.startswith("已送到客服。")
        await visitor.hello()
    await visitor.say(Text("好了"), replies_to="7")
    assert await street.market.one("SELECT count(*) FROM thread_messages WHERE NOT by_shop") == 3


async def test_who_was_away_finds_the_answer_on_the_first_screen(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.type("在吗")
    await an_answer(street)
    await visitor.hello()
    await visitor.press("客服 · 1 条新回复")
    assert quoted(visitor) == ["在吗", "请再试一次 <b>"]
    assert await visitor.news() == [], "what he has read is not sent"
    await visitor.hello()
    assert visitor.has("客服")
    assert not visitor.has("新回复")


async def test_the_same_message_twice_is_one(street: Street) -> None:
    visitor = await at_support(street)
    for _ in range(2):
        await visitor.say(Text("在吗"), message="7.1")
        await visitor.say(Upload("a.png", PNG), message="8.2")
        assert visitor.text.startswith("已送到客服。")
    assert await street.market.one("SELECT count(*) FROM thread_messages") == 2
    assert await street.market.one("SELECT count(*) FROM messages") == 2


async def test_a_refusal_asks_again(street: Street) -> None:
    visitor = await at_support(street)
    await visitor.type("长" * 5000)
    assert "太长" in visitor.text
    assert visitor.screen.waits_for == "support"
    assert await street.market.one("SELECT count(*) FROM thread_messages") == 0


@pytest.mark.parametrize("waited", [("几分钟", 5), ("一小时", 50), ("几小时", 300), ("一天", 900)])
async def test_it_is_said_when_people_are_usually_answered(street: Street, waited: tuple[str, int]) -> None:
    words, minutes = waited
    visitor = await at_support(street)
    await visitor.type("在吗")
    assert "尽快" in visitor.text
    street.market.clock.advance(minutes=minutes)
    await an_answer(street)
    await visitor.press("看对话")
    await visitor.type("谢谢")
    assert words in visitor.text


async def test_a_forged_link_shows_nothing_of_anothers_conversation(street: Street) -> None:
    victim = await at_support(street)
    await victim.send("截图.png", PNG, "悄悄话")
    await an_answer(street, "也是悄悄话", SentFile("b.png", PNG))
    thief = await at_support(street)
    unknown = await thief.follow(f"support/{2**40}")
    for message in await street.market.rows("SELECT id FROM thread_messages"):
        assert await thief.follow(f"support/{message['id']}") == unknown
    await thief.follow("support")
    assert quoted(thief) == []
    assert await thief.news() == []
