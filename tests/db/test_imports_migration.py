"""A shop with stock from before imports were work: its batches keep their counts, and sell and are taken back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from shop_core.migrations import upgrade as upgrading
from shop_core.migrations.upgrade import config_for, in_sqlite, upgrade
from shop_core.stock.undo_import import undo_import
from tests.core.builders import OWNER, a_market
from tests.postgres import PostgresServer

OLD_ROWS = (
    """INSERT INTO products (id, names, descriptions, attributes, state, position, since)
       VALUES (1, '{"zh": "月卡"}', '{}', '{}', 'published', 0, 0)""",
    """INSERT INTO variants (id, product_id, names, price_minor, cost_minor, sell_until_days, position, hidden)
       VALUES (1, 1, '{}', 990, 500, 0, 0, false)""",
    """INSERT INTO batches (id, variant_id, origin, cost_minor, expires_on, imported_at, imported_by) VALUES
       (1, 1, 'old.txt', 500, '9999-12-31', 0, 'tg:1'), (2, 1, 'none.txt', 500, '9999-12-31', 0, 'tg:1')""",
    """INSERT INTO cards (id, variant_id, batch_id, place, expires_on, cost_minor, sealed, fingerprint, state) VALUES
       (1, 1, 1, 1, '9999-12-31', 500, 'x', 'fingerprint-0001', 'available'),
       (2, 1, 1, 2, '9999-12-31', 500, 'x', 'fingerprint-0002', 'available'),
       (3, 1, 1, 3, '9999-12-31', 500, 'x', 'fingerprint-0003', 'available')""",
)


def an_old_shop(connection: Connection) -> None:
    """The first schema, with a batch of three codes, one of nothing, and none of them an import we know of."""
    command.upgrade(config_for(connection, []), "0001")
    for statement in OLD_ROWS:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_old_batches_know_what_they_brought_in(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
        in_sqlite(url, an_old_shop, begin="BEGIN IMMEDIATE")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = await server.create_database(f"old_batches_{os.getpid()}")
        await asyncio.to_thread(upgrading._in_postgresql, url, an_old_shop)
    await upgrade(url)
    async with a_market(url) as market:
        batches = await market.rows("SELECT state, added, lines, removed FROM batches ORDER BY id")
        assert batches == [
            {"state": "done", "added": 3, "lines": 3, "removed": 0},
            {"state": "done", "added": 0, "lines": 0, "removed": 0},
        ]
        assert await market.verify() == []
        await market.an_order(await market.a_customer(), 1)
        taken = await undo_import(market.shop, 1, by=OWNER)
        assert (taken.removed, taken.kept) == (2, 1)
