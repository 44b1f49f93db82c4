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
