"""Making prices anew in bulk: when a supplier's list was read, and after a change of rules.

An order that is placed keeps its price, whatever happens here; whether it is bought is for the margin guard of buying.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, exists, literal_column, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.cases.models import Case
from shop_core.catalog.models import Variant
from shop_core.db import outbox
from shop_core.db.base import Moment, table_of
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.pricing.markup import is_jump
from shop_core.pricing.models import FollowedPrice
from shop_core.pricing.proposals import PAGE, Proposal, proposals_after, proposals_among
from shop_core.pricing.rules import load_rules
from shop_core.supply.models import Route, SupplyOffer

MOST_OPEN: Final = 20
"""Cases about prices that are open at a time: a supplier that changes its currency moves every price at once."""

_OF_LIST: Final = (
    select(FollowedPrice.variant_id)
    .join(Route, Route.variant_id == FollowedPrice.variant_id)
    .join(SupplyOffer, SupplyOffer.id == Route.offer_id)
    .where(SupplyOffer.supplier == bindparam("of_supplier"))
    .distinct()
    .order_by(FollowedPrice.variant_id)
)
_OF_CHANGES: Final = _OF_LIST.where(SupplyOffer.seen_at >= bindparam("since", type_=Moment()))
_SET: Final = (
    update(table_of(Variant))
    .where(
        Variant.id == bindparam("of_variant"),
        exists().where(FollowedPrice.variant_id == bindparam("of_variant")),
    )
    .values(price_minor=bindparam("new_price"), price_held=literal_column("false"))
)
"""Whoever was given a price by hand meanwhile follows no more, and keeps it."""
_NOTE: Final = (
    update(table_of(FollowedPrice))
    .where(FollowedPrice.variant_id == bindparam("of_variant"))
    .values(cost_minor=bindparam("new_cost"))
)
_HOLD: Final = (
    update(table_of(Variant))
    .where(
        Variant.id == bindparam("of_variant"),
        exists().where(FollowedPrice.variant_id == bindparam("of_variant")),
    )
    .values(price_held=literal_column("true"))
)


async def reprice(shop: Shop, news: News) -> None:
    """Consumer of ``ListRead``: make the prices anew that follow what was read, a page in a transaction.

    May run twice: a price that is as it should be is left alone.
    """
    since = news.payload.get("since")
    variants = await shop.read(_list_read, str(news.payload["supplier"]), str(since) if since else None)
    for first in range(0, len(variants), PAGE):
        await shop.write(reprice_some, variants[first : first + PAGE])
    await shop.write(outbox.done, news)


def _list_read(view: View, supplier: str, since: str | None) -> Sequence[int]:
    """The variants that follow a supplier's list, or what changed in it, whichever of their offers that is."""
    if since is None:
        return view.execute(_OF_LIST, {"of_supplier": supplier}).scalars().all()
    changed = {"of_supplier": supplier, "since": datetime.fromisoformat(since)}
    return view.execute(_OF_CHANGES, changed).scalars().all()


async def reprice_as_previewed(shop: Shop) -> None:
    """Make prices anew after the owner has seen what changes: nothing is held, what was held is decided.

    If it dies halfway, the rest follows when a list is next read, and is asked about where it jumps.
    """
    after: int | None = 0
    while after is not None:
        after = await shop.write(_reprice_page_as_previewed, after)


def reprice_some(tx: Tx, variant_ids: Sequence[int]) -> None:
    """Set the prices of some variants that follow, or hold them."""
    page = proposals_among(tx, load_rules(tx), variant_ids)
    jumping = [one for one in page if is_jump(one.old_price, one.new_price, tx.policy.price_jump_percent)]
    held = {one.variant_id for one in jumping}
    set_prices(tx, [one for one in page if one.variant_id not in held])
    _hold(tx, jumping)


def _reprice_page_as_previewed(tx: Tx, after: int) -> int | None:
    page, following = proposals_after(tx, load_rules(tx), after)
    set_prices(tx, page)
    return following


def set_prices(tx: Tx, proposals: Sequence[Proposal]) -> None:
    """Give variants the price that they should have. What was held for a person is decided."""
    moved = [one for one in proposals if one.new_price != one.old_price or one.is_held]
    if moved:
        tx.execute(_SET, [{"of_variant": one.variant_id, "new_price": one.new_price.minor} for one in moved])
    dearer = [one for one in proposals if one.new_cost != one.old_cost]
    if dearer:
        tx.execute(_NOTE, [{"of_variant": one.variant_id, "new_cost": one.new_cost.minor} for one in dearer])
    for one in proposals:
        if one.is_held:
            close_case(tx, CaseKind.PRICE, one.variant_id, by=MACHINE, resolution="back in bounds")


def _hold(tx: Tx, jumping: Sequence[Proposal]) -> None:
    fresh = [one for one in jumping if not one.is_held]
    if fresh:
        tx.execute(_HOLD, [{"of_variant": one.variant_id} for one in fresh])
    if not jumping:
        return
    open_now = set(
        tx.execute(
            select(Case.subject_id).where(Case.kind == CaseKind.PRICE.value, Case.closed_at.is_(None))
        ).scalars()
    )
    for one in jumping:
        if one.variant_id not in open_now and len(open_now) < MOST_OPEN:
            open_now.add(one.variant_id)
            evidence = {"name": one.name, "supplier": one.supplier}
            open_case(tx, CaseKind.PRICE, one.variant_id, evidence)
