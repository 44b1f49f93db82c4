"""Changing the catalogue as staff: each change and its line in the audit log in one transaction.

Everything here may run twice. Prices, limits and states are set, not moved; what would be made a second time
under the same name is found instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shop_core.catalog import edit
from shop_core.catalog.edit import NewProduct, NewVariant
from shop_core.catalog.overview import find_category_named, find_product_named, find_variant_named
from shop_core.catalog.read import ProductState, RefundTo, get_product, get_variant
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.pricing.follow import stop_following
from shop_core.staff import audit


@dataclass(frozen=True, slots=True)
class Made:
    """What was asked for, made now or there before."""

    id: int
    is_new: bool


async def add_category(shop: Shop, names: Mapping[str, str], parent_id: int | None, *, by: str) -> Made:
    """Make a category.

    Raises:
        BadProduct: No name, or no such parent.
    """
    return await shop.write(make_category, names, parent_id, by)


def make_category(tx: Tx, names: Mapping[str, str], parent_id: int | None, by: str) -> Made:
    """The step."""
    there = find_category_named(tx, names, parent_id)
    if there is not None:
        return Made(there, is_new=False)
    category_id = edit.add_category(tx, names, parent_id)
    audit.record(tx, actor=by, command="category add", details={"category": category_id, **_named(names)})
    return Made(category_id, is_new=True)


async def add_product(shop: Shop, product: NewProduct, *, by: str) -> Made:
    """Make a product, as a draft.

    Raises:
        BadProduct: No name, or no such category.
    """
    return await shop.write(make_product, product, by)


def make_product(tx: Tx, product: NewProduct, by: str) -> Made:
    """The step."""
    there = find_product_named(tx, product.names)
    if there is not None:
        return Made(there, is_new=False)
    product_id = edit.add_product(tx, product)
    audit.record(
        tx, actor=by, command="product add", details={"product": product_id, **_named(product.names)}
    )
    return Made(product_id, is_new=True)


async def add_variant(shop: Shop, variant: NewVariant, *, by: str) -> Made:
    """Make a variant of a product.

    Raises:
        NoSuchProduct, BadProduct: Nothing was made.
    """
    return await shop.write(make_variant, variant, by)


def make_variant(tx: Tx, variant: NewVariant, by: str) -> Made:
    """The step."""
    there = find_variant_named(tx, variant.product_id, variant.names)
    if there is not None:
        return Made(there, is_new=False)
    variant_id = edit.add_variant(tx, variant)
    details = {
        "variant": variant_id,
        "product": variant.product_id,
        "price_minor": variant.price_minor,
        "cost_minor": variant.cost_minor,
        **_named(variant.names),
    }
    audit.record(tx, actor=by, command="variant add", details=details)
    return Made(variant_id, is_new=True)


@dataclass(frozen=True, slots=True)
class OldPrice:
    """What a variant cost before a change, and where it is."""

    product_id: int
    price: Money
    cost: Money


async def set_price(shop: Shop, variant_id: int, price: Money, cost: Money | None, *, by: str) -> OldPrice:
    """Change what new orders pay.

    Raises:
        NoSuchVariant, BadProduct: Nothing changed.
    """
    return await shop.write(change_price, variant_id, price, cost, by)


def change_price(tx: Tx, variant_id: int, price: Money, cost: Money | None, by: str) -> OldPrice:
    """The step."""
    before = get_variant(tx, variant_id)
    edit.set_price(tx, variant_id, price.minor, None if cost is None else cost.minor)
    # A price that somebody sets by hand stays, whatever its supplier does.
    stop_following(tx, variant_id, by=by)
    details: dict[str, str | int] = {
        "variant": variant_id,
        "from": before.price.decimal_text(),
        "to": price.decimal_text(),
    }
    if cost is not None:
        details["cost"] = cost.decimal_text()
    audit.record(tx, actor=by, command="price", details=details)
    return OldPrice(before.product_id, before.price, before.cost)


async def set_limits(
    shop: Shop, variant_id: int, *, per_order: int | None, per_person: int | None, by: str
) -> int:
    """Change the limits of a variant; None lifts one.

    Returns:
        The variant's product.

    Raises:
        NoSuchVariant: Nothing changed.
    """
    return await shop.write(_set_limits, variant_id, per_order, per_person, by)


def _set_limits(tx: Tx, variant_id: int, per_order: int | None, per_person: int | None, by: str) -> int:
    edit.set_limits(tx, variant_id, per_order=per_order, per_person=per_person)
    details = {"variant": variant_id, "per_order": per_order or 0, "per_person": per_person or 0}
    audit.record(tx, actor=by, command="limits", details=details)
    return get_variant(tx, variant_id).product_id


async def set_state(shop: Shop, product_id: int, state: ProductState, *, by: str) -> None:
    """Publish or hide a product.

    Raises:
        NoSuchProduct, BadProduct: Nothing changed.
    """
    await shop.write(put_state, product_id, state, by)


def put_state(tx: Tx, product_id: int, state: ProductState, by: str) -> None:
    """The step."""
    if get_product(tx, product_id).state is state:
        return
    edit.set_state(tx, product_id, state)
    command = "product publish" if state is ProductState.PUBLISHED else "product hide"
    audit.record(tx, actor=by, command=command, details={"product": product_id})


async def set_refund_to(shop: Shop, product_id: int, refund_to: RefundTo, *, by: str) -> None:
    """Change where the money for a product goes when nobody can deliver it.

    Raises:
        NoSuchProduct: Nothing changed.
    """
    await shop.write(put_refund_to, product_id, refund_to, by)


def put_refund_to(tx: Tx, product_id: int, refund_to: RefundTo, by: str) -> None:
    """The step."""
    if get_product(tx, product_id).refund_to is refund_to:
        return
    edit.set_refund_to(tx, product_id, refund_to)
    details = {"product": product_id, "to": refund_to.value}
    audit.record(tx, actor=by, command="product refund", details=details)


def _named(names: Mapping[str, str]) -> dict[str, str | int]:
    return {"name": " / ".join(names.values())} if names else {}
