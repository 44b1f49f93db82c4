"""Who it is that writes, and which words he reads."""

from __future__ import annotations

from handlers.incoming import Incoming
from handlers.visit import Visit
from handlers.words import Words
from shop_core.customers.people import Customer, find_customer, meet
from shop_core.db.shop import Shop
from shop_core.db.tx import View


async def arrive(shop: Shop, incoming: Incoming) -> Visit:
    """A visit of whoever a message comes from: known, or met now."""
    customer = await shop.read(find_customer, channel=incoming.channel, external_id=incoming.external_id)
    if customer is None:
        customer = await shop.write(
            meet,
            channel=incoming.channel,
            external_id=incoming.external_id,
            name=incoming.name,
            language=incoming.language,
        )
    return _visit(shop, customer)


def _visit(shop: Shop, customer: Customer) -> Visit:
    say = shop.get(Words).to(customer.language, customer.channel).in_zone(customer.timezone)
    return Visit(shop, customer, say)


async def arrive_anew(visit: Visit) -> Visit:
    """The visit of somebody who has just chosen to be spoken to otherwise."""
    return _visit(visit.shop, await visit.shop.read(_again, visit.customer))


def _again(view: View, customer: Customer) -> Customer:
    return find_customer(view, channel=customer.channel, external_id=customer.external_id) or customer
