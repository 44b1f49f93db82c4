"""Changing the catalogue: steps for staff commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from shop_core.catalog.errors import BadField, BadProduct, NoSuchProduct, NoSuchVariant
from shop_core.catalog.folding import fold_all
from shop_core.catalog.goods import MOST_FIELDS, Field, GoodsKind
from shop_core.catalog.models import Category, Product, Variant
from shop_core.catalog.read import ProductState, RefundTo
from shop_core.db.tx import Tx
from shop_core.kernel.money import MAX_MINOR
from shop_core.kernel.policy import Ask

LONGEST_NAME: Final = 120
LONGEST_SELL_UNTIL_DAYS: Final = 3650


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to be made, as a draft."""

    names: Mapping[str, str]
    category_id: int | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant to be made. Amounts in the shop currency's minor unit; limits of None mean none."""

    product_id: int
    price_minor: int
    names: Mapping[str, str] = field(default_factory=dict)
    cost_minor: int = 0
    per_order: int | None = None
    per_person: int | None = None
    sell_until_days: int = 0


def add_category(tx: Tx, names: Mapping[str, str], parent_id: int | None = None) -> int:
    """Make a category, last among its siblings.

    Raises:
        BadProduct: No name, or no such parent.
    """
    _check_names(names)
    if (
        parent_id is not None
        and tx.execute(select(Category.id).where(Category.id == parent_id)).first() is None
    ):
        raise BadProduct(field="parent")
    return int(
        tx.execute(
            insert(Category)
            .values(names=dict(names), parent_id=parent_id, position=_next(tx, Category), hidden=False)
            .returning(Category.id)
        ).scalar_one()
    )


def add_product(tx: Tx, product: NewProduct) -> int:
    """Make a product as a draft.

    Raises:
        BadProduct: No name, or no such category.
    """
    _check_names(product.names)
    if product.category_id is not None:
        known = select(Category.id).where(Category.id == product.category_id)
        if tx.execute(known).first() is None:
            raise BadProduct(field="category")
    row = insert(Product).values(
        names=dict(product.names),
        category_id=product.category_id,
        descriptions=dict(product.descriptions),
        attributes=dict(product.attributes),
        state=ProductState.DRAFT.value,
        position=_next(tx, Product),
        since=tx.now,
    )
    product_id = int(tx.execute(row.returning(Product.id)).scalar_one())
    _index(tx, product_id)
    return product_id


def add_variant(tx: Tx, variant: NewVariant) -> int:
    """Make a variant of a product.

    Raises:
        NoSuchProduct: No such product.
        BadProduct: A price of zero or less, a cost below zero, a limit below one, days below zero or over ten years.
    """
    if tx.execute(select(Product.id).where(Product.id == variant.product_id)).first() is None:
        raise NoSuchProduct
    _check_amounts(variant.price_minor, variant.cost_minor)
    for limit, name in ((variant.per_order, "per_order"), (variant.per_person, "per_person")):
        if limit is not None and limit < 1:
            raise BadProduct(field=name)
    if not 0 <= variant.sell_until_days <= LONGEST_SELL_UNTIL_DAYS:
        raise BadProduct(field="sell_until_days")
    row = insert(Variant).values(
        product_id=variant.product_id,
        names=dict(variant.names),
        price_minor=variant.price_minor,
        cost_minor=variant.cost_minor,
        per_order=variant.per_order,
        per_person=variant.per_person,
        sell_until_days=variant.sell_until_days,
        position=_next(tx, Variant),
        hidden=False,
    )
    variant_id = int(tx.execute(row.returning(Variant.id)).scalar_one())
    _index(tx, variant.product_id)
    return variant_id


def set_price(tx: Tx, variant_id: int, price_minor: int, cost_minor: int | None = None) -> None:
    """Change what new orders pay. Placed orders keep their price.

    Raises:
        NoSuchVariant, BadProduct: Nothing changed.
    """
    _check_amounts(price_minor, cost_minor or 0)
    values: dict[str, Any] = {"price_minor": price_minor}
    if cost_minor is not None:
        values["cost_minor"] = cost_minor
    if tx.execute(update(Variant).where(Variant.id == variant_id).values(values)).rowcount != 1:
        raise NoSuchVariant


def set_hidden(tx: Tx, variant_id: int, *, is_hidden: bool) -> None:
    """Take a variant off sale, or put it back. Placed orders go on.

    Raises:
        NoSuchVariant: Not there.
    """
    if tx.execute(update(Variant).where(Variant.id == variant_id).values(hidden=is_hidden)).rowcount != 1:
        raise NoSuchVariant


def set_limits(tx: Tx, variant_id: int, *, per_order: int | None, per_person: int | None) -> None:
    """Change the limits of a variant; None lifts one.

    Raises:
        NoSuchVariant, BadProduct: Nothing changed.
    """
    for limit, name in ((per_order, "per_order"), (per_person, "per_person")):
        if limit is not None and limit < 1:
            raise BadProduct(field=name)
    changed = tx.execute(
        update(Variant).where(Variant.id == variant_id).values(per_order=per_order, per_person=per_person)
    )
    if changed.rowcount != 1:
        raise NoSuchVariant


def set_kind(tx: Tx, variant_id: int, kind: GoodsKind) -> None:
    """Change what a variant is. Whether it may be changed is its caller's to see.

    Raises:
        NoSuchVariant: Nothing changed.
    """
    if tx.execute(update(Variant).where(Variant.id == variant_id).values(kind=kind.value)).rowcount != 1:
        raise NoSuchVariant


def set_fields(tx: Tx, variant_id: int, fields: Sequence[Field]) -> None:
    """Change what the buyers of a variant are asked. Placed orders keep what was said for them.

    Raises:
        NoSuchVariant, BadField: Nothing changed.
    """
    for field_ in fields:
        field_.require_good()
    keys = [field_.key for field_ in fields]
    if len(set(keys)) != len(keys):
        raise BadField(key=next(key for key in keys if keys.count(key) > 1), problem="twice")
    if len(fields) > MOST_FIELDS:
        raise BadField(key=keys[-1], problem="many")
    rows = [field_.as_row() for field_ in fields]
    if tx.execute(update(Variant).where(Variant.id == variant_id).values(inputs=rows)).rowcount != 1:
        raise NoSuchVariant


def set_state(tx: Tx, product_id: int, state: ProductState) -> None:
    """Publish or hide. A product without a variant cannot be published.

    Raises:
        NoSuchProduct, BadProduct: Nothing changed.
    """
    if state is ProductState.PUBLISHED:
        has_variant = tx.execute(select(Variant.id).where(Variant.product_id == product_id).limit(1)).first()
        if has_variant is None:
            raise BadProduct(field="variants")
    if tx.execute(update(Product).where(Product.id == product_id).values(state=state.value)).rowcount != 1:
        raise NoSuchProduct


def set_refund_to(tx: Tx, product_id: int, refund_to: RefundTo) -> None:
    """Change where the money goes when nobody can deliver. Counts for orders already placed as well.

    Raises:
        NoSuchProduct: Not there.
    """
    changed = tx.execute(update(Product).where(Product.id == product_id).values(refund_to=refund_to.value))
    if changed.rowcount != 1:
        raise NoSuchProduct


def set_verify(tx: Tx, product_id: int, ask: Ask) -> None:
    """Change what a buyer of the product has to show. Placed orders go on.

    Raises:
        NoSuchProduct: Not there.
    """
    if tx.execute(update(Product).where(Product.id == product_id).values(verify=ask.value)).rowcount != 1:
        raise NoSuchProduct


def _index(tx: Tx, product_id: int) -> None:
    """Write down what a product is found by."""
    product = tx.execute(
        select(Product.names, Product.descriptions, Product.category_id).where(Product.id == product_id)
    ).one()
    variants = tx.execute(select(Variant.names).where(Variant.product_id == product_id)).scalars()
    rest = [*product.descriptions.values(), *(name for names in variants for name in names.values())]
    category_id = product.category_id
    while category_id is not None:
        above = tx.execute(select(Category.names, Category.parent_id).where(Category.id == category_id)).one()
        rest += above.names.values()
        category_id = above.parent_id
    tx.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(search_names=fold_all(product.names.values()), search_rest=fold_all(rest))
    )


def _check_names(names: Mapping[str, str]) -> None:
    if not names or not all(0 < len(name.strip()) <= LONGEST_NAME for name in names.values()):
        raise BadProduct(field="name")


def _check_amounts(price_minor: int, cost_minor: int) -> None:
    if not 0 < price_minor <= MAX_MINOR:
        raise BadProduct(field="price")
    if not 0 <= cost_minor <= MAX_MINOR:
        raise BadProduct(field="cost")


def _next(tx: Tx, table: type[Any]) -> int:
    return int(tx.execute(select(func.coalesce(func.max(table.position), 0) + 1)).scalar_one())
