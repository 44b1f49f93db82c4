"""Databases as earlier versions of the shop left them: rows as JSON, beside the revision that they belong to.

Each file in ``tests/data/past`` was written once, by the version whose name it has, and is never written again:

    python -m tests.db.past 0001

makes the one for the newest revision, on an SQLite file, through the shop's own use cases. What is read from it goes into
either database.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Date,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeEngine

from shop_core.migrations import upgrade as upgrading
from shop_core.migrations.upgrade import upgrade
from tests.core.wholesaler import a_trade
from tests.db.past_trade import trade

FOLDER: Final = Path(__file__).parents[1] / "data" / "past"
_VERSIONS: Final = "alembic_version"


@contextmanager
def schema_of(revision: str) -> Iterator[None]:
    """Inside, the migrations end with this revision."""
    here = upgrading._HERE
    with TemporaryDirectory(prefix="kapu-past-") as folder:
        copied = shutil.copytree(here, Path(folder) / "migrations")
        for script in (copied / "versions").glob("[0-9]*.py"):
            if script.name[: len(revision)] > revision:
                script.unlink()
        upgrading._HERE = copied  # type: ignore[misc]  # only here is another set of migrations wanted
        try:
            yield
        finally:
            upgrading._HERE = here  # type: ignore[misc]


async def restore(url: str, revision: str) -> None:
    """Make a database as the version of a revision left it."""
    with schema_of(revision):
        await upgrade(url)
    rows = json.loads((FOLDER / f"{revision}.json").read_text())
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_fill, rows)
    finally:
        await engine.dispose()


def _fill(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    for table in _tables(connection):
        if told := [_decoded(table, row) for row in rows.get(table.name, [])]:
            connection.execute(insert(table), told)
        if connection.dialect.name == "postgresql" and "id" in table.c and told:
            # Rows that bring their own numbers do not move the counter.
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"),
                {"table": table.name, "last": max(row["id"] for row in told)},
            )


def _dump(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [_encoded(dict(row)) for row in connection.execute(select(table)).mappings()]
        for table in _tables(connection)
    }


def _tables(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != _VERSIONS]


def _encoded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in row.items()}


def _as_json(value: Any) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case date():
            return value.isoformat()
        case _:
            return value


def _decoded(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _as_column(table.c[name].type, value) for name, value in row.items()}


def _as_column(kind: TypeEngine[Any], value: Any) -> Any:
    match kind:
        case LargeBinary() if value is not None:
            return base64.b64decode(value)
        case Date() if value is not None:
            return date.fromisoformat(value)
        case _:
            return value


async def write(revision: str) -> Path:
    """Fill a shop with a bit of everything, and write it down."""
    target = FOLDER / f"{revision}.json"
    with TemporaryDirectory(prefix="kapu-past-") as folder:
        url = f"sqlite+aiosqlite:///{folder}/shop.db"
        await upgrade(url)
        async with a_trade(url) as shop:
            await trade(shop)
        engine = create_engine(f"sqlite:///{make_url(url).database}")
        with engine.connect() as connection:
            rows = _dump(connection)
        engine.dispose()
    target.write_text(json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return target


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
