"""What one person and the shop wrote to each other is taken out; the empty rows stay.

SQLite gives the highest number again: an old notice of staff would lead to a stranger's conversation, and the news of his
first message would pass for told already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import String, case, cast, delete, literal, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case
from shop_core.cases.models import Case
from shop_core.customers.models import PersonChange
from shop_core.customers.people import Address
from shop_core.db.base import table_of
from shop_core.db.tx import Tx
from shop_core.threads.models import Thread, ThreadFile, ThreadMessage

_ERASED: Final = "erased"


def erase_thread(tx: Tx, person_id: int, nobody: Address) -> None:
    """Take out everything that was said, and who said it. The caller holds the person's lock.

    Args:
        nobody: Where he is from now on.
    """
    # Whoever answers holds this row, and finds nobody there afterwards.
    mine = select(Thread.id).where(Thread.person_id == person_id).with_for_update()
    thread_id = tx.execute(mine).scalar()
    if thread_id is None:
        return
    his = ThreadMessage.thread_id == thread_id
    tx.execute(delete(ThreadFile).where(ThreadFile.message_id.in_(select(ThreadMessage.id).where(his))))
    messages = table_of(ThreadMessage)
    tx.execute(
        update(messages)
        .where(his)
        .values(
            # The key is the message's number in his chat.
            key=literal(f"{_ERASED}:") + cast(ThreadMessage.id, String),
            author=case((ThreadMessage.by_shop, ThreadMessage.author), else_=nobody.external_id),
            order_id=None,
            sealed=b"",
        )
    )
    unsettled = ThreadMessage.by_shop.is_(False) & ThreadMessage.settled_at.is_(None)
    tx.execute(update(messages).where(his, unsettled).values(settled_at=tx.now, settled_by=_ERASED))
    there = {"channel": nobody.channel, "external_id": nobody.external_id}
    tx.execute(
        update(table_of(Thread))
        .where(Thread.id == thread_id)
        .values(order_id=None, waiting_since=None, **there)
    )
    close_case(tx, CaseKind.THREAD, thread_id, by=MACHINE, resolution=_ERASED)
    # They say his name.
    tx.execute(
        update(table_of(Case))
        .where(Case.kind == CaseKind.THREAD.value, Case.subject_id.in_(_known_as(tx, thread_id)))
        .values(evidence={})
    )


def _known_as(tx: Tx, thread_id: int) -> Sequence[int]:
    """A thread, and those that went on as it when persons were merged."""
    known = [thread_id]
    for kept in known:
        gone = select(PersonChange.gone_thread).where(PersonChange.kept_thread == kept)
        known += [one for one in tx.execute(gone).scalars() if one is not None and one not in known]
    return known
