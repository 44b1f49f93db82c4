"""Queueing news, and working the queue off channel by channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Insert, Row, Update, bindparam, func, select, update

from shop_core.cases.cases import CaseKind, open_case
from shop_core.customers.people import Address
from shop_core.db.base import Moment, table_of
from shop_core.db.claims import Fenced, finish
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_into
from shop_core.messaging.models import Message

LEASE: Final = timedelta(seconds=60)
_LONGEST_PAUSE_S: Final = 900
GIVE_UP_AFTER: Final = timedelta(days=2)
"""Who did not come back to a web page for two days will not be told there; the order's screen shows the goods all the same,
so this is no case for a person."""


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


_MESSAGES: Final = table_of(Message)
_CLAIM: Final = (
    update(_MESSAGES)
    .where(
        Message.id.in_(
            select(
                select(Message.id)
                .where(
                    Message.channel.in_(bindparam("channels", expanding=True)),
                    Message.due_at <= bindparam("now", type_=Moment()),
                )
                .order_by(Message.due_at)
                .limit(bindparam("most"))
                .with_for_update(skip_locked=True)
                .cte("due")
                .c.id
            )
        )
    )
    .values(
        due_at=bindparam("until", type_=Moment()),
        token=bindparam("new_token"),
        attempts=Message.attempts + 1,
    )
    .returning(*Message.__table__.columns)
)
_MARK_SENT: Final = (
    update(_MESSAGES)
    .where(Message.id == bindparam("sent"), Message.token == bindparam("held"))
    .values(state=MessageState.SENT.value, sent_at=bindparam("at", type_=Moment()), due_at=None, problem=None)
)
_MARK_TOLD: Final = (
    update(_MESSAGES)
    .where(
        Message.channel == bindparam("on"),
        Message.external_id == bindparam("to"),
        Message.cause == bindparam("of"),
        Message.state == MessageState.QUEUED.value,
    )
    .values(state=MessageState.SENT.value, sent_at=bindparam("at", type_=Moment()), due_at=None)
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


def claim_messages(tx: Tx, channels: Collection[str], limit: int) -> Sequence[QueuedMessage]:
    """Take due messages of the channels this process can send on, oldest first."""
    values = {"now": tx.now, "most": limit, "until": tx.now + LEASE, "new_token": tx.new_token()}
    rows = tx.execute(_CLAIM, values | {"channels": list(channels)}).all()
    return [
        QueuedMessage(
            row.id,
            Address(row.channel, row.external_id),
            NewsKind(row.news),
            row.args,
            row.token,
            row.attempts,
            row.queued_at,
            row.due_at,
        )
        for row in sorted(rows, key=lambda row: row.id)
    ]


def mark_sent(tx: Tx, message: QueuedMessage) -> None:
    """The channel took it.

    Raises:
        Fenced: Another sender had taken it over; that one says what became of it.
    """
    values = {"sent": message.id, "held": message.token, "at": tx.now}
    if tx.execute(_MARK_SENT, values).rowcount != 1:
        raise Fenced


def mark_told(tx: Tx, address: Address, cause: str) -> None:
    """The person has read this on a screen that answered him, or is told what came of it: no need to send it as well.

    Who is sending it already goes on, and finds nothing wrong.
    """
    tx.execute(_MARK_TOLD, {"on": address.channel, "to": address.external_id, "of": cause, "at": tx.now})


def postpone(tx: Tx, message: QueuedMessage, problem: str, *, retry_after_s: int | None = None) -> bool:
    """Not sent, or not known to be: again later, ever more slowly, until ``GIVE_UP_AFTER``. Returns whether it is.

    Whoever came back meanwhile is told at once all the same, and who was told on a screen is not told again.

    Raises:
        Fenced: Given up, and another sender had taken it over.
    """
    if tx.now - message.queued_at > GIVE_UP_AFTER:
        end_failed(tx, message, problem)
        return False
    pause_s = retry_after_s if retry_after_s is not None else min(2**message.attempts, _LONGEST_PAUSE_S)
    untouched = _own(message).where(Message.due_at == message.due_at)
    tx.execute(untouched.values(due_at=tx.now + timedelta(seconds=pause_s), problem=problem[:200]))
    return True


def mark_failed(tx: Tx, message: QueuedMessage, problem: str) -> None:
    """The channel will never take it (a blocked bot, a person who is gone): a case, since somebody waits for news.

    Not so for the news of a case: an owner who cannot be reached would be told of that, and so on for ever; nor for
    customers' messages and tasks: if nobody sees to them, that is a case of its own.
    """
    end_failed(tx, message, problem)
    if message.news in FOR_STAFF_ONLY:
        return
    open_case(
        tx, CaseKind.MESSAGE, message.id, {"channel": message.address.channel, "news": message.news.value}
    )


def end_failed(tx: Tx, message: QueuedMessage, problem: str) -> None:
    """It will not be sent there.

    Raises:
        Fenced: Another sender had taken it over.
    """
    finish(tx, _own(message).values(state=MessageState.FAILED.value, due_at=None, problem=problem[:200]))


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
    return [
        (
            row.cause,
            QueuedMessage(
                row.id,
                address,
                NewsKind(row.news),
                row.args,
                row.token or 0,
                row.attempts,
                row.queued_at,
                row.due_at,
            ),
        )
        for row in rows
    ]


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


def _own(message: QueuedMessage) -> Update:
    return update(table_of(Message)).where(Message.id == message.id, Message.token == message.token)
