"""Another channel for news: where it was to go is closed to us, or somebody else's by now, or not the only one he wants."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, case, literal, select
from sqlalchemy.orm import aliased

from shop_core.customers.models import Identity
from shop_core.customers.people import Address, find_customer
from shop_core.db.inbox import LaneRow
from shop_core.db.tx import Tx, View
from shop_core.messaging.models import Message
from shop_core.messaging.queue import NewsKind, QueuedMessage, queue_message, withdraw_from
from shop_core.messaging.sending import end_failed, mark_failed

FOR_CUSTOMERS: Final = frozenset(
    {
        NewsKind.ORDER_DELIVERED,
        NewsKind.ORDER_REFUNDED,
        NewsKind.ORDER_PAID_LATE,
        NewsKind.ORDER_WAITS,
        NewsKind.ORDER_CHECKED,
        NewsKind.TOPPED_UP,
        NewsKind.MONEY_HELD,
        NewsKind.MONEY_RETURNED,
        NewsKind.RESTOCKED,
        NewsKind.THREAD_ANSWERED,
    }
)
"""News that is a person's wherever he is. What staff are told is told to the channel that has the role."""


def find_last_used(view: View, person_id: int, *, besides: Address | None = None) -> Address | None:
    """Where a person wrote last, of the channels on which he can be reached; None: nowhere."""
    lane = Identity.channel + literal(":") + Identity.external_id
    found = (
        select(Identity.channel, Identity.external_id)
        .outerjoin(LaneRow, LaneRow.lane == lane)
        .where(Identity.person_id == person_id, Identity.unreachable_since.is_(None))
        # A lane is free from the moment on that its last message was answered.
        .order_by(case((LaneRow.lane.is_(None), 1), else_=0), LaneRow.leased_until.desc(), Identity.id.desc())
    )
    if besides is not None:
        there = and_(Identity.channel == besides.channel, Identity.external_id == besides.external_id)
        found = found.where(~there)
    row = view.execute(found.limit(1)).first()
    return None if row is None else Address(row.channel, row.external_id)


def tell_elsewhere(tx: Tx, message: QueuedMessage, problem: str) -> None:
    """A channel will never take this: to where the person wrote last, else a case. Twice is once: the cause is the same.

    Raises:
        Fenced: Another sender had taken it over.
    """
    there = _elsewhere(tx, message) if message.news in FOR_CUSTOMERS else None
    if there is None:
        mark_failed(tx, message, problem)
        return
    cause = tx.execute(select(Message.cause).where(Message.id == message.id)).scalar_one()
    end_failed(tx, message, problem)
    queue_message(tx, there, message.news, message.args, cause=cause)


def tell_also(tx: Tx, message: QueuedMessage) -> None:
    """Tell it on his channels that hear everything as well. Twice is once: the cause is the same."""
    if message.news not in FOR_CUSTOMERS:
        return
    where, person = message.address, aliased(Identity)
    there = (
        select(Identity.channel, Identity.external_id, Message.cause)
        .join(person, person.person_id == Identity.person_id)
        .join(Message, Message.id == message.id)
        .where(
            person.channel == where.channel,
            person.external_id == where.external_id,
            Identity.id != person.id,
            Identity.hears_all,
            Identity.unreachable_since.is_(None),
        )
        .order_by(Identity.id)
    )
    for row in tx.execute(there).all():
        queue_message(tx, Address(row.channel, row.external_id), message.news, message.args, cause=row.cause)


def move_news(tx: Tx, gone: Address, home: Address) -> None:
    """What waits to be told at one address is told at another."""
    for row in sorted(withdraw_from(tx, gone, FOR_CUSTOMERS), key=lambda row: row.id):
        queue_message(tx, home, NewsKind(row.news), row.args, cause=row.cause)


def _elsewhere(view: View, message: QueuedMessage) -> Address | None:
    address = message.address
    customer = find_customer(view, channel=address.channel, external_id=address.external_id)
    return None if customer is None else find_last_used(view, customer.person_id, besides=address)
