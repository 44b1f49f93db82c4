"""Trouble as the workers meet it: what is put off comes when its time is there, once, and what is hopeless ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.channels.telegram.channel import TelegramChannel
from bot.letters import GIVE_UP_AFTER
from bot.metrics import Metrics
from bot.timing import Timing
from bot.workers import Workers
from handlers.screen import Screen
from shop_core.db.inbox import count_pending
from shop_core.db.shop import Shop
from shop_core.kernel.clock import Clock
from shop_core.messaging.queue import NewsKind, QueuedMessage, count_queued, queue_message
from tests.channels.telegram.stage import (
    NAME,
    Stage,
    Teller,
    a_screen,
    an_open_shop,
    running,
    settings_for,
    until,
)
from tests.standins.telegram import TelegramStandIn, TelegramUser

NEWS = "新闻"
UNREACHABLE = "SELECT count(*) FROM identities WHERE unreachable_since IS NOT NULL"
BAD_REQUEST = 400
TIMING = Timing(poll_s=0.02, lease=timedelta(days=1))
TOO_LONG_S = 45
"""Nobody waits so long for an answer at his place in the queue."""


class MovableClock(Clock):
    """The machine's, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def stage(tg: TelegramStandIn, sqlite_url: str, clock: MovableClock) -> AsyncIterator[Stage]:
    """Receiving, and the workers of a process."""

    async def news(shop: Shop, message: QueuedMessage) -> Screen:  # noqa: ARG001 - as the workers call it
        return a_screen(NEWS, news=True)

    async with an_open_shop(sqlite_url, clock) as shop:
        teller = Teller()
        channel = TelegramChannel(settings_for(tg), shop, teller.answer)
        workers = Workers(shop, {NAME: channel}, news, Metrics.new(), TIMING)
        stop = asyncio.Event()
        working = asyncio.create_task(workers.run(stop))
        # A traceback for each failure, drawn with all its locals, costs seconds.
        with capture_logs():
            async with running(channel.run()):
                yield Stage(tg, shop, channel, teller)
            stop.set()
            await working
        await channel.close()


async def let_pass(stage: Stage, clock: MovableClock) -> None:
    """Let time pass until nothing waits any more. It stands still while somebody's letter is being answered."""
    async with asyncio.timeout(30):
        while await stage.shop.read(count_pending) + await stage.shop.read(count_queued):
            if not await one(stage, "SELECT count(*) FROM lanes WHERE token IS NOT NULL"):
                clock.advance(0.5)
            await asyncio.sleep(0.02)


async def tell(stage: Stage, user: TelegramUser) -> None:
    await stage.shop.write(queue_message, stage.address(user), NewsKind.TOPPED_UP, {}, cause="topped:1")


async def one(stage: Stage, statement: str) -> object:
    return await stage.shop.read(lambda view: view.execute(text(statement)).scalar_one())


def times_seen(user: TelegramUser, words: str) -> int:
    return sum(words in message.text for message in user.messages() if not message.is_mine)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_an_answer_that_telegram_will_never_take_ends_and_the_next_is_given(
    stage: Stage, clock: MovableClock, method: str
) -> None:
    user = await stage.somebody_at_home()
    await stage.rest()
    stage.tg.forget_calls()
    stage.tg.fail(method, "400", times=GIVE_UP_AFTER)
    if method == "sendMessage":
        user.say("一")
    else:
        user.press("一", forge=True)
    user.say("二")
    await until(lambda: not stage.tg.pending_updates())
    await let_pass(stage, clock)
    refused = [call for call in stage.tg.calls_to(method) if call.error_code == BAD_REQUEST]
    assert len(refused) == GIVE_UP_AFTER
    assert len(stage.teller.heard) == 1 + GIVE_UP_AFTER + 1
    assert times_seen(user, "一") == 0
    assert times_seen(user, "你说 二") == 1


async def test_an_answer_that_has_to_wait_long_comes_once_and_not_before(
    stage: Stage, clock: MovableClock
) -> None:
    user = await stage.somebody_at_home()
    await stage.rest()
    stage.tg.forget_calls()
    stage.tg.fail("sendMessage", "429", seconds=TOO_LONG_S)
    before = clock.now()
    user.say("一")
    await until(lambda: stage.tg.calls_to("sendMessage"))
    await let_pass(stage, clock)
    assert clock.now() - before >= timedelta(seconds=TOO_LONG_S)
    assert len(stage.tg.calls_to("sendMessage")) == 2
    assert times_seen(user, "你说 一") == 1


async def test_who_has_blocked_the_bot_is_unreachable_until_he_writes_again(
    stage: Stage, clock: MovableClock
) -> None:
    user = await stage.somebody_at_home()
    await stage.rest()
    stage.tg.forget_calls()
    stage.tg.fail("sendMessage", "403")
    user.say("一")
    await until(lambda: stage.tg.calls_to("sendMessage"))
    await stage.rest()
    assert await one(stage, UNREACHABLE) == 1
    assert len(stage.tg.calls_to("sendMessage")) == 1
    user.say("二")
    await user.wait_for_async("你说 二")
    await let_pass(stage, clock)
    assert await one(stage, UNREACHABLE) == 0
    assert times_seen(user, "你说 一") == 0


@pytest.mark.parametrize(
    ("kind", "times", "most_seen"),
    [("429", 2, 1), ("400", 3, 1), ("500", 3, 1), ("drop_before", 3, 1), ("drop_after", 1, 2)],
)
async def test_news_come_when_the_trouble_is_over(
    stage: Stage, clock: MovableClock, kind: str, times: int, most_seen: int
) -> None:
    user = await stage.somebody_at_home()
    await stage.rest()
    stage.tg.forget_calls()
    stage.tg.fail("sendMessage", kind, times=times, seconds=7)
    before = clock.now()
    await tell(stage, user)
    await until(lambda: stage.tg.calls_to("sendMessage"))
    await let_pass(stage, clock)
    assert 1 <= times_seen(user, NEWS) <= most_seen
    assert len(stage.tg.calls_to("sendMessage")) == times + 1
    if kind == "429":
        assert clock.now() - before >= timedelta(seconds=7 * times)
    assert await one(stage, "SELECT state FROM messages") == "sent"


async def test_news_for_who_has_blocked_the_bot_are_a_case_and_not_sent_again(
    stage: Stage, clock: MovableClock
) -> None:
    user = await stage.somebody_at_home()
    await stage.rest()
    stage.tg.forget_calls()
    stage.tg.fail("sendMessage", "403", times=9)
    await tell(stage, user)
    await until(lambda: stage.tg.calls_to("sendMessage"))
    await let_pass(stage, clock)
    assert len(stage.tg.calls_to("sendMessage")) == 1
    assert await one(stage, "SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1
    assert await one(stage, UNREACHABLE) == 1
