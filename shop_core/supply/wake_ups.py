"""A supplier that only says that there is news, while somebody is asking it: what he hears may be older than that.

Whoever has the purchase in hand cannot be told, but he writes down what he heard under the same lock. So the news waits
among the questions: where it stands just before an answer, that is not the last word, and the supplier is asked once more.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from shop_core.db.tx import Tx, View
from shop_core.supply.asks import Ask, note_ask
from shop_core.supply.calls import What
from shop_core.supply.models import PurchaseAsk
from shop_core.supply.purchases import PurchaseView

WAKE_UP: Final = "wake_up"


def note_wake_up(tx: Tx, purchase: PurchaseView) -> None:
    """There is news of a purchase that somebody is at. The caller has locked it."""
    note_ask(tx, purchase, Ask(What.CALLBACK.value, WAKE_UP, "", tx.now, tx.now))


def was_woken(view: View, purchase_id: int) -> bool:
    """Whether such news came while the answer was on its way that was noted last."""
    answers = select(PurchaseAsk.answer).where(PurchaseAsk.purchase_id == purchase_id)
    before = answers.order_by(PurchaseAsk.id.desc()).offset(1).limit(1)
    return view.execute(before).scalar() == WAKE_UP
