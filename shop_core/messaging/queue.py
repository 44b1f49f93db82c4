"""News that waits to be told: queued once for its cause, told on a screen, or taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Insert, Row, bindparam, func, select, update

from shop_core.customers.people import Address
from shop_core.db.base import Moment, table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_into
from shop_core.messaging.models import Message


class MessageState(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class NewsKind(StrEnum):
    """What can have happened; the words are the screens' business."""

    ORDER_DELIVERED = "order_delivered"
    ORDER_REFUNDED = "order_refunded"
    ORDER_PAID_LATE = "order_paid_late"
    TOPPED_UP = "topped_up"
    MONEY_HELD = "money_held"
    MONEY_RETURNED = "money_returned"
    ORDER_WAITS = "order_waits"
    ORDER_CHECKED = "order_checked"
    CASE_OPENED = "case_opened"
    RESTOCKED = "restocked"
    TASK_OPENED = "task_opened"
    """For staff: a line waits to be fulfilled by hand."""
    IMPORT_ENDED = "import_ended"
    STAFF_JOINED = "staff_joined"
    ROLE_CHANGED = "role_changed"
    THREAD_WRITTEN = "thread_written"
    """For staff: a customer wrote."""
    THREAD_SETTLED = "thread_settled"
    """For staff: somebody has answered, or said that no answer is needed."""
    THREAD_ANSWERED = "thread_answered"
    """For the customer: the shop wrote."""
    PAIRING_ASKED = "pairing_asked"
    """For the maker of a code: it was typed, and whoever did wants to be linked."""
    PAIRING_ENDED = "pairing_ended"
    """For the other side: linked, not linked, or not linked any more."""
    JOB_RAN = "job_ran"
    """For a member of staff: a job that he wanted to run has run."""


FOR_STAFF_ONLY: Final = frozenset(
    {NewsKind.CASE_OPENED, NewsKind.TASK_OPENED, NewsKind.THREAD_WRITTEN, NewsKind.THREAD_SETTLED}
)


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message in the hands of a sender, with the fence it finishes with. ``due_at``: when it is anybody's again."""

    id: int
    address: Address
    news: NewsKind
    args: Mapping[str, Any]
    token: int
    attempts: int
    queued_at: datetime
    due_at: datetime


_MARK_TOLD: Final = (
    update(table_of(Message))
    .where(
        Message.channel == bindparam("on"),
        Message.external_id == bindparam("to"),
        Message.cause == bindparam("of"),
        Message.state == MessageState.QUEUED.value,
    )
    .values(state=MessageState.SENT.value, sent_at=bindparam("at", type_=Moment()), due_at=None)
)


def message_of(row: Row[Any]) -> QueuedMessage:
    """A row of messages."""
    return QueuedMessage(
        row.id,
        Address(row.channel, row.external_id),
        NewsKind(row.news),
        row.args,
        row.token or 0,
        row.attempts,
        row.queued_at,
        row.due_at,
    )


@cache
def _enqueue(*, is_postgresql: bool) -> Insert:
    return insert_into(Message, is_postgresql=is_postgresql).on_conflict_do_nothing()


def queue_message(  # noqa: PLR0913 - whom, what, about what, why, when: each call names them all
    tx: Tx,
    address: Address,
    news: NewsKind,
    args: Mapping[str, int | str],
    *,
    cause: str,
    due_in: timedelta = timedelta(0),
) -> None:
    """Queue news for one address, once for its cause, to be sent after ``due_in`` unless it was told before.

    For nobody, nothing is queued.
    """
    if address.is_nobody:
        return
    tx.execute(
        _enqueue(is_postgresql=tx.is_postgresql),
        {
            "channel": address.channel,
            "external_id": address.external_id,
            "cause": cause,
            "news": news.value,
            "args": dict(args),
            "state": MessageState.QUEUED.value,
            "queued_at": tx.now,
            "due_at": tx.now + due_in,
            "attempts": 0,
        },
    )
    tx.wake("messages")


def withdraw_from(tx: Tx, address: Address, kinds: Collection[NewsKind]) -> Sequence[Row[Any]]:
    """Take back what waits to be told at an address. Who is sending it just now finds his claim gone."""
    return tx.execute(
        update(table_of(Message))
        .where(
            Message.channel == address.channel,
            Message.external_id == address.external_id,
            Message.state == MessageState.QUEUED.value,
            Message.news.in_([kind.value for kind in kinds]),
        )
        .values(state=MessageState.FAILED.value, due_at=None, token=None, problem="moved")
        .returning(Message.id, Message.news, Message.args, Message.cause)
    ).all()


def mark_told(tx: Tx, address: Address, cause: str) -> None:
    """The person has read this on a screen that answered him, or is told what came of it: no need to send it as well.

    Who is sending it already goes on, and finds nothing wrong.
    """
    tx.execute(_MARK_TOLD, {"on": address.channel, "to": address.external_id, "of": cause, "at": tx.now})


def list_queued(view: View, address: Address, *, limit: int) -> Sequence[tuple[str, QueuedMessage]]:
    """What waits to be told to a person, oldest first, each with its cause; nothing is taken from its sender."""
    rows = view.execute(
        select(*Message.__table__.columns)
        .where(
            Message.channel == address.channel,
            Message.external_id == address.external_id,
            Message.due_at.is_not(None),
        )
        .order_by(Message.id)
        .limit(limit)
    )
    return [(row.cause, message_of(row)) for row in rows]


def wake_address(tx: Tx, address: Address) -> None:
    """The person is there again: what waits for him is due now."""
    tx.execute(
        update(Message)
        .where(
            Message.channel == address.channel,
            Message.external_id == address.external_id,
            Message.due_at.is_not(None),
        )
        .values(due_at=tx.now)
    )
    tx.wake("messages")


def count_queued(view: View) -> int:
    """Messages not sent yet."""
    return int(
        view.execute(
            select(func.count()).select_from(Message).where(Message.due_at.is_not(None))
        ).scalar_one()
    )


def count_failed(view: View, address: Address) -> int:
    """How much news never reached an address."""
    failed = select(func.count()).select_from(Message).where(*_failed(address))
    return int(view.execute(failed).scalar_one())


def send_failed_again(tx: Tx, address: Address) -> int:
    """Send what never reached an address, as if it were queued now. Returns how much there is. Twice finds nothing more."""
    anew = {"state": MessageState.QUEUED.value, "queued_at": tx.now, "due_at": tx.now, "attempts": 0}
    again = tx.execute(update(Message).where(*_failed(address)).values(anew)).rowcount
    tx.wake("messages")
    return again


def _failed(address: Address) -> Sequence[ColumnElement[bool]]:
    return (
        Message.channel == address.channel,
        Message.external_id == address.external_id,
        Message.state == MessageState.FAILED.value,
    )
