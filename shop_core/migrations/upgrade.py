"""Bringing a database to the newest schema.

Alembic is written for one migration at a time in one process: it works synchronously and keeps the running
migration in module globals. So it runs in a thread, one at a time; asyncpg gets an event loop of its own
there. Between processes the database's own lock decides: the second waits, and then finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from shop_core.db.connect import backend_of
from shop_core.kernel.errors import ShopError
from shop_core.migrations.drift import compare

T = TypeVar("T")

_HERE: Final = Path(__file__).parent
_ONE_AT_A_TIME: Final = threading.Lock()

_SQLITE_WAIT_MS: Final = 120_000
"""How long a second process waits for the first to finish its migration."""
_ADVISORY_KEY: Final = 0x4B61_7075_0001
"""Names the lock on PostgreSQL: the letters ``Kapu`` and a number."""
_TABLE_WAIT: Final = "30s"
"""A migration that cannot have its table gives up: everybody else's statements would queue up behind it."""


class DatabaseIsNewer(ShopError):
    """The database was made by a newer version of this program. Nothing was changed."""

    code = "db.newer"


class BrokenReferences(Exception):
    """A migration left rows on SQLite that point at nothing. It was undone."""


async def upgrade(url: str) -> list[str]:
    """Bring a database to the newest schema; an SQLite file is made if there is none.

    All missing revisions run in one transaction. May run twice, also from several processes at the same time:
    whoever comes second waits and applies nothing.

    Returns:
        The revisions applied, oldest first.

    Raises:
        BadDatabaseUrl: Neither an SQLite file nor PostgreSQL.
        DatabaseIsNewer: Its revision is not among ours.
    """
    run = upgrade_sqlite if backend_of(url) == "sqlite" else _upgrade_postgresql
    return await asyncio.to_thread(run, url)


async def is_current(url: str) -> bool:
    """Whether a database has exactly the newest schema. Changes nothing and makes no SQLite file."""
    if backend_of(url) == "postgresql":
        return await asyncio.to_thread(_in_postgresql, url, _is_at_head)
    if not _sqlite_file(url).is_file():
        return False
    return await asyncio.to_thread(in_sqlite, url, _is_at_head, begin="BEGIN")


def find_drift() -> list[str]:
    """Where the migrations and the models disagree, one line each; none if they agree.

    Made on an empty SQLite file that is thrown away; the tests make the same comparison on PostgreSQL.
    """
    with TemporaryDirectory(prefix="kapu-drift-") as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade_sqlite(url)
        with create_engine("sqlite://").connect() as modelled:
            return in_sqlite(url, partial(compare, modelled=modelled), begin="BEGIN")


def config_for(connection: Connection, applied: list[str]) -> Config:
    """Alembic's settings; ``env.py`` finds in them the connection to use and the list of what was applied."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(connection=connection, applied=applied)
    return config


def upgrade_sqlite(url: str) -> list[str]:
    """``upgrade`` for an SQLite file, blocking."""

    def to_head(connection: Connection) -> list[str]:
        applied = _to_head(connection)
        if applied:
            _require_whole_references(connection)
        return applied

    applied = in_sqlite(url, to_head, begin="BEGIN IMMEDIATE")
    _switch_to_wal(url)
    return applied


def _upgrade_postgresql(url: str) -> list[str]:
    def to_head(connection: Connection) -> list[str]:
        # Held until the transaction ends, so a pooler between us and the server does no harm.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        connection.execute(text(f"SET LOCAL lock_timeout = '{_TABLE_WAIT}'"))
        return _to_head(connection)

    return _in_postgresql(url, to_head)


def _to_head(connection: Connection) -> list[str]:
    applied: list[str] = []
    config = config_for(connection, applied)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = _revisions_in(connection) - known
    if unknown:
        raise DatabaseIsNewer(revision=", ".join(sorted(unknown)))
    command.upgrade(config, "head")
    return applied


def _is_at_head(connection: Connection) -> bool:
    return _revisions_in(connection) == set(
        ScriptDirectory.from_config(config_for(connection, [])).get_heads()
    )


def _revisions_in(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _require_whole_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if broken:
        raise BrokenReferences(f"(table, row, refers to, which key): {broken}")


# ------------------------------------------------------------------------------------------------ connections


def in_sqlite(url: str, work: Callable[[Connection], T], *, begin: str) -> T:
    """Do something in one transaction, opened with ``begin``, that a failure undoes whole, new tables too."""
    engine = create_engine(f"sqlite:///{_sqlite_file(url)}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: sqlite3.Connection, _record: object) -> None:
        # The driver would commit before a CREATE TABLE; without that, SQLite undoes a failed migration whole.
        dbapi.isolation_level = None
        dbapi.execute(f"PRAGMA busy_timeout={_SQLITE_WAIT_MS}").close()
        # Batch mode drops the old table: with keys enforced, that would delete or refuse what points at it.
        dbapi.execute("PRAGMA foreign_keys=OFF").close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    with _ONE_AT_A_TIME, engine.begin() as connection:
        return work(connection)


def _switch_to_wal(url: str) -> None:
    """Readers and the writer then do not wait for one another; the file remembers it.

    After the migration: a second process that is in its own at this moment makes the switch fail. Then that
    process does it, or the shop itself when it connects.
    """
    with closing(sqlite3.connect(_sqlite_file(url))) as connection, suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode=WAL").close()


def _sqlite_file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _in_postgresql(url: str, work: Callable[[Connection], T]) -> T:
    async def connected() -> T:
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    with _ONE_AT_A_TIME:
        return asyncio.run(connected())
