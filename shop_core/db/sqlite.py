"""SQLite: one writer thread that runs bodies whole, those waiting together in one commit; readers on aiosqlite."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shop_core.db.database import Database, Signals
from shop_core.db.tx import Surroundings, Tx, View
from shop_core.kernel.clock import Clock

T = TypeVar("T")
P = ParamSpec("P")

GROUP_LIMIT: Final = 64
"""Bodies in one commit, at most: past 10 the commit costs next to nothing, and answers should not wait for more."""

BUSY_TIMEOUT_MS: Final = 10_000
"""``kapu admin`` in a shell is a second process; both take BEGIN IMMEDIATE and wait for one another this long."""


@dataclass(slots=True)
class _Job:
    """A body on its way through the writer thread and back."""

    body: Callable[[Tx], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None
    woken: set[str] = field(default_factory=set)


class SqliteDatabase(Database):
    """One file, one writer. Every answer comes after the commit that keeps it has reached the disk."""

    def __init__(self, url: str, clock: Clock, around: Surroundings) -> None:
        self.signals = Signals()
        self._clock = clock
        self._around = around
        path = make_url(url).database
        self._writer = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
        self._readers = create_async_engine(
            f"sqlite+aiosqlite:///{path}", pool_size=4, max_overflow=0, pool_timeout=60
        )
        _configure(self._writer, query_only=False)
        _configure(self._readers.sync_engine, query_only=True)
        event.listen(self._readers.sync_engine, "begin", _begin_reading)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, body: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kapu-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(lambda tx: body(tx, *args, **kwargs), future, loop))
        return await future

    async def read(self, query: Callable[Concatenate[View, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._readers.connect() as conn:
            return await conn.run_sync(
                lambda sync: query(View(sync, self._clock.now(), self._around.policy), *args, **kwargs)
            )

    def sync_engines(self) -> tuple[Engine, ...]:
        return self._writer, self._readers.sync_engine

    async def close(self) -> None:
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        await self._readers.dispose()
        self._writer.dispose()

    def _run(self) -> None:
        conn: Connection | None = None
        stop = False
        while not stop and (job := self._jobs.get()) is not None:
            batch = [job]
            while len(batch) < GROUP_LIMIT and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    stop = True
                    break
                batch.append(following)
            try:
                conn = conn or self._writer.connect()
            except Exception as error:  # noqa: BLE001 - a file out of reach; the next batch tries again
                for waiting in batch:
                    waiting.error = error
            else:
                self._commit_together(conn, batch)
            _answer(batch, self.signals)
        if conn is not None:
            conn.close()

    def _commit_together(self, conn: Connection, batch: list[_Job]) -> None:
        """One transaction for the whole batch, a savepoint for each body: a refusal undoes its own work only."""
        raw = conn.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError(f"not SQLite's own connection: {raw!r}")
        try:
            with conn.begin():
                # Not in a listener: an engine that has one looks for more of them around each statement.
                raw.execute("BEGIN IMMEDIATE")
                for job in batch:
                    raw.execute("SAVEPOINT body")
                    try:
                        tx = Tx(conn, self._clock.now(), self._around)
                        job.result, job.woken = job.body(tx), tx.woken
                    except Exception as error:  # noqa: BLE001 - carried to the caller, who awaits it
                        job.error = error
                        raw.execute("ROLLBACK TO body")
                    raw.execute("RELEASE body")
        except Exception as error:  # noqa: BLE001 - no commit: nobody may believe that his work was kept
            if raw.in_transaction:
                # A COMMIT that fails leaves it open, and SQLAlchemy takes it for ended: no other could ever begin.
                raw.rollback()
            for job in batch:
                job.error = error


def _answer(batch: list[_Job], signals: Signals) -> None:
    """Hand the outcomes to the event loops they came from, one hop a loop."""

    def tell(jobs: list[_Job]) -> None:
        for job in jobs:
            if job.future.cancelled():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                signals.set(job.woken)
                job.future.set_result(job.result)

    for loop in {job.loop for job in batch}:
        mine = [job for job in batch if job.loop is loop]
        try:
            loop.call_soon_threadsafe(tell, mine)
        except RuntimeError:
            # The loop was closed while its body ran: the work is committed, nobody is left to be told.
            continue


def _configure(engine: Engine, *, query_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(dbapi: sqlite3.Connection, _record: object) -> None:
        # The driver must not open transactions by itself: it would use a deferred BEGIN, which deadlocks writers.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()


def _begin_reading(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")
