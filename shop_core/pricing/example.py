"""What a rule comes to, by an example: the owner looks at one price before the rule makes all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, select

from shop_core.catalog.folding import pattern, words_of
from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import VariantView, get_variant, pick
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.pricing.markup import Markup, price_of
from shop_core.pricing.rules import Scope, Subject, load_rules
from shop_core.supply.costs import landed
from shop_core.supply.models import Route, SupplyOffer

_ROUND_MINOR: Final = 1_000
"""A cost to show a rule by where nothing is there yet that it is for."""


@dataclass(frozen=True, slots=True)
class Example:
    """One price as a rule makes it. ``name``: of what; empty: nothing that is there."""

    name: str
    cost: Money
    price: Money


def find_example(view: View, subject: Subject, markup: Markup, language: str) -> Example:
    """The first thing on sale that a rule is for, priced by it; else a round cost.

    Raises:
        BadAmount: The price would not fit 64 bits.
    """
    own = view.policy.currency
    name, offer = _bought(view, subject, language) or _offered(view, subject) or ("", None)
    terms = None if offer is None else view.policy.suppliers.get(offer.supplier)
    if offer is None or terms is None:
        cost = Money(_ROUND_MINOR, own)
        return Example("", cost, price_of(cost, markup))
    cost = landed(Money(offer.cost_minor, offer.currency), terms, own)
    return Example(name, cost, price_of(cost, markup))


def find_bought(view: View, typed: str, *, limit: int) -> Sequence[VariantView]:
    """Variants that are bought on demand and whose product's name has all the words, on sale or not."""
    words = words_of(typed)
    if not words:
        return []
    chosen = (
        select(Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.id.in_(select(Route.variant_id)))
        .order_by(Product.position, Product.id, Variant.position, Variant.id)
        .limit(limit)
    )
    for word in words:
        chosen = chosen.where(Product.search_names.like(pattern(word), escape="\\"))
    return [get_variant(view, variant_id) for variant_id in view.execute(chosen).scalars().all()]


_COST: Final = (SupplyOffer.supplier, SupplyOffer.currency, SupplyOffer.cost_minor)
_Offer = tuple[str, Row[Any]]


def _bought(view: View, subject: Subject, language: str) -> _Offer | None:
    """The offer that something is bought through, by the name that it is sold under."""
    chosen = (
        select(*_COST, Product.names.label("product_names"), Variant.names)
        .select_from(Route)
        .join(SupplyOffer, SupplyOffer.id == Route.offer_id)
        .join(Variant, Variant.id == Route.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(SupplyOffer.on_sale.is_(True), _is_for(view, subject))
        .order_by(Variant.id, Route.priority, Route.id)
        .limit(1)
    )
    row = view.execute(chosen).first()
    if row is None:
        return None
    return f"{pick(row.product_names, language)} {pick(row.names, language)}".strip(), row


def _offered(view: View, subject: Subject) -> _Offer | None:
    """A supplier's offer that nothing is bought through yet, by its own name."""
    if subject.scope is not Scope.SUPPLIER:
        return None
    chosen = (
        select(*_COST, SupplyOffer.name)
        .where(SupplyOffer.on_sale.is_(True), SupplyOffer.supplier == subject.name)
        .order_by(SupplyOffer.id)
        .limit(1)
    )
    row = view.execute(chosen).first()
    return None if row is None else (row.name, row)


def _is_for(view: View, subject: Subject) -> ColumnElement[bool]:
    match subject.scope:
        case Scope.SUPPLIER:
            return SupplyOffer.supplier == subject.name
        case Scope.CATEGORY:
            return Product.category_id.in_(_at_or_below(view, int(subject.name)))
        case Scope.VARIANT:
            return Variant.id == int(subject.name)


def _at_or_below(view: View, category_id: int) -> Sequence[int]:
    above = load_rules(view).above
    found = [category_id]
    for one in found:
        found += [child for child, parent in above.items() if parent == one]
    return found
