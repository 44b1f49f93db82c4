"""Opening, listing and closing cases."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from shop_core.cases.models import Case
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.events import CaseOpened


class CaseKind(StrEnum):
    """What the subject is, and so which buttons a screen offers."""

    SUSPENSE = "suspense"
    """A receipt without a place; subject: the receipt."""
    UNDELIVERED = "undelivered"
    """Paid, and the goods are not out; subject: the order."""
    GATEWAY = "gateway"
    """A gateway refused or answered nonsense for a payment; subject: the payment."""
    CALLBACK = "callback"
    """A verified callback that cannot be worked off; subject: the letter."""
    MESSAGE = "message"
    """A message could not be sent; subject: the message."""
    REFUND = "refund"
    """Money that a gateway gives back only after a person has seen to it there; subject: the refund."""
    SILENT = "silent"
    """A gateway does not answer; subject: ``subject_of`` its name."""
    STOCK = "stock"
    """A variant runs low; subject: the variant."""
    PURCHASE = "purchase"
    """Nobody knows what became of a purchase, or a supplier changed its mind; subject: the purchase."""
    SUPPLIER = "supplier"
    """A supplier does not answer, or does not want us; subject: ``subject_of`` its name."""
    FLOAT = "float"
    """What we have at a supplier runs out; subject: ``subject_of`` its name."""
    JOB = "job"
    """A job of the schedule fails, or finds so much that something before it is broken; subject: ``subject_of`` its name."""
    PRICE = "price"
    """A price that follows its supplier jumps, and is not sold at before somebody decides; subject: the variant."""
    THREAD = "thread"
    """A customer waits for an answer; subject: the thread."""
    DIFFERENCE = "difference"
    """A counterpart's list and ours do not agree about a line; subject: the reconciled line."""
    STATEMENT = "statement"
    """A counterpart's list of a day cannot be read; subject: the reconciled day."""
    UNHEARD = "unheard"
    """Another shop that buys here does not hear what became of its orders; subject: its keys (``Reseller``)."""
    TASK = "task"
    """A line that staff are to fulfil by hand waits too long; subject: the task."""
    CODES = "codes"
    """The shop has sent as many codes as it may in an hour; subject: ``subject_of`` their count's name."""


MACHINE: Final = "machine"
"""Who closes a case that the shop settled by itself."""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as it is listed."""

    id: int
    kind: CaseKind
    subject_id: int
    evidence: Mapping[str, Any]
    opened_at: datetime


def subject_of(name: str) -> int:
    """The subject of a case about something that has a name and no number."""
    return zlib.crc32(name.encode())


def open_case(tx: Tx, kind: CaseKind, subject_id: int, evidence: Mapping[str, str | int]) -> None:
    """Report what needs a person. Once while it is open, whoever finds it and however often."""
    made = tx.execute(
        insert_or(tx, Case)
        .values(kind=kind.value, subject_id=subject_id, evidence=dict(evidence), opened_at=tx.now)
        .on_conflict_do_nothing()
        .returning(Case.id)
    ).scalar()
    if made is not None:
        tx.publish(CaseOpened(made))


def is_gateway_reported(view: View, gateway: str) -> bool:
    """Whether an open case tells already that this gateway refuses. One is enough, however many buyers it meets."""
    told = select(Case.id).where(
        Case.kind == CaseKind.GATEWAY.value,
        Case.closed_at.is_(None),
        Case.evidence["gateway"].as_string() == gateway,
    )
    return view.execute(told.limit(1)).first() is not None


def close_case(tx: Tx, kind: CaseKind, subject_id: int, *, by: str, resolution: str) -> bool:
    """Close what was settled. False if nothing was open."""
    closed = tx.execute(
        _CLOSE,
        {
            "of_kind": kind.value,
            "subject": subject_id,
            "closed_at": tx.now,
            "closed_by": by,
            "resolution": resolution,
        },
    )
    return closed.rowcount == 1


def list_subjects(view: View, kind: CaseKind) -> Sequence[int]:
    """What open cases of a kind are about."""
    open_now = select(Case.subject_id).where(Case.kind == kind.value, Case.closed_at.is_(None))
    return view.execute(open_now).scalars().all()


def list_open(
    view: View, limit: int = 20, kinds: Collection[CaseKind] = tuple(CaseKind)
) -> Sequence[OpenCase]:
    """What waits for a person, longest first."""
    wanted = Case.kind.in_([kind.value for kind in kinds])
    rows = view.execute(_OPEN.where(wanted).order_by(Case.id).limit(limit))
    return [OpenCase(row.id, CaseKind(row.kind), row.subject_id, row.evidence, row.opened_at) for row in rows]


def find_open(view: View, case_id: int) -> OpenCase | None:
    """One open case."""
    row = view.execute(_OPEN.where(Case.id == case_id)).first()
    if row is None:
        return None
    return OpenCase(row.id, CaseKind(row.kind), row.subject_id, row.evidence, row.opened_at)


_CLOSE: Final = update(table_of(Case)).where(
    Case.kind == bindparam("of_kind"), Case.subject_id == bindparam("subject"), Case.closed_at.is_(None)
)
_OPEN = select(Case.id, Case.kind, Case.subject_id, Case.evidence, Case.opened_at).where(
    Case.closed_at.is_(None)
)
