"""What suppliers were asked about a purchase and what they said: the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select

from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.supply.models import PurchaseAsk
from shop_core.supply.purchases import PurchaseView

LONGEST_SAID: Final = 200
_NOTE: Final = insert(table_of(PurchaseAsk))


@dataclass(frozen=True, slots=True)
class Ask:
    """One question and its answer, for the evidence."""

    what: str
    answer: str
    said: str
    asked_at: datetime
    answered_at: datetime


def note_ask(tx: Tx, purchase: PurchaseView, ask: Ask) -> None:
    """Keep what the supplier was asked and said."""
    tx.execute(
        _NOTE,
        {
            "purchase_id": purchase.id,
            "what": ask.what,
            "answer": ask.answer[:24],
            "said": ask.said[:LONGEST_SAID],
            "asked_at": ask.asked_at,
            "answered_at": ask.answered_at,
        },
    )


def list_asks(view: View, purchase_id: int) -> Sequence[Ask]:
    """What the supplier was asked and said, in order."""
    rows = view.execute(
        select(*PurchaseAsk.__table__.columns)
        .where(PurchaseAsk.purchase_id == purchase_id)
        .order_by(PurchaseAsk.id)
    )
    return [Ask(row.what, row.answer, row.said, row.asked_at, row.answered_at) for row in rows]
