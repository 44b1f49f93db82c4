"""A shop that an earlier version left is upgraded, and goes on selling."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from shop_core.customers.people import find_customer
from shop_core.migrations.upgrade import is_current, upgrade
from tests.core.builders import START, Market, a_market
from tests.db.past import FOLDER, restore
from tests.postgres import PostgresServer

PAST = sorted(path.stem for path in FOLDER.glob("*.json"))
assert PAST


async def _goes_on(market: Market) -> None:
    market.clock.moment = START + timedelta(days=1)
    assert await market.verify() == []
    where = await market.one("SELECT external_id FROM identities WHERE channel = 'tg'")
    buyer = await market.shop.read(find_customer, channel="tg", external_id=where)
    assert buyer is not None
    mine = "SELECT min(number) FROM orders WHERE state = :state AND person_id = :person"
    seen = await market.one(mine, state="delivered", person=buyer.person_id)
    assert len(await market.codes_of(buyer, seen)) == 2
    waiting = await market.one(mine, state="awaiting", person=buyer.person_id)
    payment = await market.one("SELECT number FROM payments WHERE number LIKE :its", its=f"{waiting}%")
    await market.tell(await market.notice(payment))
    (late,) = await market.codes_of(buyer, waiting)
    order = await market.an_order(buyer, await market.one("SELECT min(id) FROM variants"), paid=True)
    (code,) = await market.codes_of(buyer, order.number)
    assert late != code
    await market.run_news()
    assert await market.verify() == []


@pytest.mark.parametrize("revision", PAST)
@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_the_shop_of_an_earlier_version_is_upgraded_and_sells(
    revision: str, backend: str, request: pytest.FixtureRequest, tmp_path: os.PathLike[str]
) -> None:
    if backend == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/past.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = await server.create_database(f"past_{revision}_{os.getpid()}")
    await restore(url, revision)
    await upgrade(url)
    assert await is_current(url)
    async with a_market(url, seed=2) as market:
        await _goes_on(market)
