"""The answer to a channel that is about to take money: yes, or why not, in the payer's own words."""

from __future__ import annotations

from typing import Final

from handlers.words import Phrases, Words
from shop_core.customers.people import find_customer
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.orders.checkout import BillChanged, Checkout, allow_checkout
from shop_core.orders.errors import NoSuchOrder, NotPayable
from shop_core.stock.errors import OutOfStock

_REASONS: Final = {
    NoSuchOrder: "checkout.not_yours",
    BillChanged: "checkout.changed",
    OutOfStock: "checkout.sold_out",
}


async def find_objection(shop: Shop, checkout: Checkout) -> str | None:
    """Why somebody must not pay a bill now; None: he may."""
    try:
        await allow_checkout(shop, checkout)
    except ShopError as error:
        return (await _words(shop, checkout))(_reason(error))
    return None


async def say_busy(shop: Shop, checkout: Checkout) -> str:
    """The answer when looking took too long: no money was taken, and he may try again."""
    return (await _words(shop, checkout))("checkout.busy")


async def _words(shop: Shop, checkout: Checkout) -> Phrases:
    payer = checkout.payer
    known = await shop.read(find_customer, channel=payer.channel, external_id=payer.external_id)
    return shop.get(Words).to("" if known is None else known.language, payer.channel)


def _reason(error: ShopError) -> str:
    if isinstance(error, NotPayable):
        return (
            "checkout.expired" if error.details.get("state") in {"expired", "cancelled"} else "checkout.paid"
        )
    return _REASONS.get(type(error), "checkout.changed")
