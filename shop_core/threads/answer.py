"""The shop answers a customer, or says that no answer is needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, update

from shop_core.cases.cases import CaseKind, close_case
from shop_core.customers.people import Address
from shop_core.customers.preferences import quiet_left
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.staff import audit
from shop_core.staff.roles import Roster
from shop_core.threads.errors import NoSuchThread
from shop_core.threads.models import Thread, ThreadMessage
from shop_core.threads.read import thread_now
from shop_core.threads.sealing import Origin, Said, Sealed, find_by_key, keep, seal
from shop_core.threads.telling import answer_cause, tell_answering
from shop_core.vault.vault import Vault

AWAKE: Final = timedelta(minutes=30)
"""Who wrote within it waits for the answer, whatever his quiet hours are."""


async def answer_customer(shop: Shop, thread_id: int, said: Said, *, key: str, by: str) -> int:
    """Write to a customer: everything that he waited for is answered by it, the case closed, everybody told.

    May run twice: the second time it finds the answer by its key, and tells nobody.

    Args:
        key: The message's own id on its channel, with the channel before it.
        by: Who answers, for the audit log.

    Returns:
        The answer's id.

    Raises:
        NothingSaid, TooLong, FileTooLarge, NoSuchThread: Nothing was kept.
    """
    said.require_sendable()
    person_id = await shop.read(_person_of, thread_id)
    sealed = seal(shop.get(Vault), person_id, key, said)
    return await shop.write(_answer, thread_id, sealed, by, shop.get(Roster))


async def settle(shop: Shop, thread_id: int, *, by: str) -> bool:
    """Say that what waits needs no answer. False, the second time: nothing waits.

    Raises:
        NoSuchThread: Nobody wrote in it.
    """
    return await shop.write(_settle, thread_id, by, shop.get(Roster))


def _person_of(view: View, thread_id: int) -> int:
    return int(
        view.execute(select(Thread.person_id).where(Thread.id == thread_now(view, thread_id))).scalar_one()
    )


def _answer(tx: Tx, thread_id: int, sealed: Sealed, by: str, roster: Roster) -> int:
    thread_id, to = _lock(tx, thread_id)
    known = find_by_key(tx, sealed.key)
    if known is not None:
        return known
    answer_id = keep(tx, sealed, Origin(thread_id, by_shop=True, author=by))
    _settle_all(tx, thread_id, by, roster, answer_id=answer_id)
    queue_message(
        tx,
        to,
        NewsKind.THREAD_ANSWERED,
        {"message_id": answer_id},
        cause=answer_cause(answer_id),
        due_in=_waits(tx, thread_id),
    )
    audit.record(tx, actor=by, command="thread reply", details={"thread": thread_id, "message": answer_id})
    return answer_id


def _waits(tx: Tx, thread_id: int) -> timedelta:
    """How long the answer can wait: to the end of his quiet hours, unless he is awake and wrote just now."""
    person_id = _person_of(tx, thread_id)
    wait = quiet_left(tx, [person_id]).get(person_id, timedelta(0))
    if not wait:
        return wait
    wrote = select(func.max(ThreadMessage.at)).where(
        ThreadMessage.thread_id == thread_id, ThreadMessage.by_shop.is_(False)
    )
    at = tx.execute(wrote).scalar()
    return timedelta(0) if at is not None and tx.now - at < AWAKE else wait


def _settle(tx: Tx, thread_id: int, by: str, roster: Roster) -> bool:
    thread_id, _ = _lock(tx, thread_id)
    if not _settle_all(tx, thread_id, by, roster, answer_id=None):
        return False
    audit.record(tx, actor=by, command="thread done", details={"thread": thread_id})
    return True


def _lock(tx: Tx, thread_id: int) -> tuple[int, Address]:
    """Let answers to one thread go one after another. Which it is by now, and where the answer goes."""
    row = tx.execute(
        select(Thread.channel, Thread.external_id).where(Thread.id == thread_id).with_for_update()
    ).first()
    if row is None:
        return _lock(tx, thread_now(tx, thread_id))
    where = Address(row.channel, row.external_id)
    if where.is_nobody:
        raise NoSuchThread
    return thread_id, where


def _settle_all(tx: Tx, thread_id: int, by: str, roster: Roster, *, answer_id: int | None) -> bool:
    """Settle what waits, close the case, change the notices. False: nothing waited."""
    settled = (
        tx.execute(
            update(table_of(ThreadMessage))
            .where(
                ThreadMessage.thread_id == thread_id,
                ThreadMessage.by_shop.is_(False),
                ThreadMessage.settled_at.is_(None),
            )
            .values(settled_at=tx.now, settled_by=by, answer_id=answer_id)
            .returning(ThreadMessage.id)
        )
        .scalars()
        .all()
    )
    now = {} if answer_id is None else {"last_at": tx.now}
    tx.execute(update(table_of(Thread)).where(Thread.id == thread_id).values(waiting_since=None, **now))
    close_case(
        tx, CaseKind.THREAD, thread_id, by=by, resolution="settled" if answer_id is None else "answered"
    )
    for message_id in sorted(settled):
        tell_answering(tx, roster, NewsKind.THREAD_SETTLED, message_id)
    return bool(settled)
