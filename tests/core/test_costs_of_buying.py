"""What buying from a supplier costs: so many statements, and each by the index made for it however long the past is."""

from __future__ import annotations

from sqlalchemy import text

from shop_core.db.tx import Tx
from shop_core.orders.buy import work_on
from shop_core.supply.purchases import claim_purchases
from tests.core.test_costs import analyze, plan_of, reads_table, recording
from tests.core.wholesaler import a_trade

MOST_FOR_BUYING = 52
"""From the news of the payment to the delivery; docs/benchmarks.md has the whole."""
PAST = 100_000
WAITING = 3
SMALL = ("ix_purchases_due", "ix_purchases_sent", "uq_purchases_live")
"""Partial indexes: only what is not over is in them, so the past makes none of them longer."""


async def test_one_purchase_takes_so_many_statements(sqlite_url: str) -> None:
    async with a_trade(sqlite_url) as trade:
        variant = await trade.a_variant(trade.first)
        await trade.a_paid_order(variant)
        await trade.work()
        customer = await trade.market.a_customer()
        with recording(trade.market) as seen:
            order = await trade.market.an_order(customer, variant, paid=True)
        before = len(seen)
        with recording(trade.market) as seen:
            await trade.market.run_news()
            await trade.work()
        assert (await trade.market.look(order.number)).delivered_at is not None
        assert before > 0
        assert len(seen) <= MOST_FOR_BUYING


async def test_purchases_that_are_due_are_found_among_a_hundred_thousand_old_ones(database_url: str) -> None:
    async with a_trade(database_url) as trade:
        variant = await trade.a_variant(trade.first)
        for _ in range(WAITING):
            await trade.a_paid_order(variant)
        await trade.market.shop.write(_make_past)
        await analyze(trade.market)
        with recording(trade.market) as seen:
            claimed = await trade.market.shop.write(claim_purchases, 20)
            await work_on(trade.market.shop, claimed[0])
        assert len(claimed) == WAITING
        for mark, indexes in (
            ("UPDATE purchases SET due_at", SMALL),
            ("'sent'", SMALL),
            ("FROM purchases \nWHERE purchases.line_id IN", ("purchases_line", "sqlite_autoindex_purchases")),
        ):
            plan = await plan_of(trade.market, mark, seen)
            assert any(index in plan for index in indexes), plan
            assert not reads_table(plan, "purchases"), mark
        await trade.market.sql(f"DELETE FROM purchases WHERE line_id > {PAST}")


def _make_past(tx: Tx) -> None:
    """Purchases of years, all over. They are gone before the books are verified."""
    tx.execute(
        text(
            "INSERT INTO purchases (number, line_id, variant_id, attempt, offer_id, supplier, offer_ref, kind, quantity,"
            " currency, limit_minor, state, planned_at, ended_at)"
            f" WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PAST})"
            f" SELECT 'P' || n.i, {10 * PAST} + n.i, p.variant_id, 1, p.offer_id, p.supplier, p.offer_ref, p.kind, 1,"
            " p.currency, 1, 'done', 0, 0 FROM n, (SELECT * FROM purchases ORDER BY id LIMIT 1) AS p"
        )
    )
