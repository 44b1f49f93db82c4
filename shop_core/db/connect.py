"""Which database a URL means."""

from __future__ import annotations

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shop_core.db.database import Database
from shop_core.db.postgresql import PostgresDatabase
from shop_core.db.sqlite import SqliteDatabase
from shop_core.db.tx import Surroundings
from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import ShopError


class BadDatabaseUrl(ShopError):
    """Neither an SQLite file nor a PostgreSQL server."""

    code = "db.bad_url"


def backend_of(url: str) -> str:
    """``"sqlite"`` or ``"postgresql"``.

    Raises:
        BadDatabaseUrl: Something else, or an SQLite database in memory (it would hide races and lose orders).
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadDatabaseUrl from None
    name = parsed.get_backend_name()
    if name == "sqlite" and parsed.database and parsed.database != ":memory:":
        return name
    if name == "postgresql":
        return name
    raise BadDatabaseUrl(backend=name)


def connect(url: str, clock: Clock, around: Surroundings) -> Database:
    """A database for ``sqlite:///kapu.db`` or ``postgresql://user@host/name``; drivers are ours to choose."""
    if backend_of(url) == "sqlite":
        return SqliteDatabase(url, clock, around)
    driven = make_url(url).set(drivername="postgresql+asyncpg")
    return PostgresDatabase(driven.render_as_string(hide_password=False), clock, around)
