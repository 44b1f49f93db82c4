"""Looking at orders: the owner's, or any for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select

from shop_core.catalog.goods import GoodsKind
from shop_core.customers.people import Address, require_not_merged
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
_LINE: Final = tuple(column.label(f"line_{column.name}") for column in OrderLine.__table__.columns)
_WHOLE: Final = select(*_ORDER, *_LINE).join(OrderLine, OrderLine.order_id == Order.id).order_by(OrderLine.id)
"""An order and its lines: a row for each line. No order is without one."""
_BY_NUMBER: Final = _WHOLE.where(Order.number == bindparam("wanted"))
_BY_ID: Final = _WHOLE.where(Order.id == bindparam("wanted"))
_BY_LINE: Final = _WHOLE.where(
    Order.id == select(OrderLine.order_id).where(OrderLine.id == bindparam("wanted")).scalar_subquery()
)


def _locked(whole: Select[Any]) -> Select[Any]:
    """Locked, its lines too: PostgreSQL reads what it locks as it is after the wait, and all else as it was before."""
    return whole.with_for_update(of=(Order, OrderLine), key_share=True)


_BY_NUMBER_LOCKED: Final = _locked(_BY_NUMBER)
_BY_ID_LOCKED: Final = _locked(_BY_ID)
_BY_LINE_LOCKED: Final = _locked(_BY_LINE)


def get_own(view: View, person_id: int, number: str) -> OrderView:
    """A person's own order.

    Raises:
        NoSuchOrder: Not there, or not his.
        PersonMerged: Look again who he is.
    """
    return _own(view, person_id, _find(view, _BY_NUMBER, number))


def get_any(view: View, number: str) -> OrderView:
    """Anybody's order: for staff.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(view, _BY_NUMBER, number)


def get_by_id(view: View, order_id: int) -> OrderView:
    """An order by its id, for news about it.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(view, _BY_ID, order_id)


def get_by_line(view: View, line_id: int) -> OrderView:
    """The order of a line.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(view, _BY_LINE, line_id)


def lock_own(tx: Tx, person_id: int, number: str) -> OrderView:
    """A person's own order, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there, or not his.
        PersonMerged: Look again who he is.
    """
    return _own(tx, person_id, _find(tx, _BY_NUMBER_LOCKED, number))


def lock_any(tx: Tx, number: str) -> OrderView:
    """Anybody's order, locked: for staff.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(tx, _BY_NUMBER_LOCKED, number)


def lock_by_id(tx: Tx, order_id: int) -> OrderView:
    """An order by its id, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(tx, _BY_ID_LOCKED, order_id)


def lock_by_line(tx: Tx, line_id: int) -> OrderView:
    """The order of a line, locked until the transaction ends.

    Raises:
        NoSuchOrder: Not there.
    """
    return _find(tx, _BY_LINE_LOCKED, line_id)


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
    wanted = select(*_LINE).where(OrderLine.order_id.in_([row.id for row in rows]))
    by_order = {row.id: row for row in rows}
    for line in view.execute(wanted.order_by(OrderLine.id)):
        lines.setdefault(line.line_order_id, []).append(_line(line, by_order[line.line_order_id].currency))
    return [_with_lines(row, lines.get(row.id, [])) for row in rows]


def _find(view: View, whole: Select[Any], wanted: int | str) -> OrderView:
    rows = view.execute(whole, {"wanted": wanted}).all()
    if not rows:
        raise NoSuchOrder
    return _with_lines(rows[0], [_line(row, row.currency) for row in rows])


def _own(view: View, person_id: int, order: OrderView) -> OrderView:
    if order.person_id != person_id:
        require_not_merged(view, person_id)
        raise NoSuchOrder
    if order.address.is_nobody:
        # Whoever asks was looked up just before he had himself erased.
        raise NoSuchOrder
    return order


def _line(row: Row[Any], currency: str) -> LineView:
    return LineView(
        row.line_id,
        row.line_variant_id,
        row.line_names,
        row.line_quantity,
        Money(row.line_paid_minor, currency),
        Money(row.line_cost_minor, currency),
        Source(row.line_source),
        GoodsKind(row.line_kind),
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
