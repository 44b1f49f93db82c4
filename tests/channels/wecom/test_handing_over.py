"""A conversation goes to an agent in WeCom's own app, and comes back; meanwhile the shop keeps silent and writes along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text as sql

from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.threads.read import list_messages, list_threads
from shop_core.vault.vault import Vault
from tests.channels.wecom.stage import NAME, Stage, a_wecom_shop
from tests.standins.wecom import Customer

AGENTS: Final = 'hand_over = "agents"'
DONE: Final = "SELECT count(*) FROM inbox WHERE done_at IS NOT NULL"
OPEN: Final = "SELECT count(*) FROM handovers WHERE ended_at IS NULL AND taken_at IS NOT NULL"
WAITING: Final = "SELECT count(*) FROM messages WHERE state = 'queued' AND problem IS NOT NULL"
QUEUED: Final = "SELECT count(*) FROM messages WHERE state = 'queued'"
POOL, AGENT, OVER = 2, 3, 4


def _news(tx: Tx, person: str) -> None:
    queue_message(tx, Address(NAME, person), NewsKind.TOPPED_UP, {"amount_minor": 100}, cause="topped up")


async def _said(stage: Stage) -> Sequence[tuple[bool, str]]:
    def look(view: View) -> Sequence[tuple[bool, str]]:
        [thread] = list_threads(view, limit=9)
        assert thread.waiting_since is None
        said = list_messages(view, stage.shop.get(Vault), thread_id=thread.id, limit=20)
        return [(one.by_shop, one.text) for one in said]

    return await stage.shop.read(look)


async def _handed_over(stage: Stage) -> Customer:
    person = stage.wecom.customer()
    await person.say("hi")
    await person.hears("云卡小铺")
    await person.say("客服")
    await person.hears("转接人工客服")
    await stage.until(OPEN, 1)
    return person


async def test_handed_over_and_back(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, more=AGENTS) as stage:
        wecom = stage.wecom
        person = await _handed_over(stage)
        assert wecom.session(person.person).state == POOL
        tried = wecom.asked.count("kf/send_msg")
        await person.say("卡用不了")
        await wecom.agent_takes(person.person)
        await person.say("订单")
        await wecom.agent_says(person.person, "您好，请把卡号发来")
        await person.send("file", b"AB-1 AB-2", "卡号.txt")
        await stage.until(DONE, 7)
        await stage.shop.write(_news, person.person)
        await stage.until(WAITING, 1)
        assert wecom.asked.count("kf/send_msg") == tried, "nothing is said meanwhile, nor answered"
        assert await _said(stage) == [
            (False, "卡用不了"),
            (False, "订单"),
            (True, "您好，请把卡号发来"),
            (False, ""),
        ]
        assert await stage.count("SELECT count(*) FROM handovers WHERE agent = 'zhangsan'") == 1
        assert await stage.count("SELECT count(*) FROM messages WHERE news LIKE 'thread%'") == 0
        await wecom.agent_ends(person.person)
        back = await person.hears("人工客服已结束")
        assert "我的订单" in back
        await stage.until(OPEN, 0)
        await stage.until(QUEUED, 1)
        await person.say("订单")
        await person.hears("¥1.00")
        await stage.until(QUEUED, 0)
        await stage.until(DONE, 9)
        assert "还没有订单" in "".join(person.texts)
        assert await stage.count(OPEN) == 0


async def test_an_end_that_nobody_told_is_found(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, more=AGENTS + '\nagent = "lisi"') as stage:
        person = await _handed_over(stage)
        assert stage.wecom.session(person.person).agent == "lisi"
        await stage.wecom.agent_ends(person.person, tells=False)

        def grow_old(tx: Tx) -> None:
            tx.execute(sql("UPDATE handovers SET seen_at = seen_at - 660000000"))

        await stage.shop.write(grow_old)
        await person.say("订单")
        await person.hears("还没有订单")
        assert await stage.count("SELECT count(*) FROM handovers WHERE problem = 'not told'") == 1


async def test_where_nobody_takes_it_the_staff_are_written_to(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, more=AGENTS) as stage:
        stage.wecom.has_pool = False
        person = stage.wecom.customer()
        await person.say("客服")
        await person.hears("转接人工客服")
        await person.hears("人工客服暂时不在")
        await stage.until("SELECT count(*) FROM prompts", 1)
        stage.wecom.has_pool = True
        await person.say("卡用不了")
        await person.hears("已送到客服")
        assert await stage.count("SELECT count(*) FROM thread_messages WHERE handover_id IS NULL") == 1
        assert await stage.count("SELECT count(*) FROM handovers WHERE problem LIKE '%95014'") == 1
        await person.say("人工")
        await person.hears("转接人工客服")
        await stage.until(OPEN, 1)


async def test_a_hand_over_whose_outcome_nobody_knows_is_one(sqlite_url: str, tmp_path: Path) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url, more=AGENTS) as stage:
        stage.wecom.faults["kf/service_state/trans"] = ["half"]
        person = stage.wecom.customer()
        await person.say("客服")
        await person.hears("转接人工客服")
        await stage.until(OPEN, 1)
        await stage.until(DONE, 1)
        assert len(person.shown) == 1
        assert stage.wecom.asked.count("kf/service_state/trans") == 1


async def test_an_agent_who_takes_a_conversation_by_himself_is_let_talk(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_wecom_shop(tmp_path, sqlite_url) as stage:
        person = stage.wecom.customer()
        await person.say("hi")
        await person.hears("云卡小铺")
        session = stage.wecom.session(person.person)
        session.state, session.agent = AGENT, "lisi"
        await person.say("订单")
        await stage.until(OPEN, 1)
        await stage.wecom.agent_says(person.person, "我来看看")
        await stage.until(DONE, 3)
        assert await _said(stage) == [(False, "订单"), (True, "我来看看")]
        assert len(person.shown) == 1
