"""Settings, and the file with what the shop holds of somebody: three taps, or a word."""

from __future__ import annotations

import json

from handlers.links import link
from handlers.news import news_screen
from shop_core.customers.preferences import Topic
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.sending import claim_messages
from shop_core.threads.answer import answer_customer
from shop_core.threads.sealing import Said
from tests.core.builders import OWNER, a_market
from tests.handlers.street import Street, text_of
from tests.handlers.test_news_screens import at_the_till


async def test_his_data_is_three_taps_from_the_account_or_a_word_away(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("余额")
    for words in ("设置", "我的资料", "导出"):
        await visitor.press(words)
    file = visitor.screen.file
    assert file is not None
    assert not file.is_secret, "he may keep it, and pass it on"
    [identity] = json.loads(file.bytes)["identities"]
    assert (identity["channel"], identity["id_there"]) == (visitor.channel, visitor.external_id)
    await visitor.type("导出资料")
    assert visitor.has("导出我的资料")
    await visitor.type("设置")
    assert visitor.has("我的资料")


async def test_where_no_file_is_shown_he_is_told_where_it_is_got(database_url: str) -> None:
    async with a_market(database_url, textual_channels=frozenset({"tg"})) as market:
        visitor = Street.with_words(market).a_visitor()
        await visitor.hello()
        await visitor.type("导出")
        await visitor.press("导出我的资料")
        assert visitor.screen.file is None
        assert "这里发不了文件" in visitor.text
        assert visitor.has("客服")


async def test_times_are_shown_by_his_own_clock(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    assert "12:15" in visitor.text, "noon in Shanghai, and a quarter of an hour to pay"
    number = visitor.number
    await visitor.type("设置")
    await visitor.press("时区：上海")
    await visitor.press("东京  13:00")
    assert visitor.has("时区：东京")
    await visitor.type(number)
    assert "13:15" in visitor.text
    await visitor.follow("zone")
    await visitor.type("kolkata")
    assert visitor.has("时区：Kolkata")
    await visitor.follow("zone")
    await visitor.type("Atlantis")
    assert "没认出这个城市" in visitor.text
    await visitor.type("London")
    assert visitor.has("时区：伦敦"), "he is asked until he is understood"


async def test_quiet_hours_are_set_and_taken_back_in_two_taps(street: Street) -> None:
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.type("设置")
    await visitor.press("免打扰：没有设")
    await visitor.press("23 点到 8 点")
    await visitor.press("免打扰：23 点到 8 点")
    await visitor.press("随时都可以")
    assert visitor.has("免打扰：没有设")
    await visitor.follow("quiet/8/8")
    assert "请选一段时间" in visitor.text


async def test_notifications_are_switched_by_a_tap_that_says_what_it_makes_of_them(street: Street) -> None:
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.type("设置")
    await visitor.press("通知")
    assert visitor.has("关联其他渠道"), "there is only one channel so far"
    for _ in range(2):
        await visitor.follow(link("set_notice", topic="progress", state="off"))
        assert (visitor.has("订单进度：关"), visitor.has("客服回复：开")) == (True, True)
    await visitor.press("订单进度：关")
    assert visitor.has("订单进度：开")
    other = street.a_visitor()
    await other.hello()
    theirs = await street.market.one("SELECT max(id) FROM identities")
    await visitor.follow(link("set_everything", identity_id=theirs, state="on"))
    assert "不在你名下" in visitor.text
    assert await street.market.one("SELECT count(*) FROM identities WHERE hears_all") == 0


async def test_what_he_does_without_is_not_told_and_goods_always_are(street: Street) -> None:
    visitor = await at_the_till(street)
    for topic in Topic:
        await visitor.follow(link("set_notice", topic=topic, state="off"))
    await visitor.follow(link("support"))
    await visitor.type("在吗")
    thread = await street.market.one("SELECT max(id) FROM threads")
    await answer_customer(street.market.shop, thread, Said("在的"), key="tg:1", by=OWNER)
    number = await street.market.one("SELECT number FROM orders")
    await street.market.sql("UPDATE cards SET state = 'available', line_id = NULL")
    await street.pay(number)
    due = await street.market.shop.write(claim_messages, [visitor.channel], 9)
    queued = [message for message in due if message.address.external_id == visitor.external_id]
    assert {message.news for message in queued} == {NewsKind.ORDER_WAITS, NewsKind.THREAD_ANSWERED}
    assert [await news_screen(street.market.shop, message) for message in queued] == [None, None]
    await visitor.follow(link("set_notice", topic="answers", state="on"))
    [answer] = [message for message in queued if message.news is NewsKind.THREAD_ANSWERED]
    assert await news_screen(street.market.shop, answer) is not None
    [delivered] = await visitor.news()
    assert "已发货" in text_of(delivered)
