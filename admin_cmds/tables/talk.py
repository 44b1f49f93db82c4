"""Talking to customers."""

from __future__ import annotations

from typing import Final

from click import Argument

from admin_cmds import threads
from admin_cmds.arguments import COUNT
from admin_cmds.command import Command
from admin_cmds.tables.options import number
from shop_core.staff.roles import Right

_THREAD: Final = "thread_id"

COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "threads", threads.threads, "threads 2", Right.SERVE, (Argument(["page"], type=COUNT, default="1"),)
    ),
    Command("thread show", threads.thread_show, "thread show 5", Right.SERVE, (number(_THREAD),)),
    Command(
        "thread reply",
        threads.thread_reply,
        "thread reply 5 已经给您补发了，请查收。",
        Right.SERVE,
        (number(_THREAD), Argument(["words"], nargs=-1, required=False)),
    ),
    Command("thread done", threads.thread_done, "thread done 5", Right.SERVE, (number(_THREAD),)),
    Command("thread orders", threads.thread_orders, "thread orders 5", Right.SERVE, (number(_THREAD),)),
    Command("thread file", threads.thread_file, "thread file 31", Right.SERVE, (number("message_id"),)),
)
