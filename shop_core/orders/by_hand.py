"""Staff fulfil a line by hand: take its task, look at the account, say that it is done or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from shop_core.catalog.goods import Names
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.inputs import KeptInputs, find_inputs, look_at_inputs
from shop_core.delivery.models import TaskState
from shop_core.delivery.tasks import (
    TaskTaken,
    TaskView,
    claim_task,
    end_task,
    get_open,
    give_back_task,
    list_tasks,
)
from shop_core.delivery.top_ups import prove_by_hand
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.orders.fulfil import carry_on
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, get_by_line, lock_by_line
from shop_core.orders.reveal import answers_of
from shop_core.staff import audit
from shop_core.stock.put_in import SealedPiece, seal_pieces
from shop_core.vault.vault import Vault

LONGEST_RECEIPT: Final = 200


class ReceiptTooLong(ShopError):
    """A receipt is a number or a line, no letter. Nothing was changed."""

    code = "orders.receipt_too_long"


class Cannot(StrEnum):
    """Why staff cannot fulfil a line. The buyer is told which of them it is."""

    INPUT = "input"
    """What the buyer said is wrong."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task with its order, and what may be shown of the buyer's words without a look."""

    task: TaskView
    order: OrderView
    inputs: KeptInputs | None


def see_task(view: View, task_id: int) -> TaskSeen:
    """An open task.

    Raises:
        NoSuchTask: Not there, or over.
    """
    return _seen(view, get_open(view, task_id))


def see_tasks(view: View, limit: int) -> Sequence[TaskSeen]:
    """What waits for staff, longest first."""
    return [_seen(view, task) for task in list_tasks(view, limit)]


async def take_task(shop: Shop, task_id: int, *, by: str) -> TaskSeen:
    """Claim a task.

    Raises:
        NoSuchTask, TaskTaken: Nothing was changed.
    """
    return await shop.write(_take, task_id, by)


async def leave_task(shop: Shop, task_id: int, *, by: str) -> None:
    """Give a claimed task back.

    Raises:
        NoSuchTask, TaskTaken: Nothing was changed.
    """
    await shop.write(_leave, task_id, by)


async def look_at_task(
    shop: Shop, task_id: int, *, by: str
) -> tuple[TaskSeen, Sequence[tuple[Names, Secret]]]:
    """The account in full, for who has claimed the task. The look is on record before anything is opened.

    Raises:
        NoSuchTask, TaskTaken: Nothing was shown.
    """
    seen = await shop.write(_look, task_id, by)
    return seen, [] if seen.inputs is None else answers_of(seen.inputs, shop.get(Vault))


async def finish_task(shop: Shop, task_id: int, receipt: str, *, by: str) -> OrderView:
    """It is topped up: the order is delivered.

    Args:
        receipt: What proves it, for the buyer; may be empty. Kept sealed.

    Raises:
        NoSuchTask, TaskTaken: Not claimed by whoever says so (any more). Nothing was changed.
        ReceiptTooLong: Nothing was changed.
    """
    words = receipt.strip()
    if len(words) > LONGEST_RECEIPT:
        raise ReceiptTooLong(most=LONGEST_RECEIPT)
    sealed = seal_pieces(shop.get(Vault), [Secret(words)] if words else [])
    return await shop.write(_finish, task_id, next(iter(sealed), None), by)


async def refuse_task(shop: Shop, task_id: int, why: Cannot, *, by: str) -> OrderView:
    """It cannot be done: the money goes back.

    Raises:
        NoSuchTask, TaskTaken: Nothing was changed.
    """
    return await shop.write(_refuse, task_id, why, by)


def _seen(view: View, task: TaskView) -> TaskSeen:
    return TaskSeen(task, get_by_line(view, task.line_id), find_inputs(view, task.line_id))


def _take(tx: Tx, task_id: int, by: str) -> TaskSeen:
    task = claim_task(tx, task_id, by=by)
    _record(tx, task, "task take", by)
    return _seen(tx, task)


def _leave(tx: Tx, task_id: int, by: str) -> None:
    give_back_task(tx, task_id, by=by)
    _record(tx, get_open(tx, task_id), "task leave", by)


def _look(tx: Tx, task_id: int, by: str) -> TaskSeen:
    task = get_open(tx, task_id)
    _require_own(tx, task, by)
    _record(tx, task, "task look", by)
    return replace(_seen(tx, task), inputs=look_at_inputs(tx, task.line_id, by=by))


def _require_own(tx: Tx, task: TaskView, by: str) -> None:
    if task.claimed_by != by or not task.is_claimed(tx.now):
        raise TaskTaken


def _finish(tx: Tx, task_id: int, receipt: SealedPiece | None, by: str) -> OrderView:
    task = get_open(tx, task_id)
    order = lock_by_line(tx, task.line_id)
    end_task(tx, task_id, TaskState.DONE, by=by)
    _record(tx, task, "task done", by)
    if order.state is not OrderState.PAID or not prove_by_hand(tx, task.line_id, receipt, by=by):
        raise TaskTaken
    carry_on(tx, order)
    return get_by_line(tx, task.line_id)


def _refuse(tx: Tx, task_id: int, why: Cannot, by: str) -> OrderView:
    task = get_open(tx, task_id)
    order = lock_by_line(tx, task.line_id)
    end_task(tx, task_id, TaskState.REFUSED, by=by, reason=why.value)
    _record(tx, task, "task cannot", by)
    if order.state is OrderState.PAID:
        carry_on(tx, order)
    return get_by_line(tx, task.line_id)


def _record(tx: Tx, task: TaskView, command: str, by: str) -> None:
    audit.record(tx, actor=by, command=command, details={"task": task.id, "line": task.line_id})
