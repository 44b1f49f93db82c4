"""The catalogue in the words of the dujiao-next protocol: a product with its variants as SKUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.web import upstream_form
from bot.web.upstream_form import texts
from shop_core.catalog.goods import Field, GoodsKind
from shop_core.catalog.read import (
    ProductView,
    VariantView,
    count_products,
    get_product_for_sale,
    list_products,
)
from shop_core.db.tx import View
from shop_core.delivery.available import count_available
from shop_core.stock.count import Shelf

MUCH: Final = 20
"""Above that the protocol calls it "in stock", up to that "low"."""


def list_page(view: View, page: int, size: int) -> Mapping[str, Any]:
    """One page of what is for sale, and how many there are in all."""
    products = list_products(view, category_id=None, limit=size, offset=(page - 1) * size)
    return {"items": _as_told(view, products), "total": count_products(view)}


def one_product(view: View, product_id: int) -> Mapping[str, Any]:
    """One product.

    Raises:
        NoSuchProduct: Not for sale.
    """
    return _as_told(view, [get_product_for_sale(view, product_id)])[0]


def _as_told(view: View, products: Sequence[ProductView]) -> list[dict[str, Any]]:
    variants = [variant for product in products for variant in product.variants]
    shelves = count_available(view, variants)
    return [_product(product, shelves) for product in products]


def _product(product: ProductView, shelves: Mapping[int, Shelf]) -> dict[str, Any]:
    cheapest = min(product.variants, key=lambda variant: variant.price.minor, default=None)
    form = upstream_form.form_of(product.variants)
    return {
        "id": product.id,
        "slug": f"p-{product.id}",
        "title": texts(product.names),
        "description": texts(product.descriptions),
        "content": {},
        "images": [],
        "tags": [],
        "price_amount": "0.00" if cheapest is None else cheapest.price.decimal_text(),
        "fulfillment_type": "manual" if form else "auto",
        "manual_form_schema": upstream_form.as_told(form),
        "is_active": True,
        "category_id": product.category_id or 0,
        "skus": [_sku(variant, shelves.get(variant.id, Shelf(0)), form) for variant in product.variants],
    }


def _sku(variant: VariantView, shelf: Shelf, form: Sequence[Field]) -> dict[str, Any]:
    left = shelf.count
    status = "in_stock" if left > MUCH else "low_stock" if left else "out_of_stock"
    if variant.kind is GoodsKind.TOP_UP and left:
        # Of credit there is as much as is bought.
        status, left = "unlimited", -1
    names = texts(variant.names)
    return {
        "id": variant.id,
        "sku_code": f"v-{variant.id}",
        "spec_values": {"name": next(iter(names.values()))} if any(names.values()) else {},
        "price_amount": variant.price.decimal_text(),
        "stock_status": status,
        "stock_quantity": left,
        "is_active": upstream_form.is_asked_by(variant, form),
    }
