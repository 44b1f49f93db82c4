"""Goods that nobody stocks, for journeys whose shop buys them: connected, priced by a rule, bought by a customer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from shop_core.cases.cases import list_open
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer, meet
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.pricing.follow import follow
from shop_core.pricing.markup import Ending, Markup
from shop_core.pricing.rules import Scope, Subject, put_rule
from shop_core.supply.calls import What
from shop_core.supply.models import Purchase, PurchaseAsk
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.sync import read_list
from shop_core.wallet.balance import adjust
from tests.screens.person import Cast, Person
from tests.screens.stage import NOWHERE, PATIENCE_S
from tests.standins.suppliers.world import CARD

SOLD_AS: Final = {"zh": "芒果 TV 会员 月卡", "en": "Mango TV, 1 month"}
LISTED_AS: Final = "芒果TV月卡【自动发卡】"
"""What the upstreams call it."""


def list_goods(cast: Cast) -> None:
    """Have every supplier sell the same card, at prices of their own."""
    for place, site in enumerate(cast.stage.sites.values()):
        site.goods(CARD, name=LISTED_AS, price=990 + 40 * place)


async def a_variant(cast: Cast) -> int:
    """The card as the shop sells it; nothing is connected to it."""

    def add(tx: Tx) -> int:
        product_id = add_product(tx, NewProduct(SOLD_AS))
        variant_id = add_variant(tx, NewVariant(product_id, 1290, cost_minor=990))
        set_state(tx, product_id, ProductState.PUBLISHED)
        return variant_id

    return await cast.stage.shop.write(add)


async def on_demand(cast: Cast, *suppliers: str) -> int:
    """The card, bought at these, the first first."""
    list_goods(cast)
    shop, variant_id = cast.stage.shop, await a_variant(cast)
    for priority, supplier in enumerate(suppliers, start=1):
        await read_list(shop, supplier)
        [offer] = await shop.read(find_offers, supplier, LISTED_AS, limit=1)
        await shop.write(connect_offer, NewRoute(variant_id, offer.id, priority))
    await cast.stage.quiet()
    return variant_id


async def following(cast: Cast, supplier: str) -> int:
    """The card, at a price that follows what it costs there."""
    variant_id = await on_demand(cast, supplier)

    def let_follow(tx: Tx) -> None:
        put_rule(tx, Subject(Scope.SUPPLIER, supplier), Markup(2_000, ending=Ending.NINETY))
        follow(tx, variant_id)

    await cast.stage.shop.write(let_follow)
    return variant_id


async def at_the_bill_for_it(cast: Cast) -> Person:
    """A customer who has pressed "buy 1" of it."""
    customer = await cast.customer()
    await customer.come()
    await customer.press(SOLD_AS[cast.language])
    await customer.press("product.buy")
    return customer


async def others_buy(cast: Cast, variant_id: int, quantity: int) -> None:
    """Somebody whom nobody watches buys some."""
    shop, key = cast.stage.shop, new_key(cast.stage.shop.random)

    def come(tx: Tx) -> Customer:
        other = meet(tx, channel=NOWHERE, external_id="others", name="others", language="zh")
        adjust(tx, other.person_id, Money(99_900, tx.policy.currency), key=f"adjust:{key}")
        return other

    other = await shop.write(come)
    number = await place_order(shop, other, Wish(variant_id, quantity, key))
    await pay_from_wallet(shop, other, number)


async def until_bought(cast: Cast, states: Sequence[str]) -> None:
    """Wait until all purchases stand like this, the first made first, and what follows has been said."""
    async with asyncio.timeout(PATIENCE_S):
        while await cast.stage.shop.read(_states) != list(states):  # noqa: ASYNC110 - rows in the database
            await asyncio.sleep(0.02)
    await cast.stage.quiet()


async def until_sent(cast: Cast, times: int) -> None:
    """Wait until suppliers were sent so many orders, repeats included, and what follows has been said."""
    async with asyncio.timeout(PATIENCE_S):
        while await cast.stage.shop.read(_count_sent) < times:  # noqa: ASYNC110 - rows in the database
            await asyncio.sleep(0.02)
    await cast.stage.quiet()


async def until_asked_of_staff(cast: Cast) -> None:
    """Wait until something is put before staff, and they have been told."""
    async with asyncio.timeout(PATIENCE_S):
        while not await cast.stage.shop.read(list_open):  # noqa: ASYNC110 - rows in the database
            await asyncio.sleep(0.02)
    await cast.stage.quiet()


def _count_sent(view: View) -> int:
    sent = select(func.count()).where(PurchaseAsk.what == What.PLACE.value)
    return int(view.execute(sent).scalar_one())


def _states(view: View) -> list[str]:
    return list(view.execute(select(Purchase.state).order_by(Purchase.id)).scalars())
