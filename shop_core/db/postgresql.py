"""PostgreSQL: the same bodies on asyncpg, many at a time, tried again when the server broke a deadlock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shop_core.db.database import Database, Signals
from shop_core.db.tx import Surroundings, Tx, View
from shop_core.kernel.clock import Clock

T = TypeVar("T")
P = ParamSpec("P")

CONNECTIONS: Final = 12
ATTEMPTS: Final = 5
_TRY_AGAIN: Final = {"40001", "40P01"}
"""SQLSTATE serialization_failure and deadlock_detected: the server undid the whole transaction."""


class PostgresDatabase(Database):
    """Read committed; what must not race takes a row lock or a guarded update."""

    def __init__(self, url: str, clock: Clock, around: Surroundings) -> None:
        self.signals = Signals()
        self._clock = clock
        self._around = around
        self._engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=60)
        # Waiting here, in order of arrival, instead of in the pool: its queue gives up after pool_timeout.
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def write(self, body: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def whole(conn: Connection) -> tuple[T, set[str]]:
            tx = Tx(conn, self._clock.now(), self._around)
            return body(tx, *args, **kwargs), tx.woken

        attempt = 1
        while True:
            try:
                async with self._places, self._engine.begin() as conn:
                    result, woken = await conn.run_sync(whole)
            except DBAPIError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
                await asyncio.sleep(self._around.random.uniform(0, 0.01 * 2**attempt))
                attempt += 1
            else:
                self.signals.set(woken)
                return result

    async def read(self, query: Callable[Concatenate[View, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._places, self._engine.connect() as conn:
            _ = await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await conn.run_sync(
                lambda sync: query(View(sync, self._clock.now(), self._around.policy), *args, **kwargs)
            )

    def sync_engines(self) -> tuple[Engine, ...]:
        return (self._engine.sync_engine,)

    async def close(self) -> None:
        await self._engine.dispose()
