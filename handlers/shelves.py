"""What lists of products and the page of one have in common: words for what is there, and the way back up."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.links import link
from handlers.visit import Visit
from shop_core.catalog.errors import NoSuchCategory
from shop_core.catalog.read import ProductView, get_category, list_categories, list_products
from shop_core.db.tx import View
from shop_core.delivery.available import count_available
from shop_core.stock.count import Shelf


def stock_words(visit: Visit, shelf: Shelf) -> str:
    """What a screen says of a shelf."""
    if shelf.count == 0:
        return visit.say("stock.held" if shelf.is_held else "stock.none")
    if not shelf.is_counted:
        return visit.say("stock.enough")
    if shelf.is_more:
        return visit.say("stock.many", n=shelf.count)
    key = "stock.few" if shelf.count <= visit.shop.policy.low_stock else "stock.some"
    return visit.say(key, n=shelf.count)


def shelves_of(view: View, products: Sequence[ProductView]) -> dict[int, Shelf]:
    """How much there is of each variant of some products, by the variant's id."""
    return count_available(view, [variant for product in products for variant in product.variants])


def way_up(view: View, category_id: int | None) -> int | None:
    """The nearest category, from here up, whose screen leaves a choice; None: home.

    A category without a choice is skipped on the way down, so a way back to it would lead down again.
    """
    while category_id is not None:
        try:
            found = get_category(view, category_id)
        except NoSuchCategory:
            return None
        choices = len(list_products(view, category_id=category_id, limit=2))
        if choices + len(list_categories(view, category_id)) > 1:
            return category_id
        category_id = found.parent_id
    return None


def link_up(category_id: int | None) -> str:
    """Where the way up leads."""
    return link("home") if category_id is None else link("category", category_id=category_id)
