"""An open transaction, as the plain functions of the shop see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, insert

from shop_core.db.outbox_table import OutboxRow
from shop_core.kernel.events import Event
from shop_core.kernel.policy import Policy

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_PUBLISH: Final = insert(OutboxRow)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a transaction may know of the shop around it."""

    policy: Policy
    random: Random
    subscribers: Mapping[str, tuple[str, ...]]


class View:
    """A read-only look at one consistent state of the database."""

    __slots__ = ("conn", "now", "policy")

    def __init__(self, conn: Connection, now: datetime, policy: Policy) -> None:
        self.conn = conn
        self.now = now
        self.policy = policy

    def execute(self, statement: Executable, params: Params | None = None) -> CursorResult[Any]:
        """Run one statement."""
        return self.conn.execute(statement, params)

    @property
    def is_postgresql(self) -> bool:
        """Whether several transactions may write at the same time."""
        return self.conn.dialect.name == "postgresql"


class Tx(View):
    """A transaction that may write. Steps take it and never commit; ``now`` stands still while it is open."""

    __slots__ = ("_around", "random", "woken")

    def __init__(self, conn: Connection, now: datetime, around: Surroundings) -> None:
        super().__init__(conn, now, around.policy)
        self._around = around
        self.random = around.random
        self.woken: set[str] = set()

    def wake(self, topic: str) -> None:
        """After the commit, wake the loop in this process that works on ``topic``. Losing it costs a poll interval."""
        self.woken.add(topic)

    def publish(self, event: Event) -> None:
        """Write one outbox row for each consumer of the event, in this transaction."""
        consumers = self._around.subscribers.get(event.name, ())
        if not consumers:
            return
        self.execute(
            _PUBLISH,
            [
                {"consumer": name, "event": event.name, "payload": event.payload(), "due_at": self.now}
                for name in consumers
            ],
        )
        self.wake("outbox")

    def new_token(self) -> int:
        """A fencing token: 62 random bits."""
        return self.random.getrandbits(62)
