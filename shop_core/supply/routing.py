"""Through which offers a line could be bought now, best first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, String, bindparam, cast, exists, literal, or_, select
from sqlalchemy.orm import aliased

from shop_core.catalog.goods import Field, fields_of, match_fields
from shop_core.catalog.models import Variant
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.supply.costs import Earned, landed, limit_abroad
from shop_core.supply.models import WITHDRAWN, Health, Purchase, Route, SupplyOffer
from shop_core.supply.offers import asked_of
from shop_core.supply.supplier import ENOUGH, GoodsKind, No

_OF_SUPPLIER: Final = aliased(Health)
_OF_OFFER: Final = aliased(Health)
_ROUTES: Final = (
    select(
        Route.variant_id,
        Route.max_cost_minor,
        SupplyOffer.id,
        SupplyOffer.supplier,
        SupplyOffer.ref,
        SupplyOffer.kind,
        SupplyOffer.currency,
        SupplyOffer.cost_minor,
        SupplyOffer.stock,
        SupplyOffer.fewest,
        SupplyOffer.most,
        SupplyOffer.inputs,
        Variant.kind.label("sold_as"),
        Variant.inputs.label("fields"),
        _OF_SUPPLIER.opened_until.label("supplier_opens"),
        _OF_OFFER.opened_until.label("offer_opens"),
    )
    .join(SupplyOffer, SupplyOffer.id == Route.offer_id)
    .join(Variant, Variant.id == Route.variant_id)
    .outerjoin(_OF_SUPPLIER, _OF_SUPPLIER.subject == literal("supplier:") + SupplyOffer.supplier)
    .outerjoin(_OF_OFFER, _OF_OFFER.subject == literal("offer:") + cast(SupplyOffer.id, String))
    .where(Route.variant_id.in_(bindparam("variants", expanding=True)), SupplyOffer.on_sale.is_(True))
    .order_by(Route.priority, Route.id)
)
_TRIED: Final = select(Purchase.offer_id).where(
    Purchase.line_id == bindparam("line"), or_(Purchase.reason.is_(None), Purchase.reason != WITHDRAWN)
)
_IS_INPUT_WRONG: Final = exists().where(
    Purchase.line_id == bindparam("line"), Purchase.reason == No.INPUT.value
)
"""Whether a supplier has refused what the buyer said: then no other would do better."""
_UNTRIED: Final = _ROUTES.where(SupplyOffer.id.not_in(_TRIED), ~_IS_INPUT_WRONG)


@dataclass(frozen=True, slots=True)
class Need:
    """What a line lacks, and what the buyer pays for a line of that variant.

    ``fields``: what the buyer was asked for it.
    """

    line_id: int
    variant_id: int
    quantity: int
    earned: Earned
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that would do.

    Attributes:
        limit: What all pieces may cost, in the supplier's money.
        stock: How many it has, as far as it says; ``ENOUGH`` where it does not.
        opens_at: Its breaker, or its supplier's, keeps everybody away until then; None: it may be asked.
        inputs: The supplier's name for what the buyer said → ours.
    """

    offer_id: int
    supplier: str
    ref: str
    kind: GoodsKind
    cost: Money
    limit: Money
    stock: int
    opens_at: datetime | None
    inputs: Mapping[str, str] = field(default_factory=dict)


def list_candidates(view: View, need: Need) -> Sequence[Candidate]:
    """The offers that a line could be bought through and was not yet tried with, those that may be asked now first."""
    rows = view.execute(_UNTRIED, {"variants": [need.variant_id], "line": need.line_id})
    found = [_candidate(view, row, need.earned, need.quantity, need.fields) for row in rows]
    usable = [one for one in found if one is not None]
    return sorted(usable, key=lambda one: one.opens_at is not None)


def can_supply(view: View, variant_id: int, quantity: int, earned: Earned) -> bool:
    """Whether so many could be bought now without a loss, as far as the offers were last seen."""
    rows = view.execute(_ROUTES, {"variants": [variant_id]})
    found = (_candidate(view, row, earned, quantity, fields_of(row.fields)) for row in rows)
    return any(one is not None and one.opens_at is None for one in found)


def has_routes(view: View, variant_id: int) -> bool:
    """Whether an offer is connected, whatever may be bought through it now."""
    return view.execute(select(Route.id).where(Route.variant_id == variant_id).limit(1)).first() is not None


def list_routed(view: View, variant_ids: Sequence[int]) -> frozenset[int]:
    """Those of some variants that an offer is connected to."""
    return frozenset(
        view.execute(select(Route.variant_id).where(Route.variant_id.in_(variant_ids))).scalars()
    )


def count_supply(view: View, prices: Iterable[tuple[int, Money]]) -> dict[int, int]:
    """How many of each variant one purchase could bring now; variants without a route are not in it.

    Args:
        prices: Pairs of variant id and what the buyer pays for one.
    """
    by_id = dict(prices)
    counted: dict[int, int] = {}
    for row in view.execute(_ROUTES, {"variants": list(by_id)}):
        earned = Earned(by_id[row.variant_id], 1)
        one = _candidate(view, row, earned, row.fewest, fields_of(row.fields))
        usable = 0
        if one is not None and one.opens_at is None and row.fewest <= 1:
            usable = min(one.stock, row.most or one.stock)
        counted[row.variant_id] = max(usable, counted.get(row.variant_id, 0))
    return counted


def _candidate(
    view: View, row: Row[Any], earned: Earned, quantity: int, fields: tuple[Field, ...]
) -> Candidate | None:
    terms = view.policy.suppliers.get(row.supplier)
    stock = ENOUGH if row.stock is None else row.stock
    if terms is None or not row.fewest <= quantity <= (row.most or quantity) or stock < quantity:
        return None
    is_top_up = row.kind == GoodsKind.TOP_UP.value
    inputs = match_fields(fields, asked_of(row.inputs)) if is_top_up else {}
    # An offer may have become something else since it was connected.
    if inputs is None or is_top_up != (row.sold_as == GoodsKind.TOP_UP.value):
        return None
    cost = Money(row.cost_minor, row.currency)
    own = view.policy.currency
    most = most_for_one(view, earned, row.max_cost_minor)
    if not landed(cost, terms, own) <= most:
        return None
    opens = [at for at in (row.supplier_opens, row.offer_opens) if at is not None and at > view.now]
    return Candidate(
        offer_id=row.id,
        supplier=row.supplier,
        ref=row.ref,
        kind=GoodsKind(row.kind),
        cost=cost,
        limit=limit_abroad(most * quantity, terms, row.currency),
        stock=stock,
        opens_at=max(opens, default=None),
        inputs=inputs,
    )


def most_for_one(view: View, earned: Earned, said_minor: int | None) -> Money:
    """What one piece may cost the shop: as the owner said, or what leaves the margin."""
    if said_minor is not None:
        return Money(said_minor, view.policy.currency)
    return earned.most_for_one(margin_percent=view.policy.margin_percent)
