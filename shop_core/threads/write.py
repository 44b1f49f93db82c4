"""A customer writes to the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import func, literal, select, update

from shop_core.customers.people import Customer, lock_person
from shop_core.db.base import Moment, table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or
from shop_core.messaging.queue import NewsKind
from shop_core.staff.roles import Roster
from shop_core.threads.errors import TooFast, TooManyWaiting
from shop_core.threads.models import Thread, ThreadMessage
from shop_core.threads.sealing import Origin, Said, Sealed, find_by_key, keep, seal
from shop_core.threads.telling import tell_answering
from shop_core.vault.vault import Vault

MOST_A_MINUTE: Final = 12
"""More than an album of ten pictures, and than anybody types."""
MOST_WAITING: Final = 40


async def write_to_shop(
    shop: Shop, customer: Customer, said: Said, *, key: str, order_id: int | None = None
) -> int:
    """Put a message into the customer's thread and tell those who answer, in one transaction.

    May run twice: the second time it finds the message by its key, and tells nobody.

    Args:
        key: The message's own id on its channel, with the channel before it.
        order_id: The order that it is about, found to be his.

    Returns:
        The message's id.

    Raises:
        NothingSaid, TooLong, FileTooLarge, TooFast, TooManyWaiting: Nothing was kept.
    """
    said.require_sendable()
    sealed = seal(shop.get(Vault), customer.person_id, key, said)
    return await shop.write(_write, customer, sealed, order_id, shop.get(Roster))


def _write(tx: Tx, customer: Customer, sealed: Sealed, order_id: int | None, roster: Roster) -> int:
    lock_person(tx, customer.person_id)
    known = find_by_key(tx, sealed.key)
    if known is not None:
        return known
    thread_id = thread_of(tx, customer)
    _require_moderate(tx, thread_id)
    author = f"{customer.channel}:{customer.external_id}"
    message_id = keep(tx, sealed, Origin(thread_id, by_shop=False, author=author, order_id=order_id))
    here = {"channel": customer.channel, "external_id": customer.external_id}
    about = {} if order_id is None else {"order_id": order_id}
    tx.execute(
        update(table_of(Thread))
        .where(Thread.id == thread_id)
        .values(
            waiting_since=func.coalesce(Thread.waiting_since, literal(tx.now, Moment())),
            last_at=tx.now,
            **here,
            **about,
        )
    )
    tell_answering(tx, roster, NewsKind.THREAD_WRITTEN, message_id)
    return message_id


def thread_of(tx: Tx, customer: Customer) -> int:
    """His thread, opened with his first message. Under the person's lock."""
    found = tx.execute(select(Thread.id).where(Thread.person_id == customer.person_id)).scalar()
    if found is not None:
        return int(found)
    opened = (
        insert_or(tx, Thread)
        .values(
            person_id=customer.person_id,
            channel=customer.channel,
            external_id=customer.external_id,
            last_at=tx.now,
        )
        .returning(Thread.id)
    )
    return int(tx.execute(opened).scalar_one())


def _require_moderate(tx: Tx, thread_id: int) -> None:
    """Insist on what a person writes and somebody can read.

    Raises:
        TooFast, TooManyWaiting: It is more.
    """
    his = ThreadMessage.by_shop.is_(False)
    lately = select(func.count()).where(
        ThreadMessage.thread_id == thread_id, his, ThreadMessage.at > tx.now - timedelta(minutes=1)
    )
    if tx.execute(lately).scalar_one() >= MOST_A_MINUTE:
        raise TooFast
    waiting = select(func.count()).where(
        ThreadMessage.thread_id == thread_id, his, ThreadMessage.settled_at.is_(None)
    )
    if tx.execute(waiting).scalar_one() >= MOST_WAITING:
        raise TooManyWaiting
