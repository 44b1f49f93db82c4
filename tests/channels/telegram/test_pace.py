"""How fast a bot sends: in one process without a commit, in several over rows that they share."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy import func, select, text

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.pace import Pacer, Rates
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater
from shop_core.messaging.pace import PaceRow, Rate
from tests.channels.telegram.stage import NAME, Stage, Teller, a_screen, an_open_shop, settings_for
from tests.standins.telegram import TelegramStandIn


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    async with an_open_shop(database_url) as opened:
        yield opened


async def count_rows(shop: Shop) -> int:
    return await shop.read(lambda view: view.execute(select(func.count()).select_from(PaceRow)).scalar_one())


async def test_what_is_sent_to_many_is_never_refused_as_too_fast(quiet_stage: Stage) -> None:
    people = [quiet_stage.somebody() for _ in range(40)]
    for user in people:
        user.start()
    await asyncio.gather(
        *(quiet_stage.channel.send(quiet_stage.address(user), a_screen("新闻", slot=None)) for user in people)
    )
    calls = quiet_stage.tg.calls_to("sendMessage")
    assert len(calls) == 40
    assert {call.error_code for call in calls} == {None}


@pytest.mark.postgresql
async def test_processes_never_send_too_fast_together(
    postgresql_url: str,
) -> None:
    async with an_open_shop(postgresql_url) as one, an_open_shop(postgresql_url) as other:
        pacers = [Pacer(shop, NAME, Rates()) for shop in (one, other)]
        began = monotonic()
        await asyncio.gather(
            *(
                pacer.turn(f"{n}{number}", is_new=True, patience_s=9)
                for n, pacer in enumerate(pacers)
                for number in range(25)
            )
        )
        assert monotonic() - began >= (50 - 5) / 25 - 0.1
        assert await count_rows(one) == 51
        unlogged = text("SELECT relpersistence FROM pg_class WHERE relname = 'paces'")
        kept = await one.read(lambda view: view.execute(unlogged).scalar_one())
        assert kept in {"u", b"u"}, "no message waits for a disk"


async def test_in_one_process_no_message_costs_a_row(sqlite_url: str) -> None:
    async with an_open_shop(sqlite_url) as shop:
        pacer = Pacer(shop, NAME, Rates())
        for number in range(20):
            await pacer.turn(str(number), is_new=True, patience_s=9)
        await pacer.rest(1)
        assert await count_rows(shop) == 0


async def test_a_group_gets_no_more_than_twenty_a_minute(shop: Shop) -> None:
    slow = Rates(group=Rate(timedelta(minutes=1), 2))
    pacer = Pacer(shop, NAME, slow)
    for is_new in (True, False):
        await pacer.turn("-1001", is_new=is_new, patience_s=0)
    with pytest.raises(RetryLater) as caught:
        await pacer.turn("-1001", is_new=False, patience_s=3)
    assert 50 <= caught.value.retry_after_s <= 60
    await pacer.turn("1001", is_new=True, patience_s=0)
    usual = Rates().group
    assert usual.burst + timedelta(minutes=1) / usual.every <= 20


async def test_after_too_many_requests_the_whole_bot_rests(quiet_stage: Stage) -> None:
    one, other = quiet_stage.somebody(), quiet_stage.somebody()
    for user in (one, other):
        user.start()
    quiet_stage.tg.fail("sendMessage", "429", seconds=3)
    for user in (one, other, one):
        with pytest.raises(RetryLater) as caught:
            await quiet_stage.channel.send(quiet_stage.address(user), a_screen("新闻"))
        assert caught.value.retry_after_s in {2, 3}
    assert len(quiet_stage.tg.calls_to("sendMessage")) == 1


@pytest.mark.postgresql
async def test_another_process_sees_the_rest(tg: TelegramStandIn, postgresql_url: str) -> None:
    async with an_open_shop(postgresql_url) as shop, an_open_shop(postgresql_url) as others:
        channel, twin = (
            TelegramChannel(settings_for(tg), opened, Teller().answer) for opened in (shop, others)
        )
        stage = Stage(tg, shop, channel, Teller())
        user = stage.somebody()
        user.start()
        tg.fail("sendMessage", "429", seconds=2)
        with pytest.raises(RetryLater):
            await channel.send(stage.address(user), a_screen("新闻"))
        with pytest.raises(RetryLater):
            await twin.send(stage.address(user), a_screen("新闻"))
        assert len(tg.calls_to("sendMessage")) == 1
        await Pacer(others, NAME, Rates()).turn("1", is_new=False, patience_s=5)
        await twin.send(stage.address(user), a_screen("新闻"))
        await channel.close()
        await twin.close()


async def test_an_answer_waits_for_the_rest_to_be_over(stage: Stage) -> None:
    user = await stage.somebody_at_home()
    stage.tg.fail("sendMessage", "429", seconds=1)
    began = monotonic()
    user.say("在吗")
    await user.wait_for_async("你说 在吗")
    assert monotonic() - began >= 1
    assert [call.error_code for call in stage.tg.calls_to("sendMessage")] == [None, 429, None]
