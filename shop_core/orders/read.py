"""Looking at orders: the owner's, or any for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from shop_core.catalog.goods import GoodsKind
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import Order, OrderLine, OrderState, Source


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of an order."""

    id: int
    variant_id: int
    names: Mapping[str, str]
    quantity: int
    paid: Money
    cost: Money
    source: Source
    kind: GoodsKind

    @property
    def is_top_up(self) -> bool:
        """Whether it is credit on the buyer's account: nothing is held for it, and nothing is taken back."""
        return self.kind is GoodsKind.TOP_UP


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as use cases and screens see it."""

    id: int
    number: str
    person_id: int
    address: Address
    state: OrderState
    total: Money
    paid_with: str | None
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None
    lines: tuple[LineView, ...]

    @property
    def quantity(self) -> int:
        """How many codes in all."""
        return sum(line.quantity for line in self.lines)


_ORDER: Final = tuple(Order.__table__.columns)
_BY_NUMBER: Final = select(*_ORDER).where(Order.number == bindparam("wanted"))
_LOCKED: Final = _BY_NUMBER.with_for_update()
_BY_ID_LOCKED: Final = select(*_ORDER).where(Order.id == bindparam("wanted")).with_for_update()
_BY_LINE_LOCKED: Final = (
    select(*_ORDER)
    .where(
        Order.id == select(OrderLine.order_id).where(OrderLine.id == bindparam("of_line")).scalar_subquery()
    )
    .with_for_update(of=Order)
)
_LINES: Final = (
    select(*OrderLine.__table__.columns)
    .where(OrderLine.order_id == bindparam("of_order"))
    .order_by(OrderLine.id)
)


def get_own(view: View, person_id: int, number: str) -> OrderView:
    """A person's own order.

    Raises:
        NoSuchOrder: Not there, or not his.
    """
    row = view.execute(_BY_NUMBER, {"wanted": number}).first()
    if row is None or row.person_id != person_id:
        raise NoSuchOrder
    return _view(view, row)


def get_any(view: View, number: str) -> OrderView:
    """Anybody's order: for staff.

    Raises:
        NoSuchOrder: Not there.
    """
    row = view.execute(_BY_NUMBER, {"wanted": number}).first()
    if row is None:
        raise NoSuchOrder
    return _view(view, row)


def get_by_id(view: View, order_id: int) -> OrderView:
    """An order by its id, for news about it.

    Raises:
        NoSuchOrder: Not there.
    """
    row = view.execute(select(*_ORDER).where(Order.id == order_id)).first()
    if row is None:
        raise NoSuchOrder
    return _view(view, row)


def lock_own(tx: Tx, person_id: int, number: str) -> OrderView:
    """A person's own order, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there, or not his.
    """
    row = tx.execute(_LOCKED, {"wanted": number}).first()
    if row is None or row.person_id != person_id:
        raise NoSuchOrder
    return _view(tx, row)


def lock_any(tx: Tx, number: str) -> OrderView:
    """Anybody's order, locked: for staff.

    Raises:
        NoSuchOrder: Not there.
    """
    row = tx.execute(_LOCKED, {"wanted": number}).first()
    if row is None:
        raise NoSuchOrder
    return _view(tx, row)


def lock_by_id(tx: Tx, order_id: int) -> OrderView:
    """An order by its id, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there.
    """
    row = tx.execute(_BY_ID_LOCKED, {"wanted": order_id}).first()
    if row is None:
        raise NoSuchOrder
    return _view(tx, row)


def get_by_line(view: View, line_id: int) -> OrderView:
    """The order of a line.

    Raises:
        NoSuchOrder: Not there.
    """
    return get_by_id(view, _order_of_line(view, line_id))


def lock_by_line(tx: Tx, line_id: int) -> OrderView:
    """The order of a line, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there.
    """
    row = tx.execute(_BY_LINE_LOCKED, {"of_line": line_id}).first()
    if row is None:
        raise NoSuchOrder
    return _view(tx, row)


def _order_of_line(view: View, line_id: int) -> int:
    order_id = view.execute(select(OrderLine.order_id).where(OrderLine.id == line_id)).scalar()
    if order_id is None:
        raise NoSuchOrder
    return int(order_id)


def list_own(view: View, person_id: int, *, limit: int, offset: int = 0) -> Sequence[OrderView]:
    """A person's orders, newest first."""
    return _list(view, select(*_ORDER).where(Order.person_id == person_id), limit=limit, offset=offset)


def list_latest(view: View, *, limit: int, state: OrderState | None = None) -> Sequence[OrderView]:
    """The shop's orders, newest first: for staff."""
    chosen = select(*_ORDER)
    if state is not None:
        chosen = chosen.where(Order.state == state.value)
    return _list(view, chosen, limit=limit, offset=0)


def _list(view: View, chosen: Any, *, limit: int, offset: int) -> Sequence[OrderView]:  # noqa: ANN401 - a Select
    rows = view.execute(chosen.order_by(Order.id.desc()).limit(limit).offset(offset)).all()
    lines: dict[int, list[LineView]] = {}
    wanted = select(*OrderLine.__table__.columns).where(OrderLine.order_id.in_([row.id for row in rows]))
    by_order = {row.id: row for row in rows}
    for line in view.execute(wanted.order_by(OrderLine.id)):
        lines.setdefault(line.order_id, []).append(_line(line, by_order[line.order_id].currency))
    return [_with_lines(row, lines.get(row.id, [])) for row in rows]


def _view(view: View, row: Row[Any]) -> OrderView:
    return _with_lines(
        row, [_line(line, row.currency) for line in view.execute(_LINES, {"of_order": row.id})]
    )


def _line(row: Row[Any], currency: str) -> LineView:
    return LineView(
        row.id,
        row.variant_id,
        row.names,
        row.quantity,
        Money(row.paid_minor, currency),
        Money(row.cost_minor, currency),
        Source(row.source),
        GoodsKind(row.kind),
    )


def _with_lines(row: Row[Any], lines: Sequence[LineView]) -> OrderView:
    return OrderView(
        row.id,
        row.number,
        row.person_id,
        Address(row.channel, row.external_id),
        OrderState(row.state),
        Money(row.total_minor, row.currency),
        row.paid_with,
        row.placed_at,
        row.expires_at,
        row.paid_at,
        row.delivered_at,
        row.ended_at,
        tuple(lines),
    )
