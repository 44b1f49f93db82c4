"""What staff fulfil by hand."""

from __future__ import annotations

from typing import Final

import click
from click import Argument, Option

from admin_cmds import queue
from admin_cmds.command import Command
from admin_cmds.tables.options import number
from shop_core.orders.by_hand import Cannot
from shop_core.staff.roles import Right

_TASK: Final = "task_id"

COMMANDS: Final[tuple[Command, ...]] = (
    Command("queue", queue.queue, "queue", Right.SERVE),
    Command("task show", queue.task_show, "task show 3", Right.SERVE, (number(_TASK),)),
    Command("task take", queue.task_take, "task take 3", Right.SERVE, (number(_TASK),)),
    Command("task look", queue.task_look, "task look 3", Right.SERVE, (number(_TASK),)),
    Command("task leave", queue.task_leave, "task leave 3", Right.SERVE, (number(_TASK),)),
    Command(
        "task done",
        queue.task_done,
        "task done 3 流水 20261128001",
        Right.SERVE,
        (
            number(_TASK),
            Argument(["words"], nargs=-1, required=False),
            Option(["--bare"], is_flag=True),
        ),
    ),
    Command(
        "task cannot",
        queue.task_cannot,
        "task cannot 3 input",
        Right.SERVE,
        (number(_TASK), Argument(["why"], type=click.Choice([why.value for why in Cannot]), required=False)),
    ),
)
