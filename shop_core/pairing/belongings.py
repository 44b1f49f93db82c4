"""Everything in the database that names a person, and what becomes of it when he is merged into another.

A test compares this with the metadata: a new table that names persons is not overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Table, Update, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from shop_core.conversations.models import UsedKey
from shop_core.customers.models import Identity, Password, Person, PersonChange
from shop_core.db.tx import Tx
from shop_core.delivery.models import LineInputs
from shop_core.delivery.restock import RestockWish
from shop_core.insight.models import Exposure
from shop_core.orders.models import Order, OrderLine
from shop_core.pairing.models import Pairing
from shop_core.payments.models import Payment, Receipt
from shop_core.resale.models import Reseller
from shop_core.threads.models import Thread, ThreadMessage
from shop_core.verification.models import ContactCode, VerifiedContact

Column = InstrumentedAttribute[Any]

MOVED: Final[tuple[Column, ...]] = (
    # Orders first: whoever works on one of his orders holds its row, and what he writes for its buyer is seen from here on.
    Order.person_id,
    OrderLine.person_id,
    Payment.person_id,
    Receipt.person_id,
    Reseller.person_id,
    Identity.person_id,
)
"""One statement each, in this order."""

WEIGHED: Final[tuple[Column, ...]] = (
    UsedKey.person_id,
    RestockWish.person_id,
    Password.person_id,
    Thread.person_id,
    Pairing.person_id,
    Pairing.typed_person_id,
    VerifiedContact.person_id,
    ContactCode.person_id,
)
"""Both may have one of these, and one place is for one: see ``merge``."""

KEPT: Final[Mapping[Column, str]] = {
    Exposure.person_id: "what a screen showed, and to whom, at that time; as many rows as screens, and no index",
    LineInputs.said_by: "the place that the answers are sealed for, not whose they are",
    ThreadMessage.sealed_for: "the same for what was written",
    PersonChange.person_id: "the journal says what happened then",
    PersonChange.other_id: "the journal says what happened then",
    Person.merged_into: "those who were merged into him are led on by hand",
}
"""What goes on to name the one who is gone, and why."""


def moving(column: Column, *, kept: int, gone: int) -> Update:
    """The statement that gives the rows of one to the other."""
    table: Table = column.class_.__table__
    return update(table).where(table.c[column.key] == gone).values({column.key: kept})


def move_keys(tx: Tx, *, kept: int, gone: int) -> None:
    """One-time keys: an old button shows what it did. A key that both have used is no key of ours: the first stays."""
    theirs = select(UsedKey.key).where(UsedKey.person_id == kept)
    tx.execute(delete(UsedKey).where(UsedKey.person_id == gone, UsedKey.key.in_(theirs)))
    tx.execute(moving(UsedKey.person_id, kept=kept, gone=gone))


def move_wishes(tx: Tx, *, kept: int, gone: int) -> None:
    """Wishes to hear of goods: of two for the same, the one that still waits, and the one that waits longer."""
    wishes = select(*RestockWish.__table__.columns).where(RestockWish.person_id.in_((kept, gone)))
    best: dict[int, tuple[bool, Any, int]] = {}
    double: list[tuple[int, int]] = []
    for row in tx.execute(wishes.with_for_update()).all():
        ranked = (row.told_at is not None, row.asked_at, row.person_id)
        other = best.setdefault(row.variant_id, ranked)
        if other != ranked:
            best[row.variant_id] = min(other, ranked)
            double.append((row.variant_id, max(other, ranked)[2]))
    for variant_id, person_id in double:
        tx.execute(
            delete(RestockWish).where(
                RestockWish.variant_id == variant_id, RestockWish.person_id == person_id
            )
        )
    tx.execute(moving(RestockWish.person_id, kept=kept, gone=gone))


def move_password(tx: Tx, *, kept: int, gone: int) -> None:
    """Of two passwords the one that was set last: that is the one he remembers."""
    rows = tx.execute(
        select(Password.person_id, Password.set_at)
        .where(Password.person_id.in_((kept, gone)))
        .order_by(Password.set_at, Password.person_id)
    ).all()
    for row in rows[:-1]:
        tx.execute(delete(Password).where(Password.person_id == row.person_id))
    tx.execute(moving(Password.person_id, kept=kept, gone=gone))
