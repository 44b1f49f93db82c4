"""A shop that an earlier version left is upgraded, and goes on selling."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from shop_core.cases.cases import CaseKind, list_subjects
from shop_core.customers.people import find_customer
from shop_core.kernel.money import Money
from shop_core.migrations.upgrade import is_current, upgrade
from shop_core.orders.decide import say_not_bought
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.resale.keys import get_reseller, list_resellers
from shop_core.resale.trade import find_by_number, look_at_goods
from shop_core.staff.roles import Role, Roster
from shop_core.stock.carry_on import carry_on
from shop_core.supply.supplier import Accepted, PurchaseRequest
from shop_core.threads.read import list_messages, list_threads, open_file
from tests.core.builders import OWNER, START, Market
from tests.core.wholesaler import Sale, Trade, a_trade
from tests.db.past import FOLDER, restore
from tests.db.past_trade import ADMIN, PICTURE, SAID
from tests.postgres import PostgresServer

PAST = sorted(path.stem for path in FOLDER.glob("*.json"))
assert PAST


async def _goes_on(trade: Trade, revision: str) -> None:
    market = trade.market
    market.clock.moment = START + timedelta(days=1)
    assert await market.verify() == []
    if revision >= "0016":
        await _keeps_what_was_said_and_given(market)
        await _ends_its_purchases(trade)
    await _sells(market)
    assert await market.verify() == []


async def _sells(market: Market) -> None:
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


async def _keeps_what_was_said_and_given(market: Market) -> None:
    """Texts, files, roles, keys and goods of other shops, an import that was under way."""
    (thread,) = await market.shop.read(list_threads, limit=5)
    said = await market.shop.read(list_messages, market.vault, person_id=thread.person_id, limit=5)
    assert [message.text for message in said][:2] == [SAID, "在的"]
    opened = await market.shop.read(open_file, market.vault, said[2])
    assert opened.content == PICTURE
    assert await market.shop.read(market.shop.get(Roster).role_of, ADMIN) is Role.ADMIN
    (known,) = await market.shop.read(list_resellers)
    reseller = await market.shop.read(get_reseller, known.key)
    assert reseller.open_keys(market.vault).key == known.key
    resold = await market.shop.read(find_by_number, reseller, "DOWN-1")
    assert resold is not None
    goods = await market.shop.write(look_at_goods, reseller, resold)
    assert len({code.open(market.vault).reveal() for code in goods}) == 2
    batch = await carry_on(market.shop, _hear_nothing)
    assert batch is not None
    assert batch.added == batch.lines


async def _hear_nothing(_batch: object) -> None:
    """Nobody waits for the import."""


async def _ends_its_purchases(trade: Trade) -> None:
    """What was planned is bought, what was under way is asked about, what nobody can tell a person decides."""
    market = trade.market
    await _remember(trade)
    (undecided,) = await market.shop.read(list_subjects, CaseKind.PURCHASE)
    await say_not_bought(market.shop, undecided, by=OWNER)
    await market.run_news()
    await sweep_undelivered(market.shop)
    await trade.work_until_quiet(hours=2)
    await market.run_news()
    live = "SELECT count(*) FROM purchases WHERE state NOT IN ('done', 'refused')"
    assert await market.one(live) == 0
    assert await market.one("SELECT count(*) FROM orders WHERE state = 'paid'") == 0
    bought = "SELECT count(*) FROM orders JOIN order_lines ON order_id = orders.id WHERE source = 'supply'"
    delivered = await market.one(f"{bought} AND orders.state = 'delivered'")
    refunded = await market.one(f"{bought} AND orders.state = 'refunded'")
    assert (delivered, refunded) == (7, 2)


async def _remember(trade: Trade) -> None:
    """The first wholesaler has accepted one order, which it now fulfils; the others are over, or never reached it."""
    (row,) = [one for one in await trade.purchases() if one["state"] == "accepted"]
    cost = Money(row["cost_minor"], row["currency"])
    request = PurchaseRequest(row["number"], row["offer_ref"], row["quantity"])
    trade.first.sales[row["number"]] = Sale(
        request, row["supplier_ref"], cost, Accepted(row["supplier_ref"], cost)
    )
    trade.first.finishes(row["number"])
    for seller in (trade.first, trade.second):
        seller.sells("A")


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
    async with a_trade(url, seed=2) as trade:
        await _goes_on(trade, revision)
