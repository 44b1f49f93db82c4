"""Linking two channels, and unlinking one, as two people's screens: three taps at most, and nothing shown too early."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shop_core.kernel.numbers import ALPHABET
from shop_core.pairing.codes import LASTS
from tests.core.builders import a_market
from tests.handlers.street import ONE_WAY, TWO_WAYS, Street, Visitor, text_of

KINDS = {ONE_WAY: "telegram", TWO_WAYS: "webchat"}


@pytest_asyncio.fixture
async def street(database_url: str) -> AsyncIterator[Street]:
    guests = frozenset({TWO_WAYS})
    async with a_market(database_url, channel_kinds=KINDS, guest_channels=guests) as market:
        yield Street.with_words(market)


async def two(street: Street) -> tuple[Visitor, Visitor]:
    maker, typer = street.a_visitor(ONE_WAY), street.a_visitor(TWO_WAYS)
    await maker.hello()
    await typer.hello()
    return maker, typer


async def code_of(maker: Visitor) -> str:
    await maker.press("余额")
    await maker.press("关联其他渠道")
    await maker.press("获取关联码")
    _, code, *_ = maker.text.splitlines()
    assert set(code) <= {*ALPHABET, "-"}
    return code


async def typed_by(typer: Visitor, code: str) -> None:
    await typer.press("余额")
    await typer.press("关联其他渠道")
    await typer.type(code)


async def linked(street: Street) -> tuple[Visitor, Visitor]:
    maker, typer = await two(street)
    await typed_by(typer, await code_of(maker))
    await typer.press("是我")
    await maker.press("我在那边发了")
    await maker.press("是我，关联")
    return maker, typer


async def test_three_taps_and_a_code_link_two_channels(street: Street) -> None:
    maker, typer = await two(street)
    code = await code_of(maker)
    assert maker.taps == 3
    await typed_by(typer, code)
    assert "Telegram · 小**" in typer.text
    await typer.press("是我")
    assert typer.taps == 3
    assert "还差一步：回到「Telegram」" in typer.text
    [asked] = await maker.news()
    assert "网页 输入了你的关联码" in text_of(asked)
    maker.screen = asked
    await maker.press("是我，关联")
    assert "关联好了" in maker.text
    assert "Telegram（这里）" in maker.text
    assert "网页" in maker.text
    [told] = await typer.news()
    assert "关联好了" in text_of(told)
    assert "网页（这里）" in text_of(told)


async def test_a_code_bought_on_one_channel_opens_on_the_other_only_when_linked(street: Street) -> None:
    await street.a_product()
    buyer, other = await two(street)
    await buyer.press("爱奇艺")
    await buyer.press("买 1 张")
    number = buyer.number
    await street.pay(number)
    await other.type(number)
    assert "没有找到这个订单。" in other.text
    await buyer.hello()
    await other.hello()
    await typed_by(other, await code_of(buyer))
    await other.press("是我")
    await other.type(number)
    assert "没有找到这个订单。" in other.text
    await buyer.press("我在那边发了")
    await buyer.press("是我，关联")
    await other.type(number)
    await other.press("查看卡密")
    assert len(other.codes) == 1


async def test_before_the_last_yes_neither_sees_what_the_other_has(street: Street) -> None:
    await street.a_product()
    maker, typer = await two(street)
    await street.give(maker, 4321)
    await maker.press("爱奇艺")
    await maker.press("买 1 张")
    number = maker.number
    await maker.hello()
    await typed_by(typer, await code_of(maker))
    seen = [typer.text]
    await typer.press("是我")
    await maker.press("我在那边发了")
    seen += [typer.text, maker.text]
    for text in seen:
        assert "43.21" not in text
        assert number not in text.replace("-", "")
        assert "小明" not in text
        assert typer.external_id not in text
        assert maker.external_id not in text


async def test_a_wrong_code_is_refused_and_asked_for_again(street: Street) -> None:
    _, typer = await two(street)
    await typed_by(typer, "AAAAAA")
    assert typer.is_told("这个关联码不对，或者已经用过、过期了。")
    assert typer.screen.prompt is not None
    for _ in range(5):
        await typer.type("AAAAAA")
    assert "试" in (typer.screen.toast or "")


async def test_ones_own_code_is_not_taken(street: Street) -> None:
    maker, _ = await two(street)
    code = await code_of(maker)
    await maker.follow("link")
    await maker.type(code)
    assert maker.is_told("这就是你自己的关联码，两边已经是同一个人。")


async def test_how_it_stands_is_seen_on_both_sides(street: Street) -> None:
    maker, typer = await two(street)
    code = await code_of(maker)
    await maker.press("我在那边发了")
    assert "还没收到" in maker.text
    await typed_by(typer, code)
    await maker.press("再看一下")
    assert "收到了。请先在那边选「是我」" in maker.text
    await typer.press("是我")
    await typer.press("再看一下")
    assert "还差一步" in typer.text
    await maker.type("关联")
    assert "这是你自己吗" in maker.text
    await maker.press("是我，关联")
    await typer.press("再看一下")
    assert "已关联" in typer.text


async def test_a_no_on_the_makers_side_is_told_on_the_other(street: Street) -> None:
    maker, typer = await two(street)
    await typed_by(typer, await code_of(maker))
    await typer.press("是我")
    await maker.press("我在那边发了")
    sure = maker.link("是我，关联")
    await maker.press("不是")
    assert maker.is_told("没有关联，关联码已作废。")
    [told] = await typer.news()
    assert "没有关联" in text_of(told)
    assert await maker.news() == []
    await maker.follow(sure)
    assert maker.is_told("这次关联已经结束了。")
    assert await street.market.one("SELECT count(*) FROM person_changes") == 0


async def test_a_no_on_the_typing_side_ends_it(street: Street) -> None:
    maker, typer = await two(street)
    await typed_by(typer, await code_of(maker))
    await typer.press("不是")
    await maker.press("我在那边发了")
    assert maker.is_told("这次关联已经结束了。")


async def test_news_of_a_question_that_is_over_is_not_shown(street: Street) -> None:
    maker, typer = await two(street)
    await typed_by(typer, await code_of(maker))
    await typer.press("是我")
    street.market.clock.advance(minutes=LASTS.seconds // 60)
    assert await maker.news() == []


async def test_a_strangers_link_says_that_it_is_over(street: Street) -> None:
    maker, typer = await two(street)
    await typed_by(typer, await code_of(maker))
    key = typer.link("不是").rpartition("/")[2]
    stranger = street.a_visitor()
    await stranger.hello()
    for word in ("see", "yes", "sure"):
        await stranger.follow(f"link/{word}/{key}")
        assert stranger.is_told("这次关联已经结束了。")
    await stranger.follow(f"link/no/{key}")
    await typer.press("是我")
    await maker.press("我在那边发了")
    await maker.press("是我，关联")


async def test_an_old_button_of_the_one_who_is_gone_still_leads_where_it_led(street: Street) -> None:
    await street.a_product()
    maker, typer = await two(street)
    await typer.press("爱奇艺")
    old = typer.link("买 1 张")
    await typer.hello()
    await typed_by(typer, await code_of(maker))
    await typer.press("是我")
    await maker.press("我在那边发了")
    await maker.press("是我，关联")
    await typer.follow(old)
    number = typer.number
    await typer.follow(old)
    assert typer.number == number
    await maker.type(number)
    assert maker.number == number


@pytest.mark.parametrize("leaver", [0, 1])
async def test_unlinking_takes_a_second_press_and_leaves_everything_with_the_rest(
    street: Street, leaver: int
) -> None:
    both = await linked(street)
    stays, leaves = both[1 - leaver], both[leaver]
    await street.give(leaves, 990)
    await stays.follow("link")
    name = ("Telegram", "网页")[leaver]
    await stays.press("解除关联")
    await stays.press(f"解除{name}")
    assert await street.market.one("SELECT count(*) FROM person_changes WHERE kind = 'parted'") == 0
    confirmed = stays.link("确认解除")
    await stays.press("确认解除")
    assert f"「{name}」已解除" in stays.text
    await stays.follow(confirmed)
    assert "不在你名下" in stays.text
    assert "这里已解除关联" in [text_of(one) for one in await leaves.news()][-1]
    await leaves.hello()
    assert leaves.has("余额 ¥0.00")
    await stays.hello()
    assert stays.has("余额 ¥9.90")


async def test_one_may_leave_from_where_one_is(street: Street) -> None:
    _, typer = await linked(street)
    await typer.follow("link")
    await typer.press("解除关联")
    await typer.press("解除网页")
    assert "这里看不到订单" in typer.text
    await typer.press("确认解除")
    assert "这里重新开始" in typer.text
    await typer.follow("link")
    assert not typer.has("解除")


async def test_the_only_channel_has_nothing_to_unlink(street: Street) -> None:
    maker, _ = await two(street)
    await maker.follow("link")
    assert not maker.has("解除")
    identity = await street.market.one(
        "SELECT id FROM identities WHERE external_id = :who", who=maker.external_id
    )
    await maker.follow(f"unlink/{identity}/yes")
    assert "唯一的渠道" in maker.text
    await maker.follow(f"unlink/{2**40}")
    assert "不在你名下" in maker.text


async def test_it_is_all_said_in_english_too(street: Street) -> None:
    maker = street.a_visitor(ONE_WAY, language="en")
    typer = street.a_visitor(TWO_WAYS, language="en")
    await maker.hello()
    await typer.hello()
    await maker.follow("link/code")
    _, code, *_ = maker.text.splitlines()
    await typer.follow("link")
    await typer.type(code)
    assert "The code is from Telegram" in typer.text
    await typer.press("It is me")
    await maker.press("I have sent it there")
    await maker.press("It is me, link")
    assert "Web chat" in maker.text


async def test_a_shop_with_one_channel_offers_nothing_to_link(database_url: str) -> None:
    async with a_market(database_url, channel_kinds={ONE_WAY: "telegram"}) as market:
        visitor = Street.with_words(market).a_visitor(ONE_WAY)
        await visitor.hello()
        await visitor.press("余额")
        assert not visitor.has("关联其他渠道")
