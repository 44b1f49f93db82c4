"""Two people who turn out to be one: the whole way, or straight to the merge."""

from __future__ import annotations

from shop_core.customers.people import Customer, find_customer
from shop_core.pairing.codes import PairingView, accept, make_code, type_code
from shop_core.pairing.merge import confirm
from tests.core.builders import Market


async def asked(market: Market, maker: Customer, typer: Customer) -> PairingView:
    """A code made by one and typed and accepted by the other: the maker's yes is lacking."""
    made = await make_code(market.shop, maker)
    pairing = await type_code(market.shop, typer, made.code.reveal())
    return await accept(market.shop, typer, pairing.key)


async def link(market: Market, maker: Customer, typer: Customer) -> Customer:
    """Make them one. Whoever goes on, on the channel of the typer."""
    pairing = await asked(market, maker, typer)
    await confirm(market.shop, maker, pairing.key)
    return await now(market, typer)


async def now(market: Market, customer: Customer) -> Customer:
    """Who is there by now."""
    found = await market.shop.read(find_customer, channel=customer.channel, external_id=customer.external_id)
    assert found is not None
    return found
