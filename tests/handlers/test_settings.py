"""Settings, and the file with what the shop holds of somebody: three taps, or a word."""

from __future__ import annotations

import json

from tests.core.builders import a_market
from tests.handlers.street import Street


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
