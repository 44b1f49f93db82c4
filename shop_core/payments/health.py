"""Whether gateways answer: one row for each that is silent, and a case once it has been for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, delete, func, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.db.base import Base
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.payments.models import Payment

SILENT_FOR: Final = timedelta(minutes=5)
"""A gateway that does not answer for so long is told of: until then it may only have stumbled."""


class Silence(Base):
    """A gateway that has not answered since ``since``. Gone as soon as it answers anything."""

    __tablename__ = "gateway_silences"

    gateway: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]
    said: Mapped[str] = mapped_column(String(200))


def note_silence(tx: Tx, gateway: str, said: str) -> None:
    """It was asked and did not answer, or answered nonsense. Counts from the first time."""
    tx.execute(
        insert_or(tx, Silence).values(gateway=gateway, since=tx.now, said=said[:200]).on_conflict_do_nothing()
    )


def note_answer(tx: Tx, gateway: str) -> None:
    """It answered, whatever it said: a case about its silence is over."""
    if tx.execute(delete(Silence).where(Silence.gateway == gateway)).rowcount:
        close_case(tx, CaseKind.SILENT, subject_of(gateway), by=MACHINE, resolution="answered")


async def watch_gateways(shop: Shop) -> int:
    """Open a case for each gateway that has been silent for long. Returns how many are. Twice opens one."""
    return await shop.write(_report)


def count_waiting(view: View, gateway: str) -> int:
    """Payments that wait for a word of a gateway."""
    waiting = select(func.count()).where(
        Payment.gateway == gateway,
        Payment.state.in_([literal_column("'intended'"), literal_column("'open'")]),
    )
    return int(view.execute(waiting.select_from(Payment)).scalar_one())


def _report(tx: Tx) -> int:
    silent = tx.execute(
        select(Silence.gateway, Silence.since, Silence.said).where(Silence.since <= tx.now - SILENT_FOR)
    ).all()
    for row in silent:
        evidence = {"gateway": row.gateway, "said": row.said, "since": int(row.since.timestamp())}
        open_case(tx, CaseKind.SILENT, subject_of(row.gateway), evidence)
    return len(silent)
