"""The points at which a purchase can be cut off, and how one of them is found again in another process.

A point is named after what passes it: the function whose transaction is committed, the page or method that is asked
over HTTP, the page of the shop's own where somebody brings something (a gateway its callback, Telegram an update); and
numbered among its namesakes. That name is the same in every run, while the order in which side by side transactions reach
the disk is not.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast

import httpx
from sqlalchemy import Connection, event
from sqlalchemy.pool import PoolProxiedConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from shop_core.db.database import Database
from shop_core.db.tx import Tx

T = TypeVar("T")
P = ParamSpec("P")

Kind = Literal["commit", "request", "visit"]
Side = Literal["before", "after"]

NOT_OF_THE_PURCHASE = frozenset(
    {
        # By the clock, whether anybody buys or not: the schedule's lease, the numbers of visitors.
        "leases.acquire",
        "leases.release",
        "exposure._insert",
        # The jobs that there are, and how they went.
        "runs.plan_jobs",
        "runs.note_run",
        # What a bot does when it starts.
        "getMe",
        "getWebhookInfo",
        "getMyCommands",
        "setMyCommands",
        "setWebhook",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One commit of a purchase, request of the shop's or visit to it, from one side."""

    kind: Kind
    name: str
    nth: int
    side: Side

    def __str__(self) -> str:
        return f"{self.side} {self.kind} {self.name} #{self.nth}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Watch:
    """Counts the points that this process passes; writes them down, or dies at one of them."""

    def __init__(self, *, kill_at: Point | None = None, record: Path | None = None) -> None:
        self._kill_at = kill_at
        self._record = None if record is None else record.open("a", encoding="utf-8", buffering=1)
        self._counts: Counter[tuple[Kind, str]] = Counter()

    def number(self, kind: Kind, name: str) -> int:
        """The next of this name."""
        self._counts[kind, name] += 1
        return self._counts[kind, name]

    def passes(self, kind: Kind, name: str, nth: int, side: Side) -> None:
        """Note the point, or end the process here: no cleanup, no flush, no exception."""
        point = Point(kind, name, nth, side)
        if point == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._record is not None:
            self._record.write(json.dumps(point.as_json()) + "\n")


EVERYBODYS = frozenset(
    {
        # Letters come in and are answered; an order is placed.
        "place.place",
        "inbox.store",
        "inbox.take",
        "mailbox._store_all",
        "people.meet",
        "show._remember",
        "letters._finish",
        "getUpdates",
        "answerCallbackQuery",
        "deleteMessages",
        "editMessageText",
        "sendMessage",
        # The buyer looks at his code.
        "reveal._look",
        # News that goes out while the buyer looks already.
        "sending.claim_messages",
        "messages._mark_sent",
    }
)
"""What is passed while somebody browses, and when he looks at his code: by each purchase alike."""


def own_part(points: Sequence[Point], *, from_first: AbstractSet[str], to_last: str) -> Sequence[Point]:
    """The points from the first of some commits to the last of another.

    Before somebody orders, and once he has his code, every purchase on a channel is the same one: the same functions over
    the same rows. Who has cut one of them everywhere need not cut the others there.
    """
    first = next(place for place, point in enumerate(points) if point.name in from_first)
    last = max(place for place, point in enumerate(points) if point.name == to_last)
    strange = {point.name for point in [*points[:first], *points[last + 1 :]]} - EVERYBODYS - from_first
    assert not strange, f"this purchase alone passes {strange}"
    return points[first : last + 1]


def read_points(record: Path) -> list[Point]:
    """The points of a purchase that a watch wrote down, in the order in which they were passed."""
    points = [Point(**json.loads(line)) for line in record.read_text("utf-8").splitlines()]
    return [point for point in points if point.name not in NOT_OF_THE_PURCHASE]


class WatchedTransport(httpx.AsyncBaseTransport):
    """The network, with a point before a request leaves and one when its answer is there and nobody has read it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        # Only loopback, only http: looking for certificates would take longer than a purchase.
        self._inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # The last part of the path only: the one before it is a bot's token.
        name = request.url.path.rpartition("/")[2]
        nth = self._watch.number("request", name)
        self._watch.passes("request", name, nth, "before")
        response = await self._inner.handle_async_request(request)
        self._watch.passes("request", name, nth, "after")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class WatchedDoor:
    """The shop's web server, with points around each visit.

    Before: somebody has come, and nobody has listened to him. After: his answer has left, and nothing else was done.
    What he brought being stored and he not answered is the point after the commit.
    """

    def __init__(self, app: ASGIApp, watch: Watch) -> None:
        self._app = app
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = scope["path"]
        nth = self._watch.number("visit", name)
        self._watch.passes("visit", name, nth, "before")
        await self._app(scope, receive, send)
        self._watch.passes("visit", name, nth, "after")


def watch_commits(database: Database, watch: Watch) -> None:
    """Put a point before and after every commit of a transaction that changed something.

    One commit may hold several bodies (SQLite writes those that wait together): it is a point of each of them.
    """
    bodies: dict[int, list[tuple[str, int]]] = {}
    changes = _Changes(database)
    write = database.write

    async def watched(body: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def counted(tx: Tx) -> T:
            unchanged = changes.count(tx.conn)
            result = body(tx, *args, **kwargs)
            if changes.count(tx.conn) != unchanged:
                name = f"{body.__module__.rpartition('.')[2]}.{body.__name__}"
                bodies.setdefault(_key(tx.conn), []).append((name, watch.number("commit", name)))
            return result

        return await write(counted)

    # The engine's own commit, since events tell only of the moment before it.
    for engine in database.sync_engines():
        commit = engine.dialect.do_commit

        def do_commit(connection: PoolProxiedConnection, commit: Callable[..., None] = commit) -> None:
            committed = bodies.pop(id(connection), [])
            for name, nth in committed:
                watch.passes("commit", name, nth, "before")
            commit(connection)
            for name, nth in committed:
                watch.passes("commit", name, nth, "after")

        vars(engine.dialect)["do_commit"] = do_commit
    vars(database)["write"] = watched


def _key(conn: Connection) -> int:
    return id(conn.connection)


class _Changes:
    """How many rows a connection has changed since it was opened."""

    def __init__(self, database: Database) -> None:
        for engine in database.sync_engines():
            if engine.dialect.name == "postgresql":
                event.listen(engine, "after_cursor_execute", _add_rowcount)

    def count(self, conn: Connection) -> int:
        if conn.dialect.name == "sqlite":
            # A statement that returns rows has no row count before they are fetched; this number is always right.
            return int(cast("Any", conn.connection.driver_connection).total_changes)
        return int(conn.info.get("rows_changed", 0))


def _add_rowcount(
    conn: Connection, cursor: Any, _statement: str, _params: object, context: Any, _many: object
) -> None:
    if context.isinsert or context.isupdate or context.isdelete:
        conn.info["rows_changed"] = conn.info.get("rows_changed", 0) + abs(cursor.rowcount)
