"""Everything that waits for whoever is at the desk: cases, top-ups to do by hand, customers who wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk
from handlers.screen import Button, Weight
from shop_core.cases.cases import CaseKind, list_open
from shop_core.cases.handled_by import kinds_for
from shop_core.db.tx import View
from shop_core.delivery.tasks import list_tasks
from shop_core.staff.roles import Right
from shop_core.threads.read import count_waiting

COUNTED: Final = 99


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much is in each queue, up to ``COUNTED``; what is not this role's work is 0."""

    cases: int
    tasks: int
    threads: int


async def find_waiting(desk: Desk) -> Waiting:
    """Count every queue."""
    found = await desk.shop.read(_count, kinds_for(desk.role))
    return found if desk.may(Right.SERVE) else Waiting(found.cases, 0, 0)


def _count(view: View, kinds: frozenset[CaseKind]) -> Waiting:
    cases, tasks = len(list_open(view, COUNTED, kinds)), len(list_tasks(view, COUNTED))
    return Waiting(cases, tasks, count_waiting(view))


def waiting_text(desk: Desk, waiting: Waiting) -> str:
    """The queues that are not empty, as their buttons call them."""
    queues = (
        ("admin.home.title", waiting.cases),
        ("admin.button.queue_n", waiting.tasks),
        ("admin.button.threads_n", waiting.threads),
    )
    return "   ".join(desk.say(key, n=n) for key, n in queues if n) or desk.say("admin.cases.none")


def queue_row(desk: Desk, waiting: Waiting) -> tuple[tuple[Button, ...], ...]:
    """The way to what is to be done by hand, where there is something."""
    if not waiting.tasks:
        return ()
    return ((desk.button("admin.button.queue_n", "queue", weight=Weight.PRIMARY, n=waiting.tasks),),)
