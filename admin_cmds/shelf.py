"""Stock: how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.imports import batch_buttons, latest_batches
from admin_cmds.links import link_to
from admin_cmds.product_screen import stock_text
from handlers.screen import Button, Line, LinkButton, Screen, Style
from shop_core.catalog.read import VariantView, get_product, get_variant, list_all_products
from shop_core.db.tx import View
from shop_core.stock.count import Shelf, count_on_shelf

MOST_PRODUCTS: Final = 200


async def stock(desk: Desk, variant_id: int | None) -> Screen:
    """What is on the shelf, of one variant or of all, emptiest first."""
    shown = await desk.shop.read(_on_shelf, variant_id)
    lines = [Line(desk.say("admin.stock.title"), Style.TITLE)]
    rows: list[tuple[Button, ...]] = []
    for variant, shelf in shown:
        style = Style.WARNING if shelf.count == 0 else Style.PLAIN
        lines.append(
            Line(f"#{variant.id} {variant.full_name(desk.language)} · {stock_text(desk, shelf)}", style)
        )
        if shelf.count <= desk.shop.policy.low_stock:
            name = variant.full_name(desk.language)
            text = desk.say("admin.button.import", name=name)
            rows.append((LinkButton(text, link_to("import", str(variant.id))),))
    if not shown:
        lines.append(Line(desk.say("admin.products.none"), Style.MUTED))
    rows = rows[:PAGE_OF_BUTTONS]
    if variant_id is not None:
        rows += batch_buttons(desk, await desk.shop.read(latest_batches, variant_id))
    return Screen(tuple(lines), (*rows, (desk.home_button(),)))


PAGE_OF_BUTTONS: Final = 6


def _on_shelf(view: View, variant_id: int | None) -> Sequence[tuple[VariantView, Shelf]]:
    if variant_id is None:
        listed = list_all_products(view, limit=MOST_PRODUCTS)
        variants = [variant for product in listed for variant in product.variants]
    else:
        wanted = get_variant(view, variant_id)
        variants = [
            variant for variant in get_product(view, wanted.product_id).variants if variant.id == wanted.id
        ]
    shelves = count_on_shelf(view, [(variant.id, variant.sell_until_days) for variant in variants])
    return sorted(((variant, shelves[variant.id]) for variant in variants), key=lambda pair: pair[1].count)
