"""``INSERT … ON CONFLICT`` in the dialect of the open transaction; both databases spell it alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shop_core.db.base import table_of
from shop_core.db.tx import Tx


def insert_or(tx: Tx, table: type[Any]) -> PostgresqlInsert | SqliteInsert:
    """An insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insert_into(table, is_postgresql=tx.is_postgresql)


def insert_into(table: type[Any], *, is_postgresql: bool) -> PostgresqlInsert | SqliteInsert:
    """The same for statements that are built once and kept."""
    return postgresql_insert(table_of(table)) if is_postgresql else sqlite_insert(table_of(table))
