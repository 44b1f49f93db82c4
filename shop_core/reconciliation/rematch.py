"""Matching a day, again and again until it is signed off. One transaction each; what did not change is not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, or_, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.reconciliation.counterpart import Counterpart
from shop_core.reconciliation.days import SLACK, after, before, bounds_of
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.match import DIFFERENCES, Group, Kind, match
from shop_core.reconciliation.models import ReconciledDay, ReconciledLine
from shop_core.reconciliation.rows import cut, group_of, values_of

MOST_CASES: Final = 20
"""Differences of one day that are a case each. Where there are more, something bigger is wrong, and a thousand messages say
no more of it; the others stand on the day's screen, keep it open all the same, and become cases as these are settled."""

ENDS_WITHIN: Final = timedelta(days=2)
"""What is over with us is over with them so long after the end of the day; else they do not agree."""
CORRECTED: Final = "correct"
"""``ReconciledLine.way`` of a line that was booked as they have it."""

_LINES: Final = select(*ReconciledLine.__table__.columns)


def lock_day(tx: Tx, counterpart: str, day: date) -> Row[Any] | None:
    """The day's row, locked with those beside it until the end of the transaction; None: not there.

    Lines near midnight stand on one day or the other, so who decides about one of them holds both. Earlier days first: a
    transaction that goes on to a later day waits for nobody who waits for it.
    """
    rows = tx.execute(
        select(*ReconciledDay.__table__.columns)
        .where(
            ReconciledDay.counterpart == counterpart,
            ReconciledDay.day.in_([before(day), day, after(day)]),
        )
        .order_by(ReconciledDay.day)
        .with_for_update()
    ).all()
    return next((row for row in rows if row.day == day), None)


def begin_day(tx: Tx, counterpart: str, day: date) -> Row[Any]:
    """The same of a day that may not be on record yet."""
    tx.execute(insert_or(tx, ReconciledDay).values(counterpart=counterpart, day=day).on_conflict_do_nothing())
    row = lock_day(tx, counterpart, day)
    if row is None:
        raise RuntimeError(f"{counterpart} {day}: days are never deleted")
    return row


def take_reading(tx: Tx, counterpart: Counterpart, day: date, theirs: Sequence[Line]) -> None:
    """Match a day with their list as it was just read. A day that is signed off stays as it is."""
    row = begin_day(tx, counterpart.name, day)
    if row.signed_at is not None:
        return
    tx.execute(update(table_of(ReconciledDay)).where(ReconciledDay.id == row.id).values(read_at=tx.now))
    close_case(tx, CaseKind.STATEMENT, row.id, by=MACHINE, resolution="read")
    _Matching(tx, counterpart, row).run([cut(line) for line in theirs])


def rematch(tx: Tx, counterpart: Counterpart, day: date) -> None:
    """Match a day again with the list that was read before: ours, or its neighbours, may have changed."""
    row = lock_day(tx, counterpart.name, day)
    if row is not None and row.read_at is not None and row.signed_at is None:
        _Matching(tx, counterpart, row).run(None)


class _Matching:
    """One day, locked, being matched."""

    def __init__(self, tx: Tx, counterpart: Counterpart, day: Row[Any]) -> None:
        self._tx = tx
        self._counterpart = counterpart
        self._id: int = day.id
        self._day: date = day.day
        self._begins, self._ends = bounds_of(day.day, counterpart.zone)
        rows = tx.execute(
            _LINES.where(ReconciledLine.day_id == day.id, ReconciledLine.kind != Kind.GONE.value)
        ).all()
        self._open = {row.key: row for row in rows if row.closed_at is None}
        self._closed = [group_of(row) for row in rows if row.closed_at is not None]
        self._closed_keys = {row.key for row in rows if row.closed_at is not None}
        self._carried = [group_of(row) for row in self._carried_here()]
        self._around = list(counterpart.ours(tx, self._begins - SLACK, self._ends + SLACK))

    def _carried_here(self) -> Sequence[Row[Any]]:
        return self._tx.execute(
            _LINES.join(ReconciledDay, ReconciledDay.id == ReconciledLine.day_id).where(
                ReconciledDay.counterpart == self._counterpart.name, ReconciledLine.carried_to == self._day
            )
        ).all()

    def run(self, read: Sequence[Line] | None) -> None:
        found = match(self._theirs(read), self._ours(), tolerance=self._counterpart.tolerance)
        groups = [group for one in found if (group := self._kept(one)) is not None]
        self._write([*groups, *self._late()])

    # ------------------------------------------------------------------------------------------- theirs

    def _theirs(self, read: Sequence[Line] | None) -> list[Line]:
        """Their lines that nobody has settled, those put off to this day among them."""
        closed = [group.theirs for group in self._closed if group.theirs]
        carried = [group.theirs for group in self._carried if group.theirs]
        if read is not None:
            listed = _without(read, closed)
        else:
            stored = [group_of(row) for row in self._open.values() if row.kind != Kind.LATE.value]
            listed = _without([group.theirs for group in stored if group.theirs], carried)
        return [*listed, *_without(carried, closed)]

    # --------------------------------------------------------------------------------------------- ours

    def _ours(self) -> list[Line]:
        """Our lines of the day, of the hours around it, and those put off to it, that stand in no other group."""
        taken = self._taken() | {group.ours.subject for group in self._closed if group.ours}
        here = [line for line in self._around if self._is_around(line.at)]
        here += [line for line in self._put_off() if not self._is_around(line.at)]
        return [line for line in here if line.subject not in taken]

    def _is_around(self, moment: datetime) -> bool:
        return self._begins - SLACK <= moment < self._ends + SLACK

    def _put_off(self) -> Iterator[Line]:
        """Ours that were put off to this day, as they are now."""
        for group in self._carried:
            if group.ours is not None:
                at, subject = group.ours.at, group.ours.subject
                lines = self._counterpart.ours(self._tx, at, at + SLACK)
                yield from (line for line in lines if line.subject == subject)

    def _taken(self) -> set[str]:
        """Subjects that stand on a day beside this one: with a line of theirs, or settled."""
        beside = (
            select(ReconciledLine.our_subject)
            .join(ReconciledDay, ReconciledDay.id == ReconciledLine.day_id)
            .where(
                ReconciledDay.counterpart == self._counterpart.name,
                ReconciledDay.day.in_([before(self._day), after(self._day)]),
                ReconciledLine.kind != Kind.GONE.value,
                ReconciledLine.our_subject.is_not(None),
                or_(ReconciledLine.their_minor.is_not(None), ReconciledLine.closed_at.is_not(None)),
                or_(ReconciledLine.carried_to.is_(None), ReconciledLine.carried_to != self._day),
            )
        )
        return set(self._tx.execute(beside).scalars())

    def _kept(self, group: Group) -> Group | None:
        """The group as it counts for this day; None: it is a line of ours that belongs to the day before or after."""
        if group.theirs is not None and group.ours is not None:
            is_stuck = group.kind is Kind.UNDER_WAY and group.ours.state is not LineState.OPEN
            is_old = self._tx.now - self._ends >= ENDS_WITHIN
            return replace(group, kind=Kind.STATE) if is_stuck and is_old else group
        if group.ours is None or self._is_put_off(group.ours):
            return group
        if not self._begins <= group.ours.at < self._ends:
            return None
        is_near_midnight = self._ends - group.ours.at <= SLACK
        if group.kind is Kind.OURS_ONLY and is_near_midnight and not self._is_next_read():
            return replace(group, kind=Kind.WAITS)
        return group

    def _is_put_off(self, line: Line) -> bool:
        return any(group.ours is not None and group.ours.subject == line.subject for group in self._carried)

    def _is_next_read(self) -> bool:
        return is_read(self._tx, self._counterpart.name, after(self._day))

    def _late(self) -> Iterator[Group]:
        """Ours of days before that ended today otherwise than as their day, signed off since, has them."""
        for line in self._around:
            if line.at < self._begins - SLACK:
                row = self._last_row(line.subject)
                if row is not None and row.signed_at is not None and not _is_as_signed(row, line):
                    yield Group(Kind.LATE, group_of(row).theirs, line)

    def _last_row(self, subject: str) -> Row[Any] | None:
        """The last group that a subject stands in, but for this day's own that is open."""
        return self._tx.execute(
            select(*ReconciledLine.__table__.columns, ReconciledDay.signed_at)
            .join(ReconciledDay, ReconciledDay.id == ReconciledLine.day_id)
            .where(
                ReconciledDay.counterpart == self._counterpart.name,
                ReconciledLine.our_subject == subject,
                ReconciledLine.kind != Kind.GONE.value,
                or_(ReconciledLine.day_id != self._id, ReconciledLine.closed_at.is_not(None)),
            )
            .order_by(ReconciledLine.id.desc())
            .limit(1)
        ).first()

    # -------------------------------------------------------------------------------------------- writing

    def _write(self, groups: Iterable[Group]) -> None:
        new: list[dict[str, Any]] = []
        for key, group in self._keyed(groups):
            row = self._open.pop(key, None)
            if row is None:
                new.append({"day_id": self._id, "key": key, **values_of(group)})
            elif group_of(row) != group:
                self._change(row, **values_of(group))
        for row in self._open.values():
            self._change(row, kind=Kind.GONE.value, key=f"gone:{row.id}")
        if new:
            self._tx.execute(insert(table_of(ReconciledLine)), new)
        open_cases(self._tx, self._counterpart.name, self._id, self._day)

    def _keyed(self, groups: Iterable[Group]) -> Iterator[tuple[str, Group]]:
        """Each group with what it is recognised by: its name, and which of its namesakes it is.

        What is settled keeps its key.
        """
        following: Counter[str] = Counter()
        for group in groups:
            name = _name_of(group)
            while (key := f"{name}/{following[name]}") in self._closed_keys:
                following[name] += 1
            following[name] += 1
            yield key, group

    def _change(self, row: Row[Any], **values: Any) -> None:  # noqa: ANN401 - columns
        self._tx.execute(update(table_of(ReconciledLine)).where(ReconciledLine.id == row.id).values(values))
        if Kind(row.kind) in DIFFERENCES and Kind(values["kind"]) not in DIFFERENCES:
            close_case(self._tx, CaseKind.DIFFERENCE, row.id, by=MACHINE, resolution=values["kind"])


def _name_of(group: Group) -> str:
    if group.ours is not None:
        return f"{'late' if group.kind is Kind.LATE else 'ours'}:{group.ours.subject}"
    return "" if group.theirs is None else f"theirs:{group.theirs.number}/{group.theirs.ref}"


def _is_as_signed(row: Row[Any], line: Line) -> bool:
    """Whether ours is still what its day was signed off with, or what it was corrected to there."""
    minor = (row.their_minor or 0) if row.way == CORRECTED else row.our_minor
    return (line.state.value, line.amount.minor) == (row.our_state, minor)


def is_read(view: View, counterpart: str, day: date) -> bool:
    """Whether their list of a day was ever read."""
    wanted = (ReconciledDay.counterpart == counterpart) & (ReconciledDay.day == day)
    return view.execute(select(ReconciledDay.read_at).where(wanted)).scalar() is not None


def open_cases(tx: Tx, counterpart: str, day_id: int, day: date) -> None:
    """Report the first of what a person has to settle."""
    differences = (
        _LINES.where(
            ReconciledLine.day_id == day_id,
            ReconciledLine.closed_at.is_(None),
            ReconciledLine.kind.in_([kind.value for kind in DIFFERENCES]),
        )
        .order_by(ReconciledLine.id)
        .limit(MOST_CASES)
    )
    for row in tx.execute(differences).all():
        number = row.our_number or row.their_number or row.their_ref or ""
        evidence = {"counterpart": counterpart, "day": day.isoformat(), "number": number}
        open_case(tx, CaseKind.DIFFERENCE, row.id, evidence)


def _without(lines: Iterable[Line | None], others: Iterable[Line | None]) -> list[Line]:
    """Lines without as many of each name as there are among the others."""
    left = Counter((line.number, line.ref) for line in others if line is not None)
    kept = []
    for line in lines:
        if line is None:
            continue
        name = line.number, line.ref
        if left[name]:
            left[name] -= 1
        else:
            kept.append(line)
    return kept
