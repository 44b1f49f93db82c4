"""How many of a variant can be had now, from the shelf or by buying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import VariantView
from shop_core.db.tx import View
from shop_core.stock.count import COUNT_LIMIT, Shelf, count_on_shelf
from shop_core.supply.routing import count_supply, list_routed


def count_available(view: View, variants: Sequence[VariantView]) -> dict[int, Shelf]:
    """What screens say of variants: the shelf, or where one purchase could bring more, that."""
    shelves = count_on_shelf(view, [(variant.id, variant.sell_until_days) for variant in variants])
    shelves |= _by_hand(view, variants)
    if view.policy.suppliers:
        supply = count_supply(view, [(variant.id, variant.price) for variant in variants])
        shelves = {each: _larger(shelf, supply.get(each, 0)) for each, shelf in shelves.items()}
    # How much credit is left nobody counts: a supplier only says how much of it one purchase may be.
    top_ups = [variant.id for variant in variants if variant.kind is GoodsKind.TOP_UP]
    shelves |= {each: replace(shelves[each], is_counted=False) for each in top_ups if shelves[each].count}
    return shelves | {variant.id: Shelf(0, is_held=True) for variant in variants if variant.price_held}


def _by_hand(view: View, variants: Sequence[VariantView]) -> dict[int, Shelf]:
    """Direct top-ups have no shelf. Where no supplier is connected, staff do as many as are bought."""
    top_ups = [variant for variant in variants if variant.kind is GoodsKind.TOP_UP]
    if not top_ups:
        return {}
    routed = list_routed(view, [variant.id for variant in top_ups])
    ready = {variant.id for variant in top_ups if variant.fields and variant.id not in routed}
    return {one.id: Shelf(COUNT_LIMIT, is_counted=False) if one.id in ready else Shelf(0) for one in top_ups}


def _larger(shelf: Shelf, supply: int) -> Shelf:
    if supply <= shelf.count:
        return shelf
    return Shelf(min(supply, COUNT_LIMIT), is_counted=supply < COUNT_LIMIT)
