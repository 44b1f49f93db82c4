"""The staff's first screen."""

from __future__ import annotations

from typing import Final

from admin_cmds.command import Desk
from admin_cmds.threads import threads_button
from handlers.screen import Line, LinkButton, Screen, Style, Weight
from shop_core.cases.cases import list_open
from shop_core.cases.handled_by import kinds_for
from shop_core.delivery.tasks import list_tasks
from shop_core.threads.read import count_waiting

COUNTED: Final = 99


async def home(desk: Desk) -> Screen:
    """How much waits, and the way to everything else."""
    waiting = len(await desk.shop.read(list_open, COUNTED, kinds_for(desk.role)))
    writing = await desk.shop.read(count_waiting)
    title = desk.say("admin.home.title", n=waiting) if waiting else desk.say("admin.cases.none")
    lines = (Line(title, Style.TITLE), Line(desk.say("admin.home.hint"), Style.MUTED))
    weight = Weight.PRIMARY if waiting else Weight.NORMAL
    suppliers = (desk.button("admin.button.suppliers", "suppliers"),) if desk.shop.policy.suppliers else ()
    return Screen(
        lines,
        (
            (
                desk.button("admin.button.cases", "cases", weight=weight),
                desk.button("admin.button.orders", "orders"),
            ),
            (
                desk.button("admin.button.products", "product", "list"),
                desk.button("admin.button.stock", "stock"),
            ),
            (desk.button("admin.button.find_order", "order"), desk.button("admin.button.help", "help")),
            (threads_button(desk, writing), desk.button("admin.button.staff", "staff")),
            (desk.button("admin.button.web", "web"), *suppliers),
            *_queue_row(desk, len(await desk.shop.read(list_tasks, COUNTED))),
        ),
    )


def _queue_row(desk: Desk, waiting: int) -> tuple[tuple[LinkButton, ...], ...]:
    """The way to what is to be done by hand, where there is something."""
    if not waiting:
        return ()
    return ((desk.button("admin.button.queue_n", "queue", weight=Weight.PRIMARY, n=waiting),),)
