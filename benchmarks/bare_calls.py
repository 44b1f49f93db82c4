"""The floor of buying on demand: the calls by httpx alone, and commits of as many rows by the driver alone.

What it leaves out is everything that is the shop's: which rows, who may, what was signed, what the answer means. The calls
are the two of a purchase (the price, the order), to the same site in its process, of the same size, after the same delay.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from itertools import count
from typing import Final, Protocol

import asyncpg
import httpx
from sqlalchemy import make_url

from benchmarks.floor import PRAGMAS
from benchmarks.upstream import FIRST_GOODS
from shop_core.customers.people import Customer
from shop_core.db.connect import backend_of
from shop_core.db.postgresql import CONNECTIONS
from shop_core.wire.certificates import certificates
from shop_core.wire.spread import Spread

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS bench_rows (id {key}, what varchar(40), number bigint, said varchar(200))"
)
_ROW: Final = ("purchase", 21_000_001, "x" * 100)


class _Books(Protocol):
    async def commit(self, rows: int) -> None: ...

    async def close(self) -> None: ...


class BareBuyer:
    """Buys like the shop, as far as it can be said without one: two calls, and so many commits of so many rows."""

    def __init__(self, site: httpx.AsyncClient, books: _Books, written: Sequence[int]) -> None:
        self._site, self._books = site, books
        self._written = tuple(written)
        self._numbers = count(1)

    async def buy(self, _: Customer) -> None:
        half = len(self._written) // 2
        for rows in self._written[:half]:
            await self._books.commit(rows)
        (await self._site.get(f"/products/{FIRST_GOODS}")).raise_for_status()
        told = {"downstream_order_no": f"BARE{next(self._numbers)}", "sku_id": FIRST_GOODS, "quantity": 1}
        (await self._site.post("/orders", json=told)).raise_for_status()
        for rows in self._written[half:]:
            await self._books.commit(rows)


@asynccontextmanager
async def bare_buyer(url: str, site_url: str, written: Sequence[int]) -> AsyncIterator[BareBuyer]:
    """Open connections to the site and to a table beside the shop's."""
    async with httpx.AsyncClient(base_url=site_url, transport=Spread(certificates()), timeout=30) as site:
        books = _SqliteBooks(url) if backend_of(url) == "sqlite" else await _PostgresBooks.connect(url)
        try:
            yield BareBuyer(site, books, written)
        finally:
            await books.close()


class _SqliteBooks:
    """One thread with one connection; each commit is a hop to it."""

    def __init__(self, url: str) -> None:
        self._jobs: queue.SimpleQueue[tuple[int, asyncio.Future[None], asyncio.AbstractEventLoop] | None]
        self._jobs = queue.SimpleQueue()
        path = make_url(url).database
        self._thread = threading.Thread(target=self._run, args=(path,), name="floor", daemon=True)
        self._thread.start()

    async def commit(self, rows: int) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._jobs.put((rows, future, loop))
        await future

    async def close(self) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self, path: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()
            connection.execute(_TABLE.format(key="integer PRIMARY KEY"))
            while (job := self._jobs.get()) is not None:
                rows, future, loop = job
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "INSERT INTO bench_rows (what, number, said) VALUES (?, ?, ?)", [_ROW] * rows
                )
                connection.execute("COMMIT")
                loop.call_soon_threadsafe(future.set_result, None)


class _PostgresBooks:
    """As many connections as the shop has."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, url: str) -> _PostgresBooks:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        pool = await asyncpg.create_pool(plain, min_size=CONNECTIONS, max_size=CONNECTIONS)
        async with pool.acquire() as connection:
            await connection.execute(_TABLE.format(key="bigserial PRIMARY KEY"))
        return cls(pool)

    async def commit(self, rows: int) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                "INSERT INTO bench_rows (what, number, said) VALUES ($1, $2, $3)", [_ROW] * rows
            )

    async def close(self) -> None:
        await self._pool.close()
