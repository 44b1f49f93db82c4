"""A wholesaler of phone credit, a shop that sells it, and a thumb for its buttons in Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import ProductState
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.kinds import change_kind
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.sync import read_list
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import TOP_UP
from tests.standins.telegram import ShownMessage, TelegramUser


@contextmanager
def a_wholesaler() -> Iterator[SupplierControl]:
    """One that tops up at once."""
    with running_supplier("dayuanren") as control:
        control.goods(TOP_UP, is_later=False)
        yield control


async def sell_its_credit(shop: Shop) -> None:
    """Read its list, and sell its credit for 49.80."""
    await read_list(shop, "dyr")
    [offer] = await shop.read(find_offers, "dyr", TOP_UP, limit=1)
    await shop.write(_sell, offer.id)


def _sell(tx: Tx, offer_id: int) -> None:
    product_id = add_product(tx, NewProduct({"zh": "手机话费 50 元", "en": "Phone credit, 50 yuan"}))
    variant_id = add_variant(tx, NewVariant(product_id, 4980))
    change_kind(tx, variant_id, GoodsKind.TOP_UP)
    connect_offer(tx, NewRoute(variant_id, offer_id))
    set_state(tx, product_id, ProductState.PUBLISHED)


async def press(user: TelegramUser, message: ShownMessage, words: str, then: str) -> ShownMessage:
    """Press the button with these words, and wait for these others."""
    link = next(button.value for button in message.buttons if words in button.text)
    await asyncio.to_thread(user.press, link, message=message)
    return await user.wait_for_async(then, 10)


async def say(user: TelegramUser, text: str, then: str) -> ShownMessage:
    """Write something, and wait for an answer with these words."""
    await asyncio.to_thread(user.say, text)
    return await user.wait_for_async(then, 10)
