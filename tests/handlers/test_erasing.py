"""Having one's data erased: what goes and what stays is said before, what is not settled leads to where it is settled."""

from __future__ import annotations

from tests.core.builders import OWNER
from tests.handlers.street import Street, Visitor


async def at_his_data(street: Street, channel: str = "tg") -> Visitor:
    visitor = street.a_visitor(channel)
    await visitor.hello()
    await visitor.type("设置")
    await visitor.press("我的资料")
    return visitor


async def test_he_is_told_what_goes_and_what_stays_and_says_yes_once_more(street: Street) -> None:
    visitor = await at_his_data(street)
    him = await street.the_customer(visitor)
    await visitor.press("删除我的资料")
    for said in ("会删掉", "会留下", "没法撤回"):
        assert said in visitor.text
    assert await street.the_customer(visitor) == him, "asking erases nothing"
    yes = visitor.link("确认删除")
    await visitor.press("确认删除")
    assert "已经删除" in visitor.text
    assert await street.market.rows("SELECT id FROM identities") == []
    await visitor.follow(yes)
    assert "已经删除" in visitor.text, "an old button finds a stranger, and does no harm"
    await visitor.hello()
    assert (await street.the_customer(visitor)).person_id != him.person_id


async def test_what_is_not_settled_is_named_and_one_tap_away(street: Street) -> None:
    await street.a_product()
    visitor = await at_his_data(street)
    await street.give(visitor, 500)
    await visitor.press("删除我的资料")
    assert "余额里还有钱" in visitor.text
    await visitor.press("看余额")
    assert "¥5.00" in visitor.text
    await street.give(visitor, -500)
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    await visitor.follow("me/erase/yes")
    assert "还有订单没有结束" in visitor.text, "however he came to the second screen"
    await visitor.press("看我的订单")
    assert visitor.has("爱奇艺")


async def test_it_is_found_by_the_words_that_people_have_for_it(street: Street) -> None:
    visitor = street.a_visitor()
    await visitor.hello()
    for word in ("注销", "删除资料"):
        await visitor.type(word)
        assert visitor.has("删除我的资料"), word


async def test_an_owner_is_not_erased_under_his_own_desk(street: Street) -> None:
    owner = await at_his_data(street)
    owner.channel, _, owner.external_id = OWNER.partition(":")
    await owner.hello()
    await owner.follow("me/erase")
    assert "你还在店员名单里" in owner.text
