"""What a supplier tells us by itself, verified and out of the inbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater
from shop_core.orders.heard import seal_heard, take_news
from shop_core.supply.calls import Heard, What
from shop_core.supply.models import PurchaseState
from shop_core.supply.offers import see_offer
from shop_core.supply.purchases import TOPIC, PurchaseView, change, find_told, lock
from shop_core.supply.supplier import Suppliers, Told
from shop_core.supply.wake_ups import note_wake_up

EARLY_FOR: Final = timedelta(minutes=5)
"""So long a callback that only has the supplier's own number waits for the answer that tells us that number."""

log = structlog.get_logger()


async def take_told(shop: Shop, supplier: str, told: Told, *, waited: timedelta) -> None:
    """Take a verified callback in.

    May run any number of times, in any order, also before the answer to the call that it is about: what it says is taken in
    under the purchase's lock and by its state.

    Args:
        supplier: Whose callback it is, as its signature proves.
        waited: How long ago it came.

    Raises:
        RetryLater: It speaks of a purchase that we may only be about to know.
        NoSuchSupplier: Not set up any more.
    """
    adapter = shop.get(Suppliers).get(supplier)
    if told.offer_ref is not None:
        offer = await adapter.get_offer(told.offer_ref)
        await shop.write(see_offer, supplier, told.offer_ref, offer)
        return
    purchase = await shop.read(find_told, supplier, told.number, told.supplier_ref)
    if purchase is None:
        if not told.number and waited < EARLY_FOR:
            raise RetryLater("not known yet", retry_after_s=10)
        log.warning("callback about no purchase", supplier=supplier, number=told.number[:12])
        return
    if told.outcome is None:
        await shop.write(_ask_now, purchase)
        return
    now = shop.clock.now()
    heard = Heard(What.CALLBACK, now, now, told.outcome)
    await shop.write(take_news, purchase.id, purchase.line_id, seal_heard(shop, heard, adapter.capabilities))


def _ask_now(tx: Tx, told_of: PurchaseView) -> None:
    """It only says that there is something to ask about. Whoever has the purchase in hand right now asks once more."""
    purchase = lock(tx, told_of.id)
    if purchase.is_live and purchase.token is not None:
        note_wake_up(tx, purchase)
    elif purchase.state in {PurchaseState.ACCEPTED, PurchaseState.UNKNOWN}:
        change(tx, purchase, due_at=tx.now)
        tx.wake(TOPIC)
