"""Filling the demo shop, through the same use cases an owner uses."""

from __future__ import annotations

import string
from collections.abc import Sequence
from random import Random

from bot.demo.goods import SHELVES, DemoCategory, DemoProduct, DemoVariant
from shop_core.catalog.edit import NewProduct, NewVariant, add_category, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.stock.import_codes import Import, import_codes
from shop_core.supply.floats import read_float
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.supplier import Suppliers
from shop_core.supply.sync import read_list

ACTOR = "shell:demo"


async def seed(shop: Shop, random: Random) -> int:
    """Fill an empty shop with the demo's shelves, products, codes and upstreams. Returns how many codes."""
    for name in shop.get(Suppliers).names:
        await read_list(shop, name)
        await read_float(shop, name)
    return await seed_shelves(shop, SHELVES, random)


async def seed_shelves(shop: Shop, shelves: Sequence[DemoCategory], random: Random) -> int:
    """Fill an empty shop with these. Returns how many codes."""
    stocked: list[tuple[int, DemoVariant]] = []
    for shelf in shelves:
        stocked += await shop.write(_add_shelf, shelf, None)
    codes = 0
    for variant_id, variant in stocked:
        if variant.offer is not None:
            await shop.write(_connect, variant_id, variant.offer)
            continue
        lines = "\n".join(_make_code(variant.pattern, random) for _ in range(variant.codes))
        expires_on = (shop.clock.now() + variant.expires_in).date() if variant.expires_in else None
        order = Import(variant_id, "demo.txt", lines.encode(), ACTOR, expires_on=expires_on)
        codes += (await import_codes(shop, order)).added
    return codes


def _connect(tx: Tx, variant_id: int, ref: str) -> None:
    """Every upstream that sells it, the cheapest first."""
    offers = [offer for name in tx.policy.suppliers for offer in find_offers(tx, name, ref, limit=1)]
    for priority, offer in enumerate(sorted(offers, key=lambda offer: offer.cost.minor), start=1):
        connect_offer(tx, NewRoute(variant_id, offer.id, priority))


def _add_shelf(tx: Tx, shelf: DemoCategory, parent_id: int | None) -> Sequence[tuple[int, DemoVariant]]:
    category_id = add_category(tx, {"zh": shelf.zh, "en": shelf.en}, parent_id)
    stocked: list[tuple[int, DemoVariant]] = []
    for product in shelf.products:
        stocked += _add_product(tx, product, category_id)
    for below in shelf.shelves:
        stocked += _add_shelf(tx, below, category_id)
    return stocked


def _add_product(tx: Tx, product: DemoProduct, category_id: int) -> Sequence[tuple[int, DemoVariant]]:
    names = {"zh": product.zh, "en": product.en}
    about = {"zh": product.about_zh, "en": product.about_en}
    product_id = add_product(tx, NewProduct(names, category_id, about))
    stocked = [
        (
            add_variant(
                tx,
                NewVariant(
                    product_id,
                    variant.price_minor,
                    {"zh": variant.zh, "en": variant.en},
                    cost_minor=variant.cost_minor,
                    per_person=variant.per_person,
                ),
            ),
            variant,
        )
        for variant in product.variants
    ]
    set_state(tx, product_id, ProductState.PUBLISHED)
    return stocked


def _make_code(pattern: str, random: Random) -> str:
    letters = {"#": string.digits, "@": string.ascii_uppercase}
    return "".join(random.choice(letters[sign]) if sign in letters else sign for sign in pattern)
