"""Telling people that something is back: oldest wish first, in waves, so that not everybody comes for a few codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, String, delete, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.catalog.models import Variant
from shop_core.catalog.read import get_variant
from shop_core.customers.people import Address, Customer, lock_person
from shop_core.customers.preferences import quiet_left
from shop_core.db.base import Base, Ref
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.delivery.available import count_available
from shop_core.messaging.queue import NewsKind, queue_message

PEOPLE_PER_CODE: Final = 2
"""Not everybody who asked still wants it."""
MOST_IN_A_WAVE: Final = 100
WAVE_EVERY: Final = timedelta(minutes=10)
KEEP: Final = timedelta(days=180)
_VARIANTS_AT_ONCE: Final = 50


class RestockWish(Base):
    """Somebody wants to hear when a variant is back. Told once; asking again makes it wait again."""

    __tablename__ = "restock_wishes"
    __table_args__ = (
        Index(
            "ix_restock_wishes_waiting",
            "variant_id",
            "asked_at",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
        Index("ix_restock_wishes_told", "variant_id", "told_at"),
        Index("ix_restock_wishes_asked", "asked_at"),
    )

    variant_id: Mapped[Ref] = mapped_column(ForeignKey(Variant.id), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


def wish(tx: Tx, customer: Customer, variant_id: int) -> None:
    """Tell him when it is back. Twice is once; his place in the queue is that of the first time."""
    lock_person(tx, customer.person_id)
    row = insert_or(tx, RestockWish).values(
        variant_id=variant_id,
        person_id=customer.person_id,
        channel=customer.channel,
        external_id=customer.external_id,
        asked_at=tx.now,
    )
    anew = {
        "channel": row.excluded.channel,
        "external_id": row.excluded.external_id,
        "asked_at": row.excluded.asked_at,
        "told_at": None,
    }
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[RestockWish.variant_id, RestockWish.person_id],
            set_=anew,
            where=RestockWish.told_at.is_not(None),
        )
    )


def forget_wish(tx: Tx, person_id: int, variant_id: int) -> None:
    """He does not want to hear any more."""
    tx.execute(
        delete(RestockWish).where(RestockWish.variant_id == variant_id, RestockWish.person_id == person_id)
    )


def is_wished(view: View, person_id: int, variant_id: int) -> bool:
    """Whether he waits to hear of it."""
    found = select(RestockWish.person_id).where(
        RestockWish.variant_id == variant_id,
        RestockWish.person_id == person_id,
        RestockWish.told_at.is_(None),
    )
    return view.execute(found).first() is not None


async def tell_waves(shop: Shop) -> int:
    """Tell whoever's turn it is. Returns how many people.

    Safe to run twice, also at the same time: a wish is marked and its news queued in one transaction, and news is
    queued once for its cause.
    """
    waited_for = await shop.read(_waited_for)
    return sum([await shop.write(_tell_wave, variant_id) for variant_id in waited_for])


def purge(tx: Tx) -> int:
    """Forget wishes that are half a year old, told or not. Returns how many."""
    return tx.execute(delete(RestockWish).where(RestockWish.asked_at < tx.now - KEEP)).rowcount


def _waited_for(view: View) -> Sequence[int]:
    rows = view.execute(
        select(RestockWish.variant_id)
        .where(RestockWish.told_at.is_(None))
        .group_by(RestockWish.variant_id)
        .order_by(func.min(RestockWish.asked_at))
        .limit(_VARIANTS_AT_ONCE)
    )
    return [row.variant_id for row in rows]


def _tell_wave(tx: Tx, variant_id: int) -> int:
    variant = get_variant(tx, variant_id)
    if not variant.is_for_sale:
        return 0
    last = tx.execute(
        select(func.max(RestockWish.told_at)).where(RestockWish.variant_id == variant_id)
    ).scalar()
    if last is not None and last > tx.now - WAVE_EVERY:
        return 0
    there = count_available(tx, [variant])[variant_id].count
    first = (
        select(RestockWish.person_id)
        .where(RestockWish.variant_id == variant_id, RestockWish.told_at.is_(None))
        .order_by(RestockWish.asked_at, RestockWish.person_id)
        .limit(min(there * PEOPLE_PER_CODE, MOST_IN_A_WAVE))
        .with_for_update(skip_locked=True)
    )
    told = tx.execute(
        update(RestockWish)
        .where(
            RestockWish.variant_id == variant_id,
            RestockWish.told_at.is_(None),
            RestockWish.person_id.in_(select(first.cte("first").c.person_id)),
        )
        .values(told_at=tx.now)
        .returning(RestockWish.person_id, RestockWish.channel, RestockWish.external_id, RestockWish.asked_at)
    ).all()
    quiet = quiet_left(tx, [row.person_id for row in told])
    for row in told:
        asked = int(row.asked_at.timestamp() * 1_000_000)
        queue_message(
            tx,
            Address(row.channel, row.external_id),
            NewsKind.RESTOCKED,
            {"variant_id": variant_id},
            cause=f"restock:{variant_id}:{asked}",
            due_in=quiet.get(row.person_id, timedelta(0)),
        )
    return len(told)
