"""WeChat does not answer, or says no: what becomes of news, and how soon it is left alone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from sqlalchemy import text

from bot.channels.channel import Unreachable
from handlers.screen import Line, Screen
from shop_core.customers.people import Address
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.health import OPENS_AFTER
from tests.channels.premises import CALL_S
from tests.channels.wechat.stage import NAME, Stage, a_wechat_shop
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Follower

LEFT: Final = "SELECT said_left FROM allowances WHERE external_id = :who"


async def _send(stage: Stage, person: Follower, process: int = 0) -> str:
    """What becomes of a push: ``sent``, or the name of what was raised and why."""
    try:
        news = Screen((Line("news"),), slot="order:X", news=True)
        await stage.programs[process].channels[NAME].send(Address(NAME, person.openid), news)
    except (RetryLater, Unknown, Unreachable) as error:
        return f"{type(error).__name__}: {error}"
    return "sent"


def _let_time_pass(tx: Tx) -> None:
    tx.execute(text("UPDATE supply_health SET opened_until = 1 WHERE opened_until IS NOT NULL"))


async def test_a_silent_wechat_is_left_alone_and_one_of_many_probes(
    postgresql_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, postgresql_url, cashier, processes=2) as stage:
        people = [stage.wechat.follower() for _ in range(3)]
        for person in people:
            await person.say("hi")
        stage.wechat.faults[:] = ["down"] * OPENS_AFTER
        outcomes = [await _send(stage, people[place % 2], place % 2) for place in range(OPENS_AFTER)]
        assert set(outcomes) == {"Unknown: wechat: HTTP 502"}
        calls = stage.wechat.send_calls
        assert await _send(stage, people[2]) == "RetryLater: wechat: left alone"
        assert await _send(stage, people[2], 1) == "RetryLater: wechat: left alone"
        assert stage.wechat.send_calls == calls, "nobody asks, in neither process"
        assert await stage.count(LEFT, who=people[2].openid) == 5, "and it costs nothing"
        await stage.shop.write(_let_time_pass)
        stage.wechat.faults[:] = ["slow"]
        outcomes = await asyncio.gather(
            *(_send(stage, person, place % 2) for place, person in enumerate(people))
        )
        assert sorted(outcomes) == ["RetryLater: wechat: left alone"] * 2 + ["sent"]
        assert stage.wechat.send_calls == calls + 1
        assert await _send(stage, people[1]) == "sent", "it answers, so all may ask again"


async def test_a_wechat_that_hangs_holds_nobody_for_long(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        person = stage.wechat.follower()
        await person.say("hi")
        for fault in ("hang", "drip"):
            stage.wechat.faults[:] = [fault]
            begun = time.monotonic()
            assert (await _send(stage, person)).startswith("Unknown: wechat: ")
            assert time.monotonic() - begun < CALL_S + 2
        assert await stage.count(LEFT, who=person.openid) == 3, "who knows whether they were sent: they count"


ANSWERS: Final = {
    43004: ("Unreachable: wechat: 43004", 4),
    40003: ("Unreachable: wechat: 40003", 4),
    45015: ("NothingMayBePushed: wechat: nothing may be pushed", 0),
    45047: ("NothingMayBePushed: wechat: nothing may be pushed", 0),
    45011: ("RetryLater: wechat: 45011", 5),
    45009: ("RetryLater: wechat: 45009", 5),
    -1: ("RetryLater: wechat: -1", 5),
    48001: ("RetryLater: wechat: 48001", 5),
}
"""Code → what becomes of the push, and how many messages the person may still be sent."""


async def test_what_wechat_says_no_to(sqlite_url: str, tmp_path: Path, cashier: CashierControl) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        found = {}
        for code in ANSWERS:
            person = stage.wechat.follower()
            await person.say("hi")
            stage.wechat.faults[:] = [code]
            found[code] = (await _send(stage, person), await stage.count(LEFT, who=person.openid))
            assert person.pushes == []
        assert found == ANSWERS
