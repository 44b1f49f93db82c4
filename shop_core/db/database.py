"""What both databases promise: a plain function, run whole in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Engine

from shop_core.db.tx import Tx, View

P = ParamSpec("P")
T = TypeVar("T")


class Signals:
    """Wakes this process's loops after a commit. Only a hint: every loop also polls, for other processes' work.

    Several loops may wait for one topic, and none takes another's wake-up: who is at work while it comes finds by his mark
    that there was one.
    """

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()
        self._events: dict[str, asyncio.Event] = {}

    def set(self, topics: Iterable[str]) -> None:
        """Wake the loops of these topics; called in the event loop's thread."""
        for topic in topics:
            self._times[topic] += 1
            event = self._events.pop(topic, None)
            if event is not None:
                event.set()

    def mark(self, topic: str) -> int:
        """How often the topic was woken so far: to be taken before a loop looks for work."""
        return self._times[topic]

    async def wait(self, topic: str, *, since: int, at_most_s: float) -> None:
        """Sleep until the topic has been woken since a mark, or the poll interval is over."""
        if self._times[topic] != since:
            return
        event = self._events.setdefault(topic, asyncio.Event())
        try:
            async with asyncio.timeout(at_most_s):
                await event.wait()
        except TimeoutError:
            return


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
