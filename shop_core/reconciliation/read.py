"""Days and differences, as staff see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

from shop_core.db.tx import View
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.errors import NoSuchDay, NoSuchDifference
from shop_core.reconciliation.match import DIFFERENCES, UNSETTLED, Group, Kind
from shop_core.reconciliation.models import ReconciledDay, ReconciledLine
from shop_core.reconciliation.rows import group_of

_LINES: Final = select(
    *ReconciledLine.__table__.columns,
    ReconciledDay.counterpart,
    ReconciledDay.day,
    ReconciledDay.signed_at,
).join(ReconciledDay, ReconciledDay.id == ReconciledLine.day_id)


@dataclass(frozen=True, slots=True)
class DayView:
    """A day.

    Attributes:
        open: How many lines of each kind nobody has settled.
        settled: How many a person has.
    """

    id: int
    counterpart: str
    day: date
    read_at: datetime | None
    signed_at: datetime | None
    signed_by: str | None
    open: Mapping[Kind, int]
    settled: int

    @property
    def differences(self) -> int:
        """What a person has to settle."""
        return sum(self.open.get(kind, 0) for kind in DIFFERENCES)

    @property
    def waits(self) -> int:
        """What only time settles."""
        return sum(self.open.get(kind, 0) for kind in UNSETTLED - DIFFERENCES)

    @property
    def may_be_signed(self) -> bool:
        """Whether nothing stands against signing it off."""
        is_open = self.read_at is not None and self.signed_at is None
        return is_open and self.differences + self.waits == 0


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A difference, with its day. ``closed_at``: when it was settled, and ``way`` how."""

    id: int
    day_id: int
    counterpart: str
    day: date
    is_signed: bool
    group: Group
    closed_at: datetime | None
    way: str | None


def list_days(view: View, limit: int) -> Sequence[DayView]:
    """The latest days, newest first."""
    rows = view.execute(
        select(*ReconciledDay.__table__.columns)
        .order_by(ReconciledDay.day.desc(), ReconciledDay.counterpart)
        .limit(limit)
    ).all()
    return _with_counts(view, rows)


def get_day(view: View, day_id: int) -> DayView:
    """One day.

    Raises:
        NoSuchDay: Not there.
    """
    rows = view.execute(select(*ReconciledDay.__table__.columns).where(ReconciledDay.id == day_id)).all()
    if not rows:
        raise NoSuchDay
    return _with_counts(view, rows)[0]


def _with_counts(view: View, rows: Sequence[Row[Any]]) -> Sequence[DayView]:
    is_closed = ReconciledLine.closed_at.is_not(None).label("is_closed")
    counted = view.execute(
        select(ReconciledLine.day_id, ReconciledLine.kind, is_closed, func.count().label("n"))
        .where(ReconciledLine.day_id.in_([row.id for row in rows]), ReconciledLine.kind != Kind.GONE.value)
        .group_by(ReconciledLine.day_id, ReconciledLine.kind, is_closed)
    ).all()
    still: dict[int, dict[Kind, int]] = {row.id: {} for row in rows}
    settled: Counter[int] = Counter()
    for row in counted:
        if row.is_closed:
            settled[row.day_id] += row.n
        else:
            still[row.day_id][Kind(row.kind)] = row.n
    return [
        DayView(
            row.id,
            row.counterpart,
            row.day,
            row.read_at,
            row.signed_at,
            row.signed_by,
            still[row.id],
            settled[row.id],
        )
        for row in rows
    ]


def list_differences(view: View, day_id: int, limit: int) -> Sequence[DifferenceView]:
    """What a person has to settle on a day, first found first."""
    rows = view.execute(
        _LINES.where(
            ReconciledLine.day_id == day_id,
            ReconciledLine.closed_at.is_(None),
            ReconciledLine.kind.in_([kind.value for kind in DIFFERENCES]),
        )
        .order_by(ReconciledLine.id)
        .limit(limit)
    )
    return [_view(row) for row in rows]


def get_difference(view: View, line_id: int) -> DifferenceView:
    """One difference, settled or not.

    Raises:
        NoSuchDifference: Not there, or none.
    """
    row = view.execute(_LINES.where(ReconciledLine.id == line_id)).first()
    if row is None or Kind(row.kind) not in DIFFERENCES:
        raise NoSuchDifference
    return _view(row)


def list_lines(view: View, day_id: int, after_id: int, limit: int) -> Sequence[DifferenceView]:
    """Every line of a day, a part at a time: those after an id."""
    rows = view.execute(
        _LINES.where(
            ReconciledLine.day_id == day_id,
            ReconciledLine.id > after_id,
            ReconciledLine.kind != Kind.GONE.value,
        )
        .order_by(ReconciledLine.id)
        .limit(limit)
    )
    return [_view(row) for row in rows]


def _view(row: Row[Any]) -> DifferenceView:
    return DifferenceView(
        row.id,
        row.day_id,
        row.counterpart,
        row.day,
        row.signed_at is not None,
        group_of(row),
        row.closed_at,
        row.way,
    )


def find_zone(counterparts: Counterparts, counterpart: str, otherwise: str) -> ZoneInfo:
    """Whose clock a counterpart's days go by; of one that is not set up any more, the shop's own."""
    return next((one.zone for one in counterparts if one.name == counterpart), ZoneInfo(otherwise))
