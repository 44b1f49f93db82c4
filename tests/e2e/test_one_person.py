"""One person on three channels, over HTTP: the same journey ends in the same orders, and an open order is paid elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from shop_core.db.tx import View
from shop_core.invariants.verify import verify
from tests.e2e.everywhere import PATIENCE_S, Driver, Everywhere, a_shop_everywhere
from tests.standins.cashier import CashierControl
from tests.standins.telegram import TelegramStandIn

DIFFERENT: Final = {"id", "number", "person_id", "channel", "external_id", "order_id", "line_id", "token"}
"""What two orders of two people never have in common; moments aside."""


@pytest.fixture
async def everywhere(
    database_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn
) -> AsyncIterator[Everywhere]:
    async with a_shop_everywhere(tmp_path, database_url, cashier, tg) as opened:
        yield opened


async def walk(person: Driver) -> str:
    """Hello, choose, buy, pay, get the code, ask the shop."""
    await person.hello()
    await person.order()
    await person.pay()
    code = await person.code()
    await person.ask("怎么激活？")
    return code


async def rows(everywhere: Everywhere, statement: str) -> list[dict[str, Any]]:
    def look(view: View) -> list[dict[str, Any]]:
        return [dict(row) for row in view.execute(text(statement)).mappings()]

    return await everywhere.stage.shop.read(look)


def alike(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what differs from person to person and from moment to moment."""
    return {
        name: (value is not None) if name.endswith(("_at", "_since", "until")) else value
        for name, value in row.items()
        if name not in DIFFERENT
    }


async def test_one_journey_on_three_channels_ends_in_the_same_orders(everywhere: Everywhere) -> None:
    people = [everywhere.in_telegram(), everywhere.in_wechat(), await everywhere.on_the_web()]
    codes = [await walk(person) for person in people]
    assert all(f"CODE-{number}" in code for number, code in enumerate(codes))
    orders = await rows(everywhere, "SELECT * FROM orders ORDER BY id")
    assert [order["channel"] for order in orders] == ["tg", "wx", "web"]
    for table in ("orders", "order_lines", "deliveries", "threads"):
        first, *others = [alike(row) for row in await rows(everywhere, f"SELECT * FROM {table} ORDER BY id")]
        assert [first, first] == others, table
    looks = await rows(everywhere, "SELECT line_id, count(*) AS looks FROM reveals GROUP BY line_id")
    assert [row["looks"] for row in looks] == [1, 1, 1]


async def test_an_order_that_was_begun_on_telegram_is_paid_after_linking_and_opens_in_wechat(
    everywhere: Everywhere,
) -> None:
    here, there = everywhere.in_telegram(), everywhere.in_wechat()
    await here.hello()
    await here.order()
    bill = here.last
    [order] = await rows(everywhere, "SELECT number, state FROM orders")
    assert order["state"] == "awaiting"
    await there.hello()
    assert "没有找到这个订单" in await there.say(order["number"])
    await there.say("关联")
    code = (await there.say("获取关联码")).splitlines()[1]
    await here.type("关联", "关联码")
    await here.type(code, "这是你自己吗")
    await here.press("是我", "还差一步")
    assert "这是你自己吗" in await there.say("关联")
    assert "关联好了" in await there.say("1")
    # The order is open, and the money comes for whom it was begun by.
    here.last = bill
    await here.pay()
    assert "CODE-0" in await here.code()
    assert "CODE-0" in await there.code()
    people = await rows(everywhere, "SELECT DISTINCT person_id FROM identities")
    assert len(people) == 1
    assert await everywhere.stage.shop.read(verify) == []


async def test_who_closed_the_page_hears_of_his_order_where_he_hears_everything(
    everywhere: Everywhere,
) -> None:
    there, here = everywhere.in_telegram(), await everywhere.on_the_web()
    await there.hello()
    await here.hello()
    await here.type("关联", "关联码")
    code = (await here.press("获取关联码", "你的关联码"))["lines"][1]["text"]
    await there.type("关联", "关联码")
    await there.type(code, "这是你自己吗")
    await there.press("是我", "还差一步")
    await here.until(lambda screen: any("是我" in button["text"] for row in screen["rows"] for button in row))
    await here.press("是我", "关联好了")
    await there.type("设置", "都只关于你")
    await there.press("通知", "由你定")
    await there.press("都发到Telegram：关", "由你定")
    await here.press("回首页", "自动发货")
    await here.order()
    await here.socket.close()
    await here.pay_and_go()
    there.last = await there.user.wait_for_async("已发货", PATIENCE_S)
    assert "CODE-0" in await there.code()
