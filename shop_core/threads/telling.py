"""Who is told of a message, and under which cause: each of them once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shop_core.db.tx import Tx
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.messaging.tell_staff import address_of
from shop_core.staff.roles import Right, Roster

_AFTER_THE_NOTICE: Final = timedelta(seconds=2)
"""A notice that is being sent just now is there by then, and can be changed."""


def answer_cause(message_id: int) -> str:
    """Why a customer is told: the shop wrote this."""
    return f"thread:{message_id}:answer"


def tell_answering(tx: Tx, roster: Roster, news: NewsKind, message_id: int) -> None:
    """Queue news about a customer's message for everybody who answers."""
    later = _AFTER_THE_NOTICE if news is NewsKind.THREAD_SETTLED else timedelta(0)
    for actor in roster.list_with(tx, Right.SERVE):
        cause = f"thread:{message_id}:{news.value}"
        queue_message(tx, address_of(actor), news, {"message_id": message_id}, cause=cause, due_in=later)
