"""Comparing a migrated database with the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Index, Table, inspect
from sqlalchemy.schema import Constraint

from shop_core.tables import METADATA


def compare(migrated: Connection, modelled: Connection) -> list[str]:
    """Where two databases of one kind differ, one line each: read as what a new migration has to do.

    Args:
        migrated: What the migrations made.
        modelled: Empty, in memory or thrown away afterwards: here the tables are made as the models say.
    """
    context = MigrationContext.configure(migrated, opts={"compare_server_default": True})
    lines = [_told(change) for change in _flat(compare_metadata(context, METADATA))]
    METADATA.create_all(modelled)
    found, wanted = _conditions_in(migrated), _conditions_in(modelled)
    lines += [
        f"condition of {name}: {found[name]} → {wanted[name]}"
        for name in found.keys() & wanted.keys()
        if found[name] != wanted[name]
    ]
    lines += [f"check {name}: missing" for name in wanted.keys() - found.keys() if name.startswith("ck_")]
    lines += [f"check {name}: too many" for name in found.keys() - wanted.keys() if name.startswith("ck_")]
    return sorted(lines)


def _conditions_in(connection: Connection) -> dict[str, str]:
    """What Alembic does not compare, as the database prints it: CHECKs and the conditions of indexes."""
    inspector = inspect(connection)
    partial = f"{connection.dialect.name}_where"
    conditions = {}
    for table in inspector.get_table_names():
        for check in inspector.get_check_constraints(table):
            conditions[str(check["name"])] = str(check["sqltext"])
        for index in inspector.get_indexes(table):
            conditions[str(index["name"])] = str(index.get("dialect_options", {}).get(partial, "always"))
    return conditions


def _flat(changes: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Alembic's changes: a tuple each, those of one column together in a list."""
    for change in changes:
        if isinstance(change, list):
            yield from change
        else:
            yield change


def _told(change: tuple[Any, ...]) -> str:
    verb = str(change[0]).replace("_", " ")
    match change[1:]:
        case (Table(name=name),):
            return f"{verb} {name}"
        case (Index() | Constraint() as part, *_):
            return f"{verb} {part.table}.{part.name}"
        case (_, str(table), Column(name=name)):
            return f"{verb} {table}.{name}"
        case (_, str(table), str(column), _, old, new):
            return f"{verb} of {table}.{column}: {old} → {new}"
        case rest:
            return f"{verb}: {rest}"
