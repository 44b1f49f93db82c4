"""Lines that staff fulfil by hand: claimed by one of them at a time, given back, run out, ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, or_, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.delivery.models import Task, TaskState
from shop_core.kernel.errors import ShopError
from shop_core.kernel.events import TaskOpened
from shop_core.kernel.money import Money

CLAIM: Final = timedelta(minutes=30)
"""How long somebody may take for one: a top-up by hand takes minutes."""
WAITS_TOO_LONG: Final = timedelta(minutes=30)
_AT_ONCE: Final = 50


class NoSuchTask(ShopError):
    """Not there, or over."""

    code = "delivery.no_task"


class TaskTaken(ShopError):
    """Somebody else has it, or whoever asks has not claimed it. Nothing was changed."""

    code = "delivery.task_taken"


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as staff see it.

    Attributes:
        part: A supplier has brought a part of it already.
        part_value: How much of the face value, where it said so.
    """

    id: int
    line_id: int
    state: TaskState
    claimed_by: str | None
    claimed_until: datetime | None
    part: bool
    part_value: Money | None
    reason: str | None
    opened_at: datetime

    def is_claimed(self, now: datetime) -> bool:
        """Whether somebody is at it."""
        return self.claimed_until is not None and self.claimed_until > now


def open_task(tx: Tx, line_id: int, *, part: bool = False, part_value: Money | None = None) -> None:
    """Ask staff to fulfil a line. Once, however often it is asked."""
    made = tx.execute(
        insert_or(tx, Task)
        .values(
            line_id=line_id,
            state=TaskState.OPEN.value,
            part=part,
            part_minor=None if part_value is None else part_value.minor,
            part_currency=None if part_value is None else part_value.currency,
            opened_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=[Task.line_id])
        .returning(Task.id)
    ).scalar()
    if made is not None:
        tx.publish(TaskOpened(made))


def find_task(view: View, line_id: int) -> TaskView | None:
    """The task of a line, whatever became of it."""
    row = view.execute(_ALL.where(Task.line_id == line_id)).first()
    return None if row is None else _view(row)


def get_open(view: View, task_id: int) -> TaskView:
    """An open task.

    Raises:
        NoSuchTask: Not there, or over.
    """
    row = view.execute(_ALL.where(Task.id == task_id, Task.state == TaskState.OPEN.value)).first()
    if row is None:
        raise NoSuchTask
    return _view(row)


def list_tasks(view: View, limit: int) -> Sequence[TaskView]:
    """What waits for staff, longest first."""
    rows = view.execute(_ALL.where(Task.state == TaskState.OPEN.value).order_by(Task.id).limit(limit))
    return [_view(row) for row in rows]


def claim_task(tx: Tx, task_id: int, *, by: str) -> TaskView:
    """Take a task, or go on with one's own: one statement, so of two who press together one has it.

    Raises:
        NoSuchTask, TaskTaken: Nothing was changed.
    """
    get_open(tx, task_id)
    free = or_(Task.claimed_by.is_(None), Task.claimed_by == by, Task.claimed_until <= tx.now)
    taken = tx.execute(
        update(Task)
        .where(Task.id == task_id, Task.state == TaskState.OPEN.value, free)
        .values(claimed_by=by, claimed_until=tx.now + CLAIM)
    )
    if taken.rowcount != 1:
        raise TaskTaken
    return get_open(tx, task_id)


def give_back_task(tx: Tx, task_id: int, *, by: str) -> None:
    """Let somebody else have it.

    Raises:
        NoSuchTask, TaskTaken: Nothing was changed.
    """
    get_open(tx, task_id)
    _end_claim(tx, task_id, by, claimed_by=None, claimed_until=None)


def end_task(tx: Tx, task_id: int, state: TaskState, *, by: str, reason: str | None = None) -> None:
    """End one's own task: done or refused. The caller holds the order's lock.

    Raises:
        TaskTaken: It is somebody else's, or over. Nothing was changed.
    """
    _end_claim(tx, task_id, by, state=state.value, reason=reason, ended_at=tx.now, ended_by=by)
    close_case(tx, CaseKind.TASK, task_id, by=by, resolution=state.value)


def withdraw_task(tx: Tx, line_id: int) -> None:
    """Give up the task of a line whose order is refunded. The caller holds the order's lock.

    Raises:
        TaskTaken: Somebody is at it this very moment: goods and money would both be gone.
    """
    idle = or_(Task.claimed_until.is_(None), Task.claimed_until <= tx.now)
    ended = {"state": TaskState.WITHDRAWN.value, "ended_at": tx.now, "ended_by": MACHINE}
    is_open = (Task.line_id == line_id, Task.state == TaskState.OPEN.value)
    given_up = tx.execute(update(Task).where(*is_open, idle).values(ended).returning(Task.id)).scalar()
    if given_up is not None:
        close_case(tx, CaseKind.TASK, given_up, by=MACHINE, resolution=TaskState.WITHDRAWN.value)
    elif tx.execute(select(Task.id).where(*is_open)).first() is not None:
        raise TaskTaken


def _end_claim(tx: Tx, task_id: int, by: str, **values: Any) -> None:  # noqa: ANN401 - columns
    own = (Task.id == task_id, Task.state == TaskState.OPEN.value, Task.claimed_by == by)
    if tx.execute(update(Task).where(*own).values(values)).rowcount != 1:
        raise TaskTaken


async def watch_tasks(shop: Shop) -> int:
    """Open a case for each task that waits too long. Returns how many wait. Twice changes nothing."""
    late = await shop.read(_list_late)
    if late:
        await shop.write(_report)
    return len(late)


def _list_late(view: View) -> Sequence[int]:
    return view.execute(_late(view)).scalars().all()


def _report(tx: Tx) -> None:
    # Locked: one that ends in between would have closed a case that is not open yet, and left it open for ever.
    for task_id in tx.execute(_late(tx).with_for_update()).scalars().all():
        open_case(tx, CaseKind.TASK, task_id, {"task": task_id})


def _late(view: View) -> Any:  # noqa: ANN401 - a Select
    waits = Task.opened_at <= view.now - WAITS_TOO_LONG
    idle = or_(Task.claimed_until.is_(None), Task.claimed_until <= view.now)
    chosen = select(Task.id).where(Task.state == TaskState.OPEN.value, waits, idle)
    return chosen.order_by(Task.id).limit(_AT_ONCE)


def _view(row: Row[Any]) -> TaskView:
    value = None if row.part_minor is None else Money(row.part_minor, row.part_currency)
    return TaskView(
        row.id,
        row.line_id,
        TaskState(row.state),
        row.claimed_by,
        row.claimed_until,
        row.part,
        value,
        row.reason,
        row.opened_at,
    )


_ALL: Final = select(*Task.__table__.columns)
