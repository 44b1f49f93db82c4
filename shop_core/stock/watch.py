"""Watching the shelves: a case for each variant that runs low, which closes itself when it is filled or taken off sale."""

from __future__ import annotations

from typing import Final

from sqlalchemy import exists, select

from shop_core.cases.cases import MACHINE, CaseKind, close_case, list_subjects, open_case
from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import ProductState, get_variant
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.stock.count import count_on_shelf
from shop_core.stock.models import Batch

MOST_OPEN: Final = 20
"""So many shelves at a time: a list of hundreds would be read by nobody, and hide everything else."""


async def watch_stock(shop: Shop) -> int:
    """Open and close cases about low stock. Returns how many variants are low. Twice changes nothing."""
    low = await shop.read(_find_low)
    open_now = await shop.read(list_subjects, CaseKind.STOCK)
    if low.keys() != set(open_now):
        await shop.write(_report, low)
    return len(low)


def _find_low(view: View) -> dict[int, int]:
    """Variants for sale that once had stock and have little left, emptiest first: id → how many."""
    rows = view.execute(
        select(Variant.id, Variant.sell_until_days)
        .join(Product, Product.id == Variant.product_id)
        .where(
            Product.state == ProductState.PUBLISHED.value,
            Variant.hidden.is_(False),
            exists().where(Batch.variant_id == Variant.id, Batch.purchase_id.is_(None)).correlate(Variant),
        )
        .order_by(Variant.id)
    ).all()
    enough = view.policy.low_stock + 1
    shelves = count_on_shelf(view, [(row.id, row.sell_until_days) for row in rows], at_most=enough)
    low = {variant_id: shelf.count for variant_id, shelf in shelves.items() if shelf.count < enough}
    return dict(sorted(low.items(), key=lambda one: (one[1], one[0])))


def _report(tx: Tx, low: dict[int, int]) -> None:
    reported = set(list_subjects(tx, CaseKind.STOCK))
    for variant_id in reported - low.keys():
        close_case(tx, CaseKind.STOCK, variant_id, by=MACHINE, resolution="filled")
    room = MOST_OPEN - len(reported & low.keys())
    for variant_id in [one for one in low if one not in reported][: max(room, 0)]:
        name = get_variant(tx, variant_id).full_name(tx.policy.languages[0])
        open_case(tx, CaseKind.STOCK, variant_id, {"left": low[variant_id], "name": name})
