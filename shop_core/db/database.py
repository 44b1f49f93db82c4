"""What both databases promise: a plain function, run whole in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Engine

from shop_core.db.tx import Tx, View

P = ParamSpec("P")
T = TypeVar("T")


class Signals:
    """Wakes this process's loops after a commit. Only a hint: every loop also polls, for other processes' work."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def set(self, topics: Iterable[str]) -> None:
        """Wake the loops of these topics; called in the event loop's thread."""
        for topic in topics:
            self._events.setdefault(topic, asyncio.Event()).set()

    async def wait(self, topic: str, *, at_most_s: float) -> None:
        """Sleep until the topic is woken, or the poll interval is over."""
        event = self._events.setdefault(topic, asyncio.Event())
        try:
            async with asyncio.timeout(at_most_s):
                await event.wait()
        except TimeoutError:
            return
        finally:
            event.clear()


class Database(Protocol):
    """Runs plain functions in transactions. The same functions run on SQLite and on PostgreSQL."""

    signals: Signals

    async def write(self, body: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``body(tx, *args)`` in one transaction and return its answer after the commit.

        The body may run more than once (a deadlock on PostgreSQL); only what the last run did is kept.
        """
        ...

    async def read(self, query: Callable[Concatenate[View, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(view, *args)`` over one consistent state."""
        ...

    def sync_engines(self) -> tuple[Engine, ...]:
        """The engines underneath, for event hooks that count or record statements."""
        ...

    async def close(self) -> None:
        """Finish what was taken, then let go of every connection."""
        ...
