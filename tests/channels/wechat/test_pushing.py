"""What is pushed: words to touch, pictures sent up once, and a template where nothing may be pushed any more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from handlers.screen import Attachment, Line, LinkButton, Screen
from shop_core.customers.people import Address
from shop_core.kernel.errors import RetryLater
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import list_threads
from shop_core.threads.sealing import Said, SentFile
from tests.channels.wechat.stage import IMPATIENT_S, NAME, SLOW_S, Stage, a_wechat_shop
from tests.channels.wechat.test_wechat import QUEUED, SENT, WORKING, _at_the_bill
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Follower
from tests.standins.wechat.standin import TEMPLATE

PNG: Final = b"\x89PNG\r\n\x1a\n a picture"
DELIVERED: Final = Screen(
    (Line("已发货   订单 K7M2-9QXD"), Line("爱奇艺黄金会员 月卡 全平台通用激活码 × 1"), Line("卡密已备好。")),
    ((LinkButton("查看卡密", "o/K7M29QXD/code"),),),
    slot="order:K7M29QXD",
    news=True,
)
FIELDS: Final = '{ thing1 = "goods", character_string2 = "number", phrase3 = "state", time4 = "time" }'
WITH_TEMPLATE: Final = f'template_id = "{TEMPLATE}"\ntemplate_fields = {FIELDS}'


async def _send(stage: Stage, person: Follower, *screens: Screen) -> None:
    channel = stage.programs[0].channels[NAME]
    for screen in screens:
        await channel.send(Address(NAME, person.openid), screen)


async def test_news_may_be_touched_where_the_account_has_menus(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        await stage.pay(await _at_the_bill(person))
        await stage.until(SENT, 1)
        assert "AB-1" in (await person.touch("提货") or "")
        # A touch opens a minute, not two days: the five of before are used up as they were.
        assert await stage.count("SELECT touched_left FROM allowances") == 3
        stage.wechat.has_menus = False
        calls = stage.wechat.send_calls
        await _send(stage, person, DELIVERED, DELIVERED)
        assert stage.wechat.send_calls == calls + 3, "refused once, not tried again"
        assert person.pushes[-1].splitlines()[-1] == "回复「提货」查看卡密。"
        assert await stage.count("SELECT touched_left FROM allowances") == 1, (
            "what was refused does not count"
        )


async def test_a_late_answer_may_be_touched(sqlite_url: str, tmp_path: Path, cashier: CashierControl) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, patience_s=IMPATIENT_S) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        await person.say("hi")
        await person.say("1")
        cashier.fail_next("delay_before", target="mapi", delay_s=SLOW_S)
        assert WORKING in (await person.say("1") or "")
        async with asyncio.timeout(10):
            while not person.pushes:  # noqa: ASYNC110 - WeChat sets no event
                await asyncio.sleep(0.02)
        assert "‹2 取消订单›" in person.pushes[0]
        assert "已取消" in (await person.touch("2 取消订单") or "")


async def test_a_picture_of_the_shop_is_sent_up_once_and_shown(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        person = stage.wechat.follower()
        await person.say("客服")
        await person.say("在哪里兑换？")
        [thread] = await stage.shop.read(list_threads, limit=9)
        said = Said("看图：", SentFile("where.png", PNG))
        await answer_customer(stage.shop, thread.id, said, key="wx:1", by="shell:test")
        await stage.until(
            "SELECT count(*) FROM messages WHERE state = 'sent' AND news = 'thread_answered'", 1
        )
        assert list(person.pictures) == [PNG]
        talk = await person.say("客服")
        assert talk is not None
        assert "图片" in talk
        [item] = [line for line in talk.splitlines() if line.startswith("回复：")]
        shown = await person.say(item.split("，")[-1])
        assert "打不开" not in (shown or "")
        assert list(person.pictures) == [PNG, PNG]
        assert stage.wechat.uploads == 1
        # WeChat has lost it: the next time it is sent up anew.
        stage.wechat.media.clear()
        picture = Screen((Line("图"),), attachment=Attachment(1, "a.png", PNG, is_picture=True), news=True)
        await _send(stage, person, picture)
        await person.say("hi")
        await _send(stage, person, picture)
        assert stage.wechat.uploads == 2
        assert len(person.pictures) == 3


async def test_a_template_tells_of_an_order_where_nothing_may_be_pushed(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=WITH_TEMPLATE) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        bill = await _at_the_bill(person)
        await _send(stage, person, DELIVERED)
        assert stage.wechat.told == {}, "not while a message may be pushed"
        stage.wechat.use_up(person.openid)
        await stage.pay(bill)
        await stage.until(SENT, 1)
        [(told, values)] = stage.wechat.told.values()
        assert told == person.openid
        assert values["thing1"] == "月卡 × 1"
        assert values["phrase3"] == "已发货 订单"
        assert "AB-1" not in str(values)
        # The same news again, after nobody knew, is shown once.
        await _send(stage, person, DELIVERED, DELIVERED)
        assert len(stage.wechat.told) == 2
        assert [values["thing1"] for _, values in stage.wechat.told.values()][-1].endswith("…")
        with pytest.raises(RetryLater):
            await _send(stage, person, Screen((Line("到货了"),), news=True))
        assert "已发货" not in (await person.say("hi") or ""), "it has been told"


async def test_a_template_that_is_not_taken_leaves_the_news_for_the_next_word(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    wrong = WITH_TEMPLATE.replace(TEMPLATE, "no_such_template_of_ours")
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=wrong) as stage:
        await stage.product("月卡", ["AB-1"])
        person = stage.wechat.follower()
        bill = await _at_the_bill(person)
        stage.wechat.use_up(person.openid)
        await stage.pay(bill)
        await stage.until(QUEUED, 1)
        assert (await person.say("hi") or "").startswith("已发货")
