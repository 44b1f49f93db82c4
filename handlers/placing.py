"""Placing an order, and asking for its money in the same breath where there is only one way to pay."""

from __future__ import annotations

from handlers.order_screen import show_order
from handlers.refusals import refusal_text
from handlers.screen import Screen
from handlers.visit import Visit
from shop_core.catalog.read import VariantView
from shop_core.kernel.money import Money
from shop_core.orders.errors import NotPayable
from shop_core.orders.pay import buy as place_and_ask
from shop_core.orders.place import Wish, place_order
from shop_core.orders.spend import spendable
from shop_core.payments.gateway import GatewayRefused


async def place_wish(visit: Visit, variant: VariantView, wish: Wish) -> Screen:
    """Place what a buyer wishes, and show what he has to pay."""
    balance: Money = await visit.shop.read(spendable, visit.customer.person_id, visit.own_ways)
    if balance.minor or len(visit.gateways) != 1:
        number = await place_order(visit.shop, visit.customer, wish)
        return await show_order(visit, number)
    title = variant.full_name(visit.language)
    try:
        number, _ = await place_and_ask(visit.shop, visit.customer, wish, visit.gateways[0], title=title)
    except GatewayRefused as refused:
        number = str(refused.details["number"])[:8]
    except NotPayable as error:
        # Pressed before: the key finds the order that it placed then, which has been paid or has ended since.
        number = await place_order(visit.shop, visit.customer, wish)
        return (await show_order(visit, number)).with_toast(refusal_text(visit, error))
    return await show_order(visit, number)
