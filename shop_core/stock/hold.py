"""Holding cards for an order line, and what becomes of a hold: taken or released.

Steps only: a hold has no timer of its own. It ends when its order ends, so no two sweepers can disagree about it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, literal_column, select, update

from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.stock.errors import OutOfStock
from shop_core.stock.models import NEVER, Card, CardState


def _is(state: CardState) -> ColumnElement[bool]:
    # Spelled into the statement: with a parameter PostgreSQL could not prove that the partial index applies.
    return Card.state == literal_column(f"'{state.value}'")


_PICKED: Final = (
    select(Card.id)
    .where(
        _is(CardState.AVAILABLE),
        Card.variant_id == bindparam("variant"),
        Card.expires_on >= bindparam("sellable_on"),
    )
    .order_by(Card.variant_id, Card.expires_on, Card.batch_id, Card.place)
    .limit(bindparam("quantity"))
    .with_for_update(skip_locked=True)
    .cte("picked")
)
_HOLD: Final = (
    update(table_of(Card))
    .where(Card.id.in_(select(_PICKED.c.id)))
    .values(state=CardState.HELD.value, line_id=bindparam("line"))
    .returning(Card.cost_minor)
)
_HOLD_NAMED: Final = _HOLD.returning(Card.id)
_COUNT: Final = select(func.count()).where(
    Card.line_id == bindparam("line"), Card.state == CardState.HELD.value
)
_TAKE: Final = (
    update(table_of(Card))
    .where(Card.line_id == bindparam("line"), Card.state == CardState.HELD.value)
    .values(state=CardState.DELIVERED.value)
)
_RELEASE: Final = (
    update(table_of(Card))
    .where(Card.line_id == bindparam("line"), Card.state == CardState.HELD.value)
    .values(state=CardState.AVAILABLE.value, line_id=None)
)


def sellable_on(view: View, sell_until_days: int) -> date:
    """The earliest expiry a code may have to be sold now: the shop's own day decides, not London's."""
    today = view.now.astimezone(ZoneInfo(view.policy.timezone)).date()
    return min(today + timedelta(days=sell_until_days), NEVER)


def hold_cards(tx: Tx, *, variant_id: int, quantity: int, sell_until_days: int, line_id: int) -> int:
    """Take cards off the shelf for a line, those that expire first.

    One statement. On PostgreSQL cards that another buyer is taking right now are passed over, not waited for.

    Returns:
        What the cards cost, in the minor unit.

    Raises:
        OutOfStock: Fewer than ``quantity`` there. The caller's transaction must end with it.
    """
    costs = tx.execute(
        _HOLD,
        {
            "variant": variant_id,
            "quantity": quantity,
            "sellable_on": sellable_on(tx, sell_until_days),
            "line": line_id,
        },
    ).scalars().all()  # fmt: skip
    if len(costs) != quantity:
        raise OutOfStock(left=len(costs))
    return sum(costs)


def hold_if_enough(tx: Tx, *, variant_id: int, quantity: int, sell_until_days: int, line_id: int) -> bool:
    """The same, for a line that may have cards already. False: fewer left, and the shelf is as it was."""
    found = tx.execute(
        _HOLD_NAMED,
        {
            "variant": variant_id,
            "quantity": quantity,
            "sellable_on": sellable_on(tx, sell_until_days),
            "line": line_id,
        },
    ).all()
    if len(found) == quantity:
        return True
    if found:
        tx.execute(
            update(table_of(Card))
            .where(Card.id.in_([row.id for row in found]))
            .values(state=CardState.AVAILABLE.value, line_id=None)
        )
    return False


def count_held(view: View, line_id: int) -> int:
    """How many cards a line holds."""
    return int(view.execute(_COUNT, {"line": line_id}).scalar_one())


def cost_of_line(line_id: ColumnElement[int]) -> ScalarSelect[int]:
    """What the cards of a line cost, in the minor unit, as a part of another statement."""
    return (
        select(func.coalesce(func.sum(Card.cost_minor), 0)).where(Card.line_id == line_id).scalar_subquery()
    )


def take_held(tx: Tx, line_id: int) -> int:
    """Hand the held cards of a line over for good. Returns how many; a second call finds none."""
    return tx.execute(_TAKE, {"line": line_id}).rowcount


def undo_take(tx: Tx, line_id: int) -> None:
    """Put cards back that were just taken for a line which is not delivered after all, in the same transaction."""
    tx.execute(
        update(table_of(Card))
        .where(Card.line_id == line_id, Card.state == CardState.DELIVERED.value)
        .values(state=CardState.AVAILABLE.value, line_id=None)
    )


def release_held(tx: Tx, line_id: int) -> int:
    """Put the held cards of a line back. Returns how many; delivered ones stay delivered."""
    return tx.execute(_RELEASE, {"line": line_id}).rowcount
