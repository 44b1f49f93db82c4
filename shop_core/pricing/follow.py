"""Prices that follow a supplier: which do, letting one, and stopping it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from shop_core.cases.cases import CaseKind, close_case
from shop_core.catalog.models import Variant
from shop_core.catalog.read import get_variant
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.pricing.models import FollowedPrice
from shop_core.pricing.proposals import Proposal, find_proposal
from shop_core.pricing.reprice import set_prices


class NothingToFollow(ShopError):
    """No offer that is on sale is connected to the variant, or no rule says what to make of its cost."""

    code = "pricing.nothing_to_follow"


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
    set_prices(tx, [proposal])
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
