"""Offers as they were last seen, and which variant may be bought through which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, delete, func, or_, select, update

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import LONGEST_KEY, LONGEST_LABEL, Asked, fields_for, match_fields
from shop_core.catalog.read import VariantView, get_variant
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import BadAmount, Money
from shop_core.supply.costs import landed
from shop_core.supply.models import Route, SupplyOffer
from shop_core.supply.supplier import ENOUGH, GoodsKind, InputField, NoSuchSupplier, Offer

LONGEST_NAME: Final = 200
STALE_AFTER: Final = timedelta(minutes=1)
"""An offer that looks as it did so short a time ago is not written again."""

_ALL: Final = select(*SupplyOffer.__table__.columns)
_KEPT: Final = _ALL.where(
    SupplyOffer.supplier == bindparam("of_supplier"), SupplyOffer.ref == bindparam("of_ref")
)


class NoSuchOffer(ShopError):
    """No offer has this id."""

    code = "supply.no_offer"


class NotSellable(ShopError):
    """What the buyer would have to say for this offer cannot be asked of him: a password, say. Nothing was connected."""

    code = "supply.not_sellable"


class OtherGoods(ShopError):
    """A direct top-up through an offer of codes, or the other way round. Nothing was connected."""

    code = "supply.other_goods"


class NotAsked(ShopError):
    """The offer wants to know what the variant's buyers are not asked. Nothing was connected."""

    code = "supply.not_asked"


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as screens see it. ``landed``: what one piece costs the shop in its own money."""

    id: int
    supplier: str
    ref: str
    name: str
    kind: GoodsKind
    cost: Money
    landed: Money
    on_sale: bool
    stock: int | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RouteView:
    """A way to buy a variant. ``max_cost``: what one piece may cost, as the owner said."""

    variant_id: int
    offer: OfferView
    priority: int
    max_cost: Money | None


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A way to buy a variant, as the owner says it."""

    variant_id: int
    offer_id: int
    priority: int = 1
    max_cost: Money | None = None


# ----------------------------------------------------------------------------------------------------- seeing


def keep_offers(tx: Tx, supplier: str, offers: Sequence[Offer]) -> int:
    """Keep a page of a supplier's list. Returns how many were kept; the same page again changes nothing but the time."""
    fitting = {offer.ref: _columns(tx, supplier, offer) for offer in offers if _fits(offer)}
    if not fitting:
        return 0
    new = insert_or(tx, SupplyOffer)
    changed = {
        name: new.excluded[name] for name in next(iter(fitting.values())) if name not in {"supplier", "ref"}
    }
    kept = new.on_conflict_do_update(index_elements=[SupplyOffer.supplier, SupplyOffer.ref], set_=changed)
    tx.execute(kept, list(fitting.values()))
    return len(fitting)


def see_offer(tx: Tx, supplier: str, ref: str, offer: Offer | None) -> None:
    """Keep what an offer looks like now; None: it is not sold any more.

    Writes only what is new: many purchases of one offer at a time would queue for its row.
    """
    if offer is not None and offer.ref == ref:
        if not _is_as_kept(tx, supplier, offer):
            keep_offers(tx, supplier, [offer])
        return
    gone = {"on_sale": False, "seen_at": tx.now}
    tx.execute(
        update(table_of(SupplyOffer))
        .where(SupplyOffer.supplier == supplier, SupplyOffer.ref == ref)
        .values(gone)
    )


def _is_as_kept(tx: Tx, supplier: str, offer: Offer) -> bool:
    row = tx.execute(_KEPT, {"of_supplier": supplier, "of_ref": offer.ref}).first()
    if row is None or tx.now - row.seen_at >= STALE_AFTER:
        return False
    kept = row._asdict()
    return all(
        kept[name] == value for name, value in _columns(tx, supplier, offer).items() if name != "seen_at"
    )


def _fits(offer: Offer) -> bool:
    """What we could not store, or not order again by its name, is no offer to us."""
    return 0 < len(offer.ref) <= SupplyOffer.ref.type.length and offer.cost.minor >= 0


def _columns(tx: Tx, supplier: str, offer: Offer) -> dict[str, Any]:
    return {
        "supplier": supplier,
        "ref": offer.ref,
        "name": offer.name[:LONGEST_NAME],
        "kind": offer.kind.value,
        "currency": offer.cost.currency,
        "cost_minor": offer.cost.minor,
        "on_sale": offer.is_on_sale,
        "stock": _counted(offer.stock),
        "fewest": max(_counted(offer.fewest) or 1, 1),
        "most": _counted(offer.most),
        "needs_inputs": any(one.is_required for one in offer.inputs),
        "inputs": [_as_row(one) for one in offer.inputs],
        "seen_at": tx.now,
    }


def _as_row(one: InputField) -> dict[str, Any]:
    return {
        "key": one.key[:LONGEST_KEY],
        "label": one.label[:LONGEST_LABEL],
        "kind": one.kind,
        "required": one.is_required,
        "choices": list(one.choices),
    }


def asked_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Asked, ...]:
    """What an offer asks of a buyer, as a column keeps it."""
    return tuple(
        Asked(row["key"], row["label"], row["kind"], row["required"], tuple(row["choices"])) for row in rows
    )


def _counted(number: int | None) -> int | None:
    """A supplier's number, which may be any, as a column holds it."""
    return None if number is None else min(max(number, 0), ENOUGH)


# -------------------------------------------------------------------------------------------------- connecting


def connect_offer(tx: Tx, route: NewRoute) -> None:
    """Let a variant be bought through an offer. Connecting it again changes priority and limit.

    Raises:
        NoSuchVariant, NoSuchOffer: Not there.
        NotSellable: It needs what is never asked in a chat.
        OtherGoods: The variant is a direct top-up and the offer is not, or the other way round.
        NotAsked: It needs what the variant's buyers are not asked. Where they are asked nothing yet, its own fields become
            the variant's.
        BadAmount: A limit of nothing would never buy.
    """
    if route.max_cost is not None and route.max_cost.minor <= 0:
        raise BadAmount(amount=route.max_cost.decimal_text())
    variant = get_variant(tx, route.variant_id)
    row = tx.execute(_ALL.where(SupplyOffer.id == route.offer_id)).first()
    if row is None:
        raise NoSuchOffer
    _require_fitting(tx, variant, row)
    changing = {
        "priority": route.priority,
        "max_cost_minor": None if route.max_cost is None else route.max_cost.minor,
    }
    new = insert_or(tx, Route).values(variant_id=route.variant_id, offer_id=route.offer_id, **changing)
    tx.execute(new.on_conflict_do_update(index_elements=[Route.variant_id, Route.offer_id], set_=changing))


def _require_fitting(tx: Tx, variant: VariantView, row: Row[Any]) -> None:
    is_top_up = row.kind == GoodsKind.TOP_UP.value
    if is_top_up != (variant.kind is GoodsKind.TOP_UP):
        raise OtherGoods(is_top_up=int(is_top_up))
    asked = asked_of(row.inputs)
    own = fields_for(asked, tx.policy.languages[0])
    # Listed before inputs were kept, or no top-up and yet in need of words: nobody knows what to ask.
    is_unknown = row.needs_inputs and (not asked or not is_top_up)
    if own is None or is_unknown:
        raise NotSellable
    if is_top_up and not variant.fields:
        set_fields(tx, variant.id, own)
    elif is_top_up and match_fields(variant.fields, asked) is None:
        raise NotAsked(labels="、".join(one.label or one.key for one in asked if one.is_required))


def disconnect_offer(tx: Tx, variant_id: int, offer_id: int) -> bool:
    """Stop buying a variant through an offer. What is under way goes on. False: it was not connected."""
    gone = tx.execute(delete(Route).where(Route.variant_id == variant_id, Route.offer_id == offer_id))
    return gone.rowcount == 1


# ----------------------------------------------------------------------------------------------------- looking


def list_routes(view: View, variant_id: int) -> Sequence[RouteView]:
    """Every way to buy a variant, first asked first."""
    rows = view.execute(
        _ALL.add_columns(Route.priority, Route.max_cost_minor)
        .join(Route, Route.offer_id == SupplyOffer.id)
        .where(Route.variant_id == variant_id)
        .order_by(Route.priority, Route.id)
    )
    own = view.policy.currency
    return [
        RouteView(
            variant_id,
            _view(view, row),
            row.priority,
            None if row.max_cost_minor is None else Money(row.max_cost_minor, own),
        )
        for row in rows
    ]


def list_offer_routes(view: View, offer_id: int) -> Sequence[int]:
    """The variants that are bought through an offer."""
    sold_as = select(Route.variant_id).where(Route.offer_id == offer_id).order_by(Route.variant_id)
    return view.execute(sold_as).scalars().all()


def find_offers(
    view: View, supplier: str, words: str = "", *, limit: int, offset: int = 0
) -> Sequence[OfferView]:
    """A supplier's offers whose name has all the words, or whose own name is the text; those on sale first.

    Raises:
        NoSuchSupplier: Not set up.
    """
    if supplier not in view.policy.suppliers:
        raise NoSuchSupplier(supplier=supplier[:40])
    rows = view.execute(
        _found(supplier, words)
        .order_by(SupplyOffer.on_sale.desc(), SupplyOffer.name, SupplyOffer.id)
        .limit(limit)
        .offset(offset)
    )
    return [_view(view, row) for row in rows]


def count_offers(view: View, supplier: str, words: str = "") -> int:
    """How many ``find_offers`` has in all."""
    counted = _found(supplier, words).with_only_columns(func.count(), maintain_column_froms=True)
    return int(view.execute(counted).scalar_one())


def get_offer(view: View, offer_id: int) -> OfferView:
    """One offer.

    Raises:
        NoSuchOffer: Not there.
    """
    row = view.execute(_ALL.where(SupplyOffer.id == offer_id)).first()
    if row is None:
        raise NoSuchOffer
    return _view(view, row)


def _found(supplier: str, words: str) -> Select[Any]:
    wanted = _ALL.where(SupplyOffer.supplier == supplier)
    named = [SupplyOffer.name.icontains(word, autoescape=True) for word in words.split()]
    return wanted.where(or_(SupplyOffer.ref == words.strip(), and_(*named))) if named else wanted


def _view(view: View, row: Row[Any]) -> OfferView:
    cost = Money(row.cost_minor, row.currency)
    terms = view.policy.suppliers.get(row.supplier)
    own = view.policy.currency
    return OfferView(
        id=row.id,
        supplier=row.supplier,
        ref=row.ref,
        name=row.name,
        kind=GoodsKind(row.kind),
        cost=cost,
        landed=cost if terms is None else landed(cost, terms, own),
        on_sale=row.on_sale,
        stock=row.stock,
        seen_at=row.seen_at,
    )
