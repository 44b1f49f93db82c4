"""What a purchase costs: so many statements, however full the shop, and each by the index made for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from shop_core.db import inbox
from shop_core.db.tx import Tx, View
from shop_core.messaging.sending import claim_messages
from shop_core.orders.end import expire_orders
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.pay import pay_from_wallet
from tests.core.builders import START, Market

MOST_FOR_PLACING = 14
MOST_FOR_PAYING = 16
MOST_FOR_A_CALLBACK = 20

STOCK = 3000
"""Rows enough that PostgreSQL prefers an index to reading the table."""
WAITING = 5
"""Rows of a queue that are still to be worked off, among ``STOCK`` that are not."""
STAMP = int(START.timestamp() * 1_000_000)


@contextmanager
def recording(market: Market) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that run meanwhile, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def before(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith(("BEGIN", "EXPLAIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            seen.append((statement, parameters))

    engines = market.shop.database.sync_engines()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", before)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", before)


async def purchase_counts(market: Market, variant: int) -> Counter[str]:
    """Statements of placing, of paying from the wallet, of taking a callback."""
    counts: Counter[str] = Counter()
    buyer = await market.a_customer(balance=5000)
    with recording(market) as seen:
        number = await market.place(buyer, variant)
    counts["place"] = len(seen)
    with recording(market) as seen:
        await pay_from_wallet(market.shop, buyer, number)
    counts["pay"] = len(seen)
    number = await market.place(buyer, variant)
    await market.ask_money(buyer, number)
    notice = await market.notice(number)
    with recording(market) as seen:
        await market.tell(notice)
    counts["callback"] = len(seen)
    return counts


def fill(tx: Tx, variant_id: int) -> None:
    """Years of trade: sold cards and ended orders without end. They are gone before the books are verified."""
    pattern = (
        tx.execute(text("SELECT * FROM cards WHERE variant_id = :of LIMIT 1"), {"of": variant_id})
        .mappings()
        .one()
    )
    statement = text(
        "INSERT INTO cards (variant_id, batch_id, place, expires_on, cost_minor, sealed, fingerprint, state)"
        " VALUES (:variant_id, :batch_id, :place, :expires_on, :cost_minor, :sealed, :fingerprint, :state)"
    )
    rows = [
        dict(pattern)
        | {"place": n + 10, "fingerprint": f"fill{n:012}".encode(), "state": "sold" if n % 2 else "available"}
        for n in range(STOCK)
    ]
    tx.execute(statement, [{key: row[key] for key in row if key not in {"id", "line_id"}} for row in rows])
    order = text(
        "INSERT INTO orders (number, person_id, channel, external_id, state, currency, total_minor, placed_at, expires_at)"
        " VALUES (:number, :person, 'fill', 'x', :state, 'CNY', 1, 0, :until)"
    )
    tx.execute(
        order,
        [
            {
                "number": f"{n:08}",
                "person": 10**9 + n % 300,
                "state": "cancelled" if n % 3 else "awaiting",
                "until": STAMP + 1 + n,
            }
            for n in range(STOCK)
        ],
    )


def unfill(tx: Tx) -> None:
    """Take the made-up trade away again."""
    tx.execute(text("DELETE FROM orders WHERE channel = 'fill'"))
    tx.execute(text("DELETE FROM cards WHERE place >= 10"))
    tx.execute(text("DELETE FROM inbox"))
    tx.execute(text("DELETE FROM messages WHERE cause LIKE 'fill%'"))


async def give_back_made_up(market: Market) -> None:
    """Made-up cards that were bought stay."""
    await market.sql("UPDATE cards SET place = 1 WHERE line_id IS NOT NULL")


async def analyze(market: Market) -> None:
    def run(tx: Tx) -> None:
        tx.execute(text("ANALYZE"))

    await market.shop.write(run)


@asynccontextmanager
async def old_shop(market: Market) -> AsyncIterator[int]:
    """A variant of a shop with a past."""
    variant = await market.a_variant(codes=9)
    await market.shop.write(fill, variant)
    await analyze(market)
    try:
        yield variant
    finally:
        await market.shop.write(unfill)


async def test_a_purchase_takes_no_more_statements_in_a_full_shop(market: Market) -> None:
    young = await purchase_counts(market, await market.a_variant(codes=9))
    async with old_shop(market) as variant:
        old = await purchase_counts(market, variant)
        await give_back_made_up(market)
    assert young == old
    assert young["place"] <= MOST_FOR_PLACING
    assert young["pay"] <= MOST_FOR_PAYING
    assert young["callback"] <= MOST_FOR_A_CALLBACK


# ---------------------------------------------------------------------- plans


def explain(conn: Connection, statement: str, parameters: Sequence[Any]) -> str:
    """The plan that the database comes to for a recorded statement.

    PostgreSQL plans a connection's first five runs for their parameters, and then may turn to a plan for any: the
    seventh run shows what it has settled on.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"PREPARE recorded AS {statement}")
        run = f"EXPLAIN EXECUTE recorded ({', '.join(map(_literal, parameters))})"
        rows = [conn.exec_driver_sql(run).all() for _ in range(7)][-1]
        conn.exec_driver_sql("DEALLOCATE recorded")
    else:
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters)).all()
    return "\n".join(str(row[-1]) for row in rows)


def _literal(value: object) -> str:
    """Numbers, words and dates, as SQL spells them; none of those recorded here holds a quote."""
    return str(value) if isinstance(value, int) else f"'{value}'"


async def plan_of(market: Market, mark: str, seen: list[tuple[str, Any]]) -> str:
    [(statement, parameters)] = [entry for entry in seen if mark in entry[0]][:1]

    def run(tx: Tx) -> str:
        return explain(tx.conn, statement, parameters)

    return await market.shop.write(run)


def reads_table(plan: str, table: str) -> bool:
    """Whether a plan reads a table from end to end."""
    return f"Seq Scan on {table}" in plan or f"SCAN {table}\n" in f"{plan}\n"


async def test_holding_and_counting_walk_their_own_indexes(market: Market) -> None:
    async with old_shop(market) as variant:
        buyer = await market.a_customer()
        with recording(market) as seen:
            await market.place(buyer, variant)
        hold = await plan_of(market, "picked", seen)
        assert "ix_cards_shelf" in hold
        assert not reads_table(hold, "cards")
        assert "Sort" not in hold
        assert "TEMP B-TREE" not in hold
        unpaid = await plan_of(market, "expires_at >", seen)
        assert "ix_orders_awaiting_person" in unpaid
        await give_back_made_up(market)


async def test_sweepers_look_only_at_what_waits(market: Market) -> None:
    async with old_shop(market):
        with recording(market) as seen:
            await expire_orders(market.shop)
            await sweep_undelivered(market.shop)
        assert "ix_orders_awaiting_expiry" in await plan_of(market, "'awaiting'", seen)
        assert "ix_orders_undelivered" in await plan_of(market, "'paid'", seen)


QUEUE_INDEXES = ("ix_inbox_lane_pending", "ix_inbox_done_at", "ix_messages_due")
"""With few rows pending, PostgreSQL finds them as well in the index on when they were done."""


def letters(tx: Tx) -> None:
    """A long past of handled messages, and a few that wait."""
    rows = [
        {"id": f"u{n}", "lane": f"lane{n % 100}", "done": None if n < WAITING else 0} for n in range(STOCK)
    ]
    tx.execute(
        text(
            "INSERT INTO inbox (source, external_id, lane, received_at, done_at, attempts)"
            " VALUES ('web', :id, :lane, 0, :done, 0)"
        ),
        rows,
    )
    tx.execute(text("INSERT INTO lanes (lane, leased_until) SELECT DISTINCT lane, 0 FROM inbox"))


def queued(tx: Tx) -> None:
    statement = text(
        "INSERT INTO messages (channel, external_id, cause, news, args, state, queued_at, due_at, attempts)"
        " VALUES ('web', 'x', :cause, 'topped_up', '{}', :state, 0, :due, 0)"
    )
    tx.execute(
        statement,
        [
            {
                "cause": f"fill{n}",
                "state": "queued" if n < WAITING else "sent",
                "due": 0 if n < WAITING else None,
            }
            for n in range(STOCK)
        ],
    )


@pytest.mark.parametrize(
    ("make", "work", "mark", "table"),
    [
        (letters, lambda tx: inbox.take(tx, lease=timedelta(seconds=1)), "GROUP BY", "inbox"),
        (letters, lambda tx: inbox.take(tx, lease=timedelta(seconds=1)), "UPDATE inbox", "inbox"),
        (queued, lambda tx: claim_messages(tx, ("web", "tg"), 10), "UPDATE messages", "messages"),
    ],
    ids=["find a lane", "take its letter", "claim messages"],
)
async def test_queues_are_worked_by_their_indexes(
    market: Market,
    make: Callable[[Tx], None],
    work: Callable[[Tx], object],
    mark: str,
    table: str,
) -> None:
    await market.shop.write(make)
    await analyze(market)
    with recording(market) as seen:
        await market.shop.write(work)
    plan = await plan_of(market, mark, seen)
    assert any(index in plan for index in QUEUE_INDEXES)
    assert not reads_table(plan, table)
    await market.shop.write(unfill)


async def test_what_is_wrong_is_found_by_a_reader_too(market: Market) -> None:
    """The recorder sees readers' statements as well as writers'."""
    with recording(market) as seen:
        await market.shop.read(_look)
    assert len(seen) == 1


def _look(view: View) -> int:
    return int(view.execute(text("SELECT count(*) FROM orders")).scalar_one())
