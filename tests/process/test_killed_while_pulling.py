"""A process is killed between pulling and commit, or right after it: what customers said is stored once all the same."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.channels.wecom.pull import LEASE
from bot.config import load_config
from bot.outside import Outside
from bot.wiring import open_shop
from shop_core.db.tx import Tx
from shop_core.payments.gateway import Gateways
from tests.channels.premises import TIMING, opened
from tests.channels.wecom.stage import lay_wecom_shop
from tests.standins.wecom import Account, WeComStandIn

LETTERS = "SELECT count(*) FROM inbox"


@pytest.mark.parametrize(("number", "kept"), [(2, (0, "")), (3, (2, "c2")), (4, (3, "c3"))])
async def test_what_was_pulled_is_stored_with_the_cursor_or_not_at_all(
    sqlite_url: str, tmp_path: Path, number: int, kept: tuple[int, str]
) -> None:
    async with WeComStandIn(Account(), calls_back=False, per_page=2).serving() as wecom:
        people = [wecom.customer() for _ in range(3)]
        for person in people:
            await person.say("hi")
        config = lay_wecom_shop(tmp_path / "shop", sqlite_url, wecom)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.process.pulling", str(config), str(number)
        )
        assert await asyncio.wait_for(child.wait(), 60) == -signal.SIGKILL
        shop = open_shop(load_config(config), Outside(), Gateways({}, {}))

        def look(tx: Tx) -> tuple[int, str]:
            """What is stored, and how far it has read; then let its lease run out."""
            letters = tx.execute(text(LETTERS)).scalar_one()
            cursor = tx.execute(text("SELECT cursor FROM pulls")).scalar_one()
            lease = LEASE.total_seconds() * 1_000_000
            tx.execute(text("UPDATE pulls SET due_at = due_at - :lease"), {"lease": int(lease) + 1})
            return letters, cursor

        assert await shop.write(look) == kept
        await shop.database.close()
        outside = Outside(timing=TIMING, wechat={"trust_env": False}, wecom_poll_s=0.2)
        async with opened(config, outside):
            await asyncio.gather(*(person.hears("云卡小铺") for person in people))
        assert [len(person.shown) for person in people] == [1, 1, 1]
