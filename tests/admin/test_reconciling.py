"""Reconciliation as staff see it: a case, a day, ways that say what they book, a sheet, and a signature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from io import BytesIO

import pytest_asyncio
from python_calamine import CalamineWorkbook

from handlers.screen import Screen
from shop_core.kernel.money import Money
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.run import reconcile
from shop_core.supply.supplier import Told
from tests.admin.office import Office, button, links_of, staffed, text_of
from tests.core.builders import OWNER
from tests.core.wholesaler import STATING, Trade, a_trade


@dataclass
class Desk:
    """An office, and a wholesaler whose day is over."""

    office: Office
    trade: Trade

    async def day(self) -> Screen:
        return await self.office.press(button(await self.office.type("/reconcile"), "11-20  first"))

    async def settled(self) -> Screen:
        """The day, with both of its differences settled."""
        for text, way in (("金额不符", "以对方为准"), ("只有对方有", "差额 ¥0.70 记入调整")):
            shown = await self.office.press(button(await self.day(), text))
            await self.office.press(button(shown, way))
        return await self.day()


@pytest_asyncio.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with a_trade(database_url, capabilities=STATING) as trade:
        variant = await trade.a_variant(trade.first)
        for _ in range(2):
            await trade.a_paid_order(variant)
            await trade.work()
        [_, dearer] = (request.number for request in trade.first.placed)
        sale = trade.first.sales[dearer]
        trade.first.restated[dearer] = trade.first.states(sale, cost=Money(530, "CNY"))
        stray = trade.first.states(sale, number="", supplier_ref="=1+1", cost=Money(70, "CNY"))
        trade.first.made_up = [replace(stray)]
        trade.market.clock.advance(hours=14)
        await reconcile(trade.market.shop)
        yield Desk(staffed(trade.market), trade)
        assert await trade.market.verify() == []


async def test_each_difference_is_a_case_whose_buttons_say_what_they_book(desk: Desk) -> None:
    office = desk.office
    told = [screen for _, screen in await office.news(OWNER.partition(":")[0]) if screen is not None]
    [dearer] = [screen for screen in told if "金额不符" in text_of(screen)]
    said = text_of(dearer)
    assert "¥5.30  成功" in said.split("对方：")[1]
    assert "¥5.00  成功" in said.split("我们：")[1]
    assert {text.split("，")[0] for text in links_of(dearer)} >= {"以对方为准", "差额 ¥0.30 记入调整"}
    settled = await office.press(button(dearer, "以对方为准，成本记 ¥5.30"))
    assert "已按对方的金额记账" in text_of(settled)
    assert "1 处不符" in text_of(settled)
    assert not [text for text in links_of(settled) if text.startswith("签认")]
    again = await office.press(button(dearer, "以对方为准，成本记 ¥5.30"))
    assert "已经处理了" in text_of(again)
    assert [entry.details["way"] for entry in await office.audit_of("reconcile close")] == ["correct"]


async def test_a_day_is_signed_off_after_a_question_and_is_locked(desk: Desk) -> None:
    office = desk.office
    shown = await desk.settled()
    asked = await office.press(button(shown, "签认这一天"))
    assert "不能再记账" in text_of(asked)
    signed = await office.press(button(asked, "签认这一天"))
    assert "已签认" in text_of(signed)
    assert await office.audit_of("reconcile sign")
    assert "已签认" in str(links_of(await office.type("/reconcile")))


async def test_a_button_of_yesterday_does_not_book_what_is_other_today(desk: Desk) -> None:
    office, trade = desk.office, desk.trade
    shown = await office.press(button(await desk.day(), "金额不符"))
    [number] = trade.first.restated
    trade.first.restated[number] = trade.first.states(trade.first.sales[number], cost=Money(540, "CNY"))
    trade.market.clock.advance(hours=20)
    await reconcile(trade.market.shop)
    assert "刚刚变了" in text_of(await office.press(button(shown, "以对方为准，成本记 ¥5.30")))
    again = await office.press(button(await desk.day(), "金额不符"))
    assert "已按对方的金额记账" in text_of(await office.press(button(again, "以对方为准，成本记 ¥5.40")))


async def test_what_changed_since_it_was_matched_is_found_before_a_day_is_signed_off(desk: Desk) -> None:
    office, trade = desk.office, desk.trade
    shown = await desk.settled()
    [alike, _] = (request.number for request in trade.first.placed)
    await trade.tell(trade.first, Told(alike, outcome=trade.first.fails(alike)))
    asked = await office.press(button(shown, "签认这一天"))
    assert "还不能签认" in text_of(await office.press(button(asked, "签认这一天")))
    assert "1 处不符" in text_of(await desk.day())


async def test_a_day_comes_as_a_sheet_in_the_chat(desk: Desk) -> None:
    sent = await desk.office.press(button(await desk.day(), "下载表格"))
    assert sent.file is not None
    assert (sent.file.name, sent.file.is_secret) == ("first-2026-11-20.xlsx", False)
    [sheet] = CalamineWorkbook.from_filelike(BytesIO(sent.file.bytes)).sheet_names
    rows = CalamineWorkbook.from_filelike(BytesIO(sent.file.bytes)).get_sheet_by_name(sheet).to_python()
    assert rows[0][:3] == ["结果", "处理", "对方记的单号"]
    found = {str(row[0]): row for row in rows[1:]}
    assert set(found) == {"一致", "金额不符", "只有对方有"}
    assert found["金额不符"][4:6] == [5.3, "成功"]
    assert found["金额不符"][12] == 0.3
    assert found["只有对方有"][3] == "=1+1", "what they write is a text"
    assert found["一致"][6] == "2026-11-20 12:00:00"


async def test_a_supplier_that_is_gone_from_the_config_leaves_what_books_nothing(desk: Desk) -> None:
    desk.office.shop._services[Counterparts] = Counterparts([])
    shown = await desk.office.press(button(await desk.day(), "金额不符"))
    refused = await desk.office.press(button(shown, "以对方为准"))
    assert "配置里已经没有这个供应商" in text_of(refused)
    assert "已记下" in text_of(await desk.office.press(button(shown, "不记账")))
