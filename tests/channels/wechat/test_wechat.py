"""WeChat from end to end: messages as WeChat sends them, answers within its five seconds, pushes within its limits."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from handlers.screen import Line, Screen
from shop_core.customers.people import Address
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater
from shop_core.messaging.queue import NewsKind, queue_message
from tests.channels.wechat.stage import CODE, IMPATIENT_S, NAME, SLOW_S, Stage, a_wechat_shop
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Account, Follower

SENT: Final = "SELECT count(*) FROM messages WHERE state = 'sent'"
QUEUED: Final = "SELECT count(*) FROM messages WHERE state = 'queued' AND problem IS NOT NULL"
ORDERS: Final = "SELECT count(*) FROM orders"
LOOKS: Final = "SELECT count(*) FROM reveals"
WORKING, DONE = "正在处理", "已发货"


async def _at_the_bill(person: Follower) -> str:
    await person.say("hi")
    await person.say("1")
    bill = await person.say("1")
    assert bill is not None
    assert "待付款" in bill
    return bill


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_from_hi_to_the_code(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, mode: str
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, Account(mode)) as stage:
        await stage.product("月卡", [CODE])
        person = stage.wechat.follower()
        home = await person.say("hi")
        assert home is not None
        assert "1 月卡  ¥15.00" in home
        product = await person.say("１")
        assert product is not None
        assert "1 买 1 张 ¥15.00" in product
        bill = await person.say("一")
        assert len(person.shown) == 3, "at most four replies from product to payment link"
        await stage.pay(bill)
        await stage.until(SENT, 1)
        [told] = person.pushes
        assert DONE in told
        assert "提货" in told
        assert await stage.count(LOOKS) == 0
        opened = await person.say(" 提货。")
        assert opened is not None
        assert CODE in opened.splitlines()
        assert all("CD-" not in text for text in (*person.pushes, home, product, bill or ""))
        assert await stage.count(LOOKS) == 1
        # The sealed answer stands for repetitions only, and holds nothing that can be read.
        assert await stage.count("SELECT count(*) FROM passive_answers") == 4


# -------------------------------------------------------------------------------------------------- five seconds


async def test_a_retry_gets_the_same_answer_from_another_process(
    postgresql_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, postgresql_url, cashier, processes=2) as stage:
        await stage.product("月卡", ["AB-1", "AB-2"])
        person = stage.wechat.follower()
        await person.say("hi")
        await person.say("1")
        cashier.fail_next("delay_before", target="mapi", delay_s=2.0)
        stage.wechat.patience_s = 1.5
        before = stage.wechat.requests
        bill = await person.say("1")
        assert bill is not None
        assert "http" in bill
        assert stage.wechat.requests - before >= 2, "it hung up, and asked others"
        assert await stage.count(ORDERS) == 1
        assert stage.wechat.pushes == [], "what was answered is not pushed"


async def test_what_takes_longer_is_pushed_or_fetched_by_a_word(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, patience_s=IMPATIENT_S) as stage:
        await stage.product("月卡", ["AB-1", "AB-2"])
        person = stage.wechat.follower()
        await person.say("hi")
        await person.say("1")
        cashier.fail_next("delay_before", target="mapi", delay_s=SLOW_S)
        working = await person.say("1")
        assert working is not None
        assert WORKING in working
        async with asyncio.timeout(10):
            while not person.pushes:  # noqa: ASYNC110 - WeChat sets no event
                await asyncio.sleep(0.02)
        [bill] = person.pushes
        assert "待付款" in bill
        assert "http" in bill
        # It is there, so 1 is what it says there: asking whether the money came.
        asked = await person.say("1")
        assert asked is not None
        assert "还没" in asked
        assert await stage.count(ORDERS) == 1


async def test_an_account_that_only_answers_gives_late_answers_and_news_with_the_next_word(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(
        tmp_path, sqlite_url, cashier, profile="passive", patience_s=IMPATIENT_S
    ) as stage:
        await stage.product("月卡", ["AB-1", "AB-2"])
        person = stage.wechat.follower()
        await person.say("hi")
        await person.say("1")
        cashier.fail_next("delay_before", target="mapi", delay_s=2 * SLOW_S)
        first = await person.say("1")
        still = await person.say("1")
        assert first == still
        assert WORKING in (first or "")
        await stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
        bill = await person.say("１")
        assert "待付款" in (bill or "")
        assert await stage.count(ORDERS) == 1, "the number fetched, it did not choose"
        await stage.pay(bill)
        await stage.until(QUEUED, 1)
        home = await person.say("你好")
        assert home is not None
        assert home.startswith(DONE)
        await stage.until(SENT, 1)
        assert DONE not in (await person.say("你好") or ""), "told once"
        assert "AB-1" in (await person.say("code") or "")
        assert stage.wechat.send_calls == 0


async def test_a_number_that_came_before_its_screen_chooses_nothing(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        await person.say("hi")
        shown = await asyncio.gather(person.say("1"), person.say("1"), person.say("1"))
        assert len(set(shown)) == 1
        assert "买 1 张" in (shown[0] or "")
        assert await stage.count(ORDERS) == 0
        again = await person.say("1", message_id=77)
        assert await person.say("1", message_id=77) == again, "the same message, the same answer"
        assert await stage.count(ORDERS) == 1


# --------------------------------------------------------------------------------------------------------- pushes


def _news(text: str, slot: str | None = None) -> Screen:
    return Screen((Line(text),), slot=slot, news=True)


async def _refused(stage: Stage, person: Follower, *screens: Screen) -> bool:
    channel = stage.programs[0].channels[NAME]
    try:
        for screen in screens:
            await channel.send(Address(NAME, person.openid), screen)
    except RetryLater:
        return True
    return False


async def test_pushes_stop_where_wechat_stops_them_and_orders_come_first(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        assert await _refused(stage, person, _news("nobody")), "who never wrote"
        await person.do("subscribe")
        assert not await _refused(stage, person, _news("1"), _news("2"))
        assert await _refused(stage, person, _news("3")), "the last of three is for orders"
        assert not await _refused(stage, person, _news("3", "order:X"))
        bill = await _at_the_bill(person)
        assert not await _refused(stage, person, *(_news(str(number)) for number in range(4)))
        assert await _refused(stage, person, _news("5"))
        calls = stage.wechat.send_calls
        assert not await _refused(stage, person, _news("5", "order:X"))
        assert await _refused(stage, person, _news("6", "order:X"))
        assert stage.wechat.send_calls == calls + 1, "what may not be sent is not tried"
        # Paid while nothing may be pushed: told with the next answer, which costs nothing.
        await stage.pay(bill)
        await stage.until(QUEUED, 1)
        assert (await person.say("订单") or "").startswith(DONE)
        await stage.until(SENT, 1)
        # WeChat counts otherwise than we do, and is believed.
        stage.wechat.faults[:] = [45047]
        assert await _refused(stage, person, _news("7", "order:X"))
        calls = stage.wechat.send_calls
        assert await _refused(stage, person, _news("8", "order:X"))
        assert stage.wechat.send_calls == calls


async def test_several_news_are_one_push(sqlite_url: str, tmp_path: Path, cashier: CashierControl) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        person = stage.wechat.follower()
        await person.say("hi")

        def queue_three(tx: Tx) -> None:
            for number, reason in enumerate(("late", "double", "topped_up"), start=1):
                args: dict[str, int | str] = {"amount_minor": number * 100, "reason": reason}
                address = Address(NAME, person.openid)
                queue_message(tx, address, NewsKind.MONEY_HELD, args, cause=f"test:{number}")

        await stage.shop.write(queue_three)
        await stage.until(SENT, 3)
        [told] = person.pushes
        assert all(f"¥{number}.00" in told for number in (1, 2, 3))
        assert await stage.count("SELECT said_left FROM allowances") == 4


async def test_a_token_that_ends_is_fetched_once_for_two_processes(
    postgresql_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, postgresql_url, cashier, processes=2) as stage:
        people = [stage.wechat.follower() for _ in range(4)]
        for person in people:
            await person.say("hi")

        async def push_to_all() -> None:
            channels = [program.channels[NAME] for program in stage.programs]
            sends = (
                channels[place % 2].send(Address(NAME, person.openid), _news("hi"))
                for place, person in enumerate(people)
            )
            await asyncio.gather(*sends)

        await push_to_all()
        assert stage.wechat.token_calls == [False], "one of eight fetches for all"
        stage.wechat.forget_tokens()
        await push_to_all()
        assert stage.wechat.token_calls == [False, False]
        assert len(stage.wechat.pushes) == 8
        # A token that WeChat names good and does not take: only force brings another.
        stage.wechat.faults[:] = [42001]
        await stage.programs[0].channels[NAME].send(Address(NAME, people[0].openid), _news("again"))
        assert stage.wechat.token_calls == [False, False, False, True]
        assert len(stage.wechat.pushes) == 9


# ------------------------------------------------------------------------------------------------- many products


async def test_forty_products_are_walked_in_small_pages(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        names = [f"爱奇艺黄金会员{number:02}号季卡充值激活码全国通用" for number in range(40)]
        for name in names:
            await stage.product(name)
        person = stage.wechat.follower()
        page = await person.do("CLICK", "all_1")
        seen = []
        for _ in range(12):
            assert page is not None
            seen += re.findall(r"^\d (\S+)", page, re.MULTILINE)
            if "9 下一页" not in page:
                break
            page = await person.say("9")
        assert sorted(seen) == names
        for text in person.shown:
            assert len(text or "") <= 600
            assert len(re.findall(r"^\d ", text or "", re.MULTILINE)) <= 8
        back = await person.say("0")
        assert back != page
        assert names[39] in (await person.say("39号") or ""), "a word is a search"
        assert "没有这个数字" in (await person.say("8") or "")


# ---------------------------------------------------------------------------------------------------------- words


async def test_a_word_leads_out_of_a_talk_but_not_out_of_an_account(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        await stage.product("月卡", ["AB-1"])
        await stage.top_up("手机话费 50 元")
        person = stage.wechat.follower()
        await stage.pay(await _at_the_bill(person))
        await stage.until(SENT, 1)
        await person.say("客服")
        assert "已送到客服" in (await person.say("请问订单在哪里看") or "")
        assert "AB-1" in (await person.say("提货") or ""), (
            "the one word that fetches a code is for nobody else"
        )
        assert await stage.count("SELECT count(*) FROM thread_messages") == 1
        for said in ("手机话费", "1"):
            await person.say(said)
        if "请发来" not in (person.shown[-1] or ""):
            await person.say("1")
        assert "不像一个手机号" in (await person.say("订单") or ""), "an account may look like anything"
        assert (await person.say("0") or "").startswith("手机话费")
