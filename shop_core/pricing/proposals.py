"""What a variant should cost: its nearest rule over what its supplier asks now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import get_variant, pick
from shop_core.db.tx import View
from shop_core.kernel.money import BadAmount, Money
from shop_core.pricing.markup import price_of
from shop_core.pricing.models import FollowedPrice
from shop_core.pricing.rules import Place, Rules, load_rules
from shop_core.supply.costs import landed
from shop_core.supply.models import Route, SupplyOffer

PAGE: Final = 100
"""Variants priced in one transaction: some ten milliseconds, in which nobody else writes on SQLite."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a variant costs now, and what it should cost.

    Attributes:
        old_cost: The landed cost that the price was last made of; None: it does not follow yet.
        is_held: It waits for a person.
    """

    variant_id: int
    name: str
    supplier: str
    old_cost: Money | None
    new_cost: Money
    old_price: Money
    new_price: Money
    is_held: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of rules would do: how many prices, and the first few of them."""

    changes: int
    first: tuple[Proposal, ...]


_FOLLOWING: Final = (
    select(
        Variant.id,
        Variant.names,
        Variant.price_minor,
        Variant.price_held,
        Product.names.label("product_names"),
        Product.category_id,
        FollowedPrice.cost_minor.label("followed_minor"),
        SupplyOffer.supplier,
        SupplyOffer.currency,
        SupplyOffer.cost_minor,
    )
    .join(Product, Product.id == Variant.product_id)
    .outerjoin(FollowedPrice, FollowedPrice.variant_id == Variant.id)
    .join(Route, Route.variant_id == Variant.id)
    .join(SupplyOffer, SupplyOffer.id == Route.offer_id)
    .where(SupplyOffer.on_sale.is_(True))
    .order_by(Variant.id, Route.priority, Route.id)
)
_ONE: Final = _FOLLOWING.where(Variant.id == bindparam("variant"))
_NEXT: Final = (
    select(FollowedPrice.variant_id)
    .where(FollowedPrice.variant_id > bindparam("after"))
    .order_by(FollowedPrice.variant_id)
    .limit(PAGE)
)
_BETWEEN: Final = _FOLLOWING.where(
    FollowedPrice.variant_id > bindparam("after"), FollowedPrice.variant_id <= bindparam("last")
)
_AMONG: Final = _FOLLOWING.where(
    FollowedPrice.variant_id.in_(bindparam("variants", expanding=True)),
)


def find_proposal(view: View, variant_id: int) -> Proposal | None:
    """What one variant should cost, whether it follows or not; None: there is nothing to make a price of."""
    rows = view.execute(_ONE, {"variant": variant_id})
    return next(iter(_proposals(view, rows, load_rules(view))), None)


def preview(view: View, rules: Rules, *, language: str, shown: int = 5) -> Preview:
    """What these rules would change, over all variants that follow; the first few named in a language."""
    changes = 0
    first: list[Proposal] = []
    after: int | None = 0
    while after is not None:
        page, after = proposals_after(view, rules, after)
        moved = [one for one in page if one.new_price != one.old_price]
        changes += len(moved)
        first += moved[: shown - len(first)]
    named = [replace(one, name=get_variant(view, one.variant_id).full_name(language)) for one in first]
    return Preview(changes, tuple(named))


def proposals_among(view: View, rules: Rules, variant_ids: Sequence[int]) -> list[Proposal]:
    """What those of some variants should cost that follow."""
    return list(_proposals(view, view.execute(_AMONG, {"variants": list(variant_ids)}), rules))


def proposals_after(view: View, rules: Rules, after: int) -> tuple[list[Proposal], int | None]:
    """The proposals of one page, and where the next begins; None: this was the last."""
    ids = view.execute(_NEXT, {"after": after}).scalars().all()
    if not ids:
        return [], None
    rows = view.execute(_BETWEEN, {"after": after, "last": ids[-1]})
    return list(_proposals(view, rows, rules)), ids[-1]


def _proposals(view: View, rows: Iterable[Row[Any]], rules: Rules) -> Iterator[Proposal]:
    """One for each variant: its first route that is on sale, at a supplier of the config, under its nearest rule."""
    seen: set[int] = set()
    own = view.policy.currency
    for row in rows:
        terms = view.policy.suppliers.get(row.supplier)
        if row.id in seen or terms is None:
            continue
        seen.add(row.id)
        markup = rules.find(Place(row.id, row.category_id, row.supplier))
        if markup is None:
            continue
        cost = landed(Money(row.cost_minor, row.currency), terms, own)
        try:
            price = price_of(cost, markup)
        except BadAmount:
            continue
        language = view.policy.languages[0]
        yield Proposal(
            variant_id=row.id,
            name=f"{pick(row.product_names, language)} {pick(row.names, language)}".strip(),
            supplier=row.supplier,
            old_cost=None if row.followed_minor is None else Money(row.followed_minor, own),
            new_cost=cost,
            old_price=Money(row.price_minor, own),
            new_price=price,
            is_held=row.price_held,
        )
