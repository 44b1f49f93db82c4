"""A process is killed in the middle of a merge: the two are two or one, never between, and the next yes ends it."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from shop_core.pairing.errors import PairingOver
from shop_core.pairing.merge import confirm
from shop_core.threads.sealing import Said
from shop_core.threads.write import write_to_shop
from tests.core.builders import a_market
from tests.core.pairs import asked, now
from tests.process.merging import DONE


@pytest.mark.parametrize("point", ["INTO person_changes", DONE])
async def test_a_merge_that_is_killed_is_whole_or_has_not_been(database_url: str, point: str) -> None:
    async with a_market(database_url) as market:
        older, younger = (
            await market.a_customer(channel="tg", balance=100),
            await market.a_customer(balance=50),
        )
        order = await market.an_order(younger, paid=True)
        for who in (older, younger):
            await write_to_shop(market.shop, who, Said("在吗"), key=f"{who.channel}:1")
        pairing = await asked(market, older, younger)
        before = await market.everything()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.process.merging", database_url, pairing.key, older.external_id, point
        )
        assert await asyncio.wait_for(child.wait(), 60) == -signal.SIGKILL
        assert await market.verify() == []
        if point == DONE:
            with pytest.raises(PairingOver):
                await confirm(market.shop, older, pairing.key)
        else:
            assert await market.everything() == before
            assert (await now(market, younger)).person_id == younger.person_id
            await confirm(market.shop, older, pairing.key)
        assert await market.balance(older) == 150
        assert await market.codes_of(await now(market, younger), order.number)
        assert await market.one("SELECT count(*) FROM threads") == 1
        assert await market.one("SELECT count(*) FROM thread_messages") == 2
