"""The staff's first screen."""

from __future__ import annotations

from admin_cmds.command import Desk
from admin_cmds.threads import threads_button
from admin_cmds.waiting import Waiting, find_waiting, queue_row, waiting_text
from handlers.screen import Button, Line, Screen, Style, Weight


async def home(desk: Desk) -> Screen:
    """How much waits, and the way to everything else."""
    waiting = await find_waiting(desk)
    lines = (
        Line(waiting_text(desk, waiting), Style.TITLE),
        Line(desk.say("admin.home.hint"), Style.MUTED),
    )
    if desk.only_types:
        return Screen(lines, _what_cannot_wait(desk, waiting))
    weight = Weight.PRIMARY if waiting.cases else Weight.NORMAL
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
            (threads_button(desk, waiting.threads), desk.button("admin.button.staff", "staff")),
            (desk.button("admin.button.web", "web"), *suppliers),
            *queue_row(desk, waiting),
        ),
    )


def _what_cannot_wait(desk: Desk, waiting: Waiting) -> tuple[tuple[Button, ...], ...]:
    """Where eight numbers are a screen: who waits comes first, then the goods; all else is in the list of commands."""
    return (
        (desk.button("admin.button.cases", "cases"),),
        (threads_button(desk, waiting.threads),),
        *queue_row(desk, waiting),
        (desk.button("admin.button.orders", "orders"),),
        (desk.button("admin.button.find_order", "order"),),
        (desk.button("admin.button.products", "product", "list"),),
        (desk.button("admin.button.stock", "stock"),),
        (desk.button("admin.button.help", "help"),),
    )
