"""Working the queue off, channel by channel: what is due is taken under a lease, and what became of it is written down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Update, bindparam, select, update

from shop_core.cases.cases import CaseKind, open_case
from shop_core.db.base import Moment, table_of
from shop_core.db.claims import Fenced, finish
from shop_core.db.tx import Tx
from shop_core.messaging.models import Message
from shop_core.messaging.queue import FOR_STAFF_ONLY, MessageState, QueuedMessage, message_of

LEASE: Final = timedelta(seconds=60)
_LONGEST_PAUSE_S: Final = 900
GIVE_UP_AFTER: Final = timedelta(days=2)
"""Who did not come back to a web page for two days will not be told there; the order's screen shows the goods all the same,
so this is no case for a person."""

_CLAIM: Final = (
    update(table_of(Message))
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
    update(table_of(Message))
    .where(Message.id == bindparam("sent"), Message.token == bindparam("held"))
    .values(state=MessageState.SENT.value, sent_at=bindparam("at", type_=Moment()), due_at=None, problem=None)
)


def claim_messages(tx: Tx, channels: Collection[str], limit: int) -> Sequence[QueuedMessage]:
    """Take due messages of the channels this process can send on, oldest first."""
    values = {"now": tx.now, "most": limit, "until": tx.now + LEASE, "new_token": tx.new_token()}
    rows = tx.execute(_CLAIM, values | {"channels": list(channels)}).all()
    return [message_of(row) for row in sorted(rows, key=lambda row: row.id)]


def mark_sent(tx: Tx, message: QueuedMessage) -> None:
    """The channel took it.

    Raises:
        Fenced: Another sender had taken it over; that one says what became of it.
    """
    values = {"sent": message.id, "held": message.token, "at": tx.now}
    if tx.execute(_MARK_SENT, values).rowcount != 1:
        raise Fenced


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


def _own(message: QueuedMessage) -> Update:
    return update(table_of(Message)).where(Message.id == message.id, Message.token == message.token)
