"""Who wants which news: event → consumers. The whole table, read before anything is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shop_core.db.outbox import Consumer
from shop_core.kernel.events import CaseOpened, ListRead, OrderPaid, TaskOpened
from shop_core.messaging.tell_staff import tell_of_case, tell_of_task
from shop_core.orders.fulfil import fulfil
from shop_core.pricing.reprice import reprice

CONSUMERS: Final[Mapping[str, Consumer]] = {
    "orders.fulfil": fulfil,
    "pricing.reprice": reprice,
    # The name under which news may wait in a database that an earlier version left.
    "messaging.tell_owners": tell_of_case,
    "messaging.tell_of_task": tell_of_task,
}

SUBSCRIPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    OrderPaid.name: ("orders.fulfil",),
    ListRead.name: ("pricing.reprice",),
    CaseOpened.name: ("messaging.tell_owners",),
    TaskOpened.name: ("messaging.tell_of_task",),
}
