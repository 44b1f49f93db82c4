"""Prices that follow their supplier: made anew in bulk when a list was read, held where they jump, decided by a person.

An order that is placed keeps its price, whatever happens here; whether it is bought is for the margin guard of buying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, exists, func, literal_column, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.cases.models import Case
from shop_core.catalog.edit import set_hidden
from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import get_variant, pick
from shop_core.db import outbox
from shop_core.db.base import Moment, table_of
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import BadAmount, Money
from shop_core.pricing.markup import is_jump, price_of
from shop_core.pricing.models import FollowedPrice
from shop_core.pricing.rules import Place, Rules, load_rules
from shop_core.supply.costs import landed
from shop_core.supply.models import Route, SupplyOffer

PAGE: Final = 100
"""Variants priced in one transaction: some ten milliseconds, in which nobody else writes on SQLite."""
MOST_OPEN: Final = 20
"""Cases about prices that are open at a time: a supplier that changes its currency moves every price at once."""


class NothingToFollow(ShopError):
    """No offer that is on sale is connected to the variant, or no rule says what to make of its cost."""

    code = "pricing.nothing_to_follow"


class PriceMoved(ShopError):
    """It is another price by now, or nobody is asked about it any more. Nothing was changed."""

    code = "pricing.price_moved"


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


# ------------------------------------------------------------------------------------------------------ looking


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
_OF_LIST: Final = (
    select(FollowedPrice.variant_id)
    .join(Route, Route.variant_id == FollowedPrice.variant_id)
    .join(SupplyOffer, SupplyOffer.id == Route.offer_id)
    .where(SupplyOffer.supplier == bindparam("of_supplier"))
    .distinct()
    .order_by(FollowedPrice.variant_id)
)
_OF_CHANGES: Final = _OF_LIST.where(SupplyOffer.seen_at >= bindparam("since", type_=Moment()))


def find_proposal(view: View, variant_id: int, rules: Rules | None = None) -> Proposal | None:
    """What one variant should cost, whether it follows or not; None: there is nothing to make a price of."""
    rows = view.execute(_ONE, {"variant": variant_id})
    return next(iter(_proposals(view, rows, rules or load_rules(view))), None)


def preview(view: View, rules: Rules, *, language: str, shown: int = 5) -> Preview:
    """What these rules would change, over all variants that follow; the first few named in a language."""
    changes = 0
    first: list[Proposal] = []
    after: int | None = 0
    while after is not None:
        page, after = _page(view, rules, after)
        moved = [one for one in page if one.new_price != one.old_price]
        changes += len(moved)
        first += moved[: shown - len(first)]
    named = [replace(one, name=get_variant(view, one.variant_id).full_name(language)) for one in first]
    return Preview(changes, tuple(named))


def count_held(view: View) -> int:
    """How many prices wait for a person."""
    return int(view.execute(select(func.count()).where(Variant.price_held.is_(True))).scalar_one())


def _page(view: View, rules: Rules, after: int) -> tuple[list[Proposal], int | None]:
    """The proposals of one page, and where the next begins; None: this was the last."""
    ids = view.execute(_NEXT, {"after": after}).scalars().all()
    if not ids:
        return [], None
    rows = view.execute(_BETWEEN, {"after": after, "last": ids[-1]})
    return list(_proposals(view, rows, rules)), ids[-1]


def _proposals(view: View, rows: Iterator[Row[Any]] | Any, rules: Rules) -> Iterator[Proposal]:  # noqa: ANN401 - a result
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


# ------------------------------------------------------------------------------------------------------ pricing


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
    rows = tx.execute(_AMONG, {"variants": list(variant_ids)})
    page = list(_proposals(tx, rows, load_rules(tx)))
    jumping = [one for one in page if is_jump(one.old_price, one.new_price, tx.policy.price_jump_percent)]
    held = {one.variant_id for one in jumping}
    _set_prices(tx, [one for one in page if one.variant_id not in held])
    _hold(tx, jumping)


def _reprice_page_as_previewed(tx: Tx, after: int) -> int | None:
    page, following = _page(tx, load_rules(tx), after)
    _set_prices(tx, page)
    return following


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


def _set_prices(tx: Tx, proposals: Sequence[Proposal]) -> None:
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


# --------------------------------------------------------------------------------------------- deciding on one


def follow(tx: Tx, variant_id: int) -> Proposal:
    """Let a variant's price follow its supplier from now on, beginning with what it should cost now.

    Raises:
        NoSuchVariant: Not there.
        NothingToFollow: Nothing changed.
    """
    get_variant(tx, variant_id)
    proposal = find_proposal(tx, variant_id)
    if proposal is None:
        raise NothingToFollow
    new = insert_or(tx, FollowedPrice).values(
        variant_id=variant_id, cost_minor=proposal.new_cost.minor, since=tx.now
    )
    tx.execute(new.on_conflict_do_nothing())
    _set_prices(tx, [proposal])
    return proposal


def is_following(view: View, variant_id: int) -> bool:
    """Whether a variant's price follows its supplier."""
    found = select(FollowedPrice.variant_id).where(FollowedPrice.variant_id == variant_id)
    return view.execute(found).first() is not None


def followed_costs(view: View, variant_ids: Sequence[int]) -> dict[int, Money]:
    """The landed cost that the price of each was last made of; who is not in it does not follow."""
    found = select(FollowedPrice.variant_id, FollowedPrice.cost_minor).where(
        FollowedPrice.variant_id.in_(variant_ids)
    )
    return {row.variant_id: Money(row.cost_minor, view.policy.currency) for row in view.execute(found)}


def stop_following(tx: Tx, variant_id: int, *, by: str, resolution: str = "by hand") -> bool:
    """Leave a variant the price that it has, whatever its supplier does. False: it did not follow.

    A price that was held is sold at again.
    """
    gone = tx.execute(delete(FollowedPrice).where(FollowedPrice.variant_id == variant_id)).rowcount == 1
    if gone:
        tx.execute(update(table_of(Variant)).where(Variant.id == variant_id).values(price_held=False))
        close_case(tx, CaseKind.PRICE, variant_id, by=by, resolution=resolution)
    return gone


def accept_price(tx: Tx, variant_id: int, price: Money, *, by: str) -> Proposal:
    """A person takes the new price of a held variant; it is sold again, and goes on following.

    Args:
        price: What he was shown.

    Raises:
        PriceMoved: It is another by now, or nobody is asked. Nothing was changed.
    """
    proposal = require_held(tx, variant_id)
    if proposal.new_price != price:
        raise PriceMoved
    close_case(tx, CaseKind.PRICE, variant_id, by=by, resolution="accepted")
    _set_prices(tx, [proposal])
    return proposal


def keep_price(tx: Tx, variant_id: int, *, by: str) -> None:
    """A person keeps the old price of a held variant: it is sold again, and follows no more.

    Raises:
        PriceMoved: Nobody is asked. Nothing was changed.
    """
    _require_asked(tx, variant_id)
    stop_following(tx, variant_id, by=by, resolution="kept")


def stop_selling(tx: Tx, variant_id: int, *, by: str) -> None:
    """A person takes a held variant off sale: hidden until somebody shows it again.

    Raises:
        PriceMoved: Nobody is asked. Nothing was changed.
    """
    _require_asked(tx, variant_id)
    stop_following(tx, variant_id, by=by, resolution="off sale")
    set_hidden(tx, variant_id, is_hidden=True)


def require_held(view: View, variant_id: int) -> Proposal:
    """What a held variant should cost.

    Raises:
        PriceMoved: It is not held, or there is nothing to make a price of any more.
    """
    proposal = find_proposal(view, variant_id)
    if proposal is None or not proposal.is_held:
        raise PriceMoved
    return proposal


def _require_asked(view: View, variant_id: int) -> None:
    if not get_variant(view, variant_id).price_held:
        raise PriceMoved
