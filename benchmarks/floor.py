"""The floor: the same statements as a purchase of the shop, said by the driver alone, as durable.

What it leaves out is everything that the shop adds: SQLAlchemy, its own rules in Python, savepoints. What it does not do
is cheat: each replay is another purchase of another code, in the same transactions, committed like the shop's.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from contextlib import closing
from random import Random
from typing import Final, Protocol, TypeAlias

import asyncpg
from sqlalchemy import make_url

from benchmarks.recording import ADDRESS, KEY, NUMBER, PERSON, Purchase, Statement, Values
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer
from shop_core.kernel.numbers import new_number

_Job: TypeAlias = "tuple[Values, asyncio.Future[None], asyncio.AbstractEventLoop]"

PRAGMAS: Final = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",
)
"""Those of the shop's writer."""


class Floor(Protocol):
    """Buys like ``MeasuredShop.buy``."""

    async def buy(self, buyer: Customer) -> None: ...

    async def close(self) -> None: ...


class _Fresh:
    """What makes each replay a purchase of its own."""

    def __init__(self) -> None:
        self._random = Random()

    def values(self, buyer: Customer) -> Values:
        return {
            NUMBER: self.number(),
            KEY: new_key(self._random),
            PERSON: buyer.person_id,
            ADDRESS: buyer.external_id,
        }

    def number(self) -> str:
        return new_number(self._random)


class SqliteFloor:
    """A purchase is one hop to a thread with one connection, and there as many transactions as the shop's."""

    def __init__(self, url: str, purchase: Purchase) -> None:
        self._purchase = purchase
        self._fresh = _Fresh()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, args=(make_url(url).database,), name="floor", daemon=True
        )
        self._thread.start()

    async def buy(self, buyer: Customer) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._jobs.put((self._fresh.values(buyer), future, loop))
        await future

    async def close(self) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self, path: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()
            while (job := self._jobs.get()) is not None:
                values, future, loop = job
                try:
                    self._replay(connection, values)
                except Exception as error:  # noqa: BLE001 - carried to the caller, who awaits it
                    loop.call_soon_threadsafe(future.set_exception, error)
                    return
                loop.call_soon_threadsafe(future.set_result, None)

    def _replay(self, connection: sqlite3.Connection, values: Values) -> None:
        cursor = connection.cursor()
        for transaction in self._purchase.transactions:
            cursor.execute("BEGIN IMMEDIATE")
            for statement in transaction:
                self._say(cursor, statement, values)
            cursor.execute("COMMIT")

    def _say(self, cursor: sqlite3.Cursor, statement: Statement, values: Values) -> None:
        if statement.many:
            cursor.executemany(statement.sql, [row.fill(values) for row in statement.rows])
            return
        found = cursor.execute(statement.sql, statement.rows[0].fill(values)).fetchall()
        if statement.returns is None:
            return
        while not found:  # Nothing was returned: the number was taken.
            values[NUMBER] = self._fresh.number()
            found = cursor.execute(statement.sql, statement.rows[0].fill(values)).fetchall()
        values[statement.returns] = found[0][0]


class PostgresFloor:
    """Connections with every statement prepared, as many as the shop's, given out last in, first out.

    No pool of the driver: it would clean a connection up after each use, with a round trip that the shop does not make.
    """

    def __init__(self, connections: list[_Prepared], purchase: Purchase) -> None:
        self._free: asyncio.LifoQueue[_Prepared] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._size = len(connections)
        self._purchase = purchase
        self._fresh = _Fresh()

    @classmethod
    async def connect(cls, url: str, purchase: Purchase, *, connections: int) -> PostgresFloor:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        return cls([await _Prepared.connect(plain, purchase) for _ in range(connections)], purchase)

    async def buy(self, buyer: Customer) -> None:
        values = self._fresh.values(buyer)
        connection = await self._free.get()
        try:
            for transaction in self._purchase.transactions:
                await connection.replay(transaction, values, self._fresh)
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        for _ in range(self._size):
            await (await self._free.get()).close()


class _Prepared:
    """A connection and its prepared statements."""

    def __init__(
        self, connection: asyncpg.Connection, prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement]
    ) -> None:
        self._connection = connection
        self._prepared = prepared

    @classmethod
    async def connect(cls, url: str, purchase: Purchase) -> _Prepared:
        connection = await asyncpg.connect(url)
        texts = {statement.sql for transaction in purchase.transactions for statement in transaction}
        return cls(connection, {text: await connection.prepare(text) for text in texts})

    async def replay(self, transaction: tuple[Statement, ...], values: Values, fresh: _Fresh) -> None:
        await self._connection.execute("BEGIN")
        for statement in transaction:
            prepared = self._prepared[statement.sql]
            if statement.many:
                await prepared.executemany([row.fill(values) for row in statement.rows])
                continue
            found = await prepared.fetch(*statement.rows[0].fill(values))
            if statement.returns is None:
                continue
            while not found:  # Nothing was returned: the number was taken.
                values[NUMBER] = fresh.number()
                found = await prepared.fetch(*statement.rows[0].fill(values))
            values[statement.returns] = found[0][0]
        await self._connection.execute("COMMIT")

    async def close(self) -> None:
        await self._connection.close()
