"""How many are there: counted up to a limit, so that a full shelf costs no more to look at than a small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, literal_column, select

from shop_core.catalog.models import Variant
from shop_core.db.tx import View
from shop_core.stock.hold import sellable_on
from shop_core.stock.models import Card

COUNT_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a screen says of a variant's stock: exact below ``COUNT_LIMIT``.

    ``is_counted``: False where a supplier has so many that it does not say how many. ``is_held``: none can be had, because
    the price is being checked.
    """

    count: int
    is_counted: bool = True
    is_held: bool = False

    @property
    def is_more(self) -> bool:
        """There are at least ``count``, nobody counted further."""
        return self.count >= COUNT_LIMIT


def count_on_shelf(
    view: View, variants: Sequence[tuple[int, int]], *, at_most: int = COUNT_LIMIT
) -> dict[int, Shelf]:
    """Count several variants in one statement.

    Args:
        variants: Pairs of variant id and its ``sell_until_days``.
        at_most: Count no further than this.
    """
    shelves: dict[int, Shelf] = {}
    for days in {days for _, days in variants}:
        counted = (
            select(Card.id)
            .where(
                Card.variant_id == Variant.id,
                Card.state == literal_column("'available'"),
                Card.expires_on >= sellable_on(view, days),
            )
            .limit(at_most)
            .correlate(Variant)
            .subquery()
        )
        numbers = select(
            Variant.id, select(func.count()).select_from(counted).scalar_subquery().label("number")
        ).where(Variant.id.in_([variant for variant, own in variants if own == days]))
        shelves.update({row.id: Shelf(row.number) for row in view.execute(numbers)})
    return shelves
