"""How far a direct top-up is, for its buyer: who is at it, since when nobody knows the end, and which words were wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shop_core.db.tx import View
from shop_core.delivery.inputs import KeptInputs, list_inputs
from shop_core.delivery.models import TaskState
from shop_core.delivery.tasks import TaskView, find_task
from shop_core.orders.by_hand import Cannot
from shop_core.orders.models import Source
from shop_core.orders.read import OrderView
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import PurchaseView, list_purchases
from shop_core.supply.supplier import No


@dataclass(frozen=True, slots=True)
class Progress:
    """What may be told.

    Attributes:
        inputs: What the buyer said, closed, with its masks.
        by_staff: Somebody of the shop does it by hand.
        part: A part is there already.
        unknown_since: When it was sent to a supplier who has not said what became of it.
        is_input_wrong: What the buyer said was refused.
    """

    inputs: Sequence[KeptInputs]
    by_staff: bool
    part: bool
    unknown_since: datetime | None
    is_input_wrong: bool


def find_progress(view: View, order: OrderView) -> Progress | None:
    """How far an order's direct top-up is; None: it is none."""
    lines = [line.id for line in order.lines if line.is_top_up]
    if not lines:
        return None
    purchases = list_purchases(view, lines)
    tasks = [task for line in lines if (task := find_task(view, line)) is not None]
    return Progress(
        list_inputs(view, lines),
        by_staff=any(task.state is TaskState.OPEN for task in tasks)
        or any(line.source is Source.STAFF for line in order.lines),
        part=any(task.part for task in tasks),
        unknown_since=next((one.sent_at for one in purchases if one.state is PurchaseState.UNKNOWN), None),
        is_input_wrong=_is_wrong(purchases, tasks),
    )


def _is_wrong(purchases: Sequence[PurchaseView], tasks: Sequence[TaskView]) -> bool:
    by_supplier = any(one.reason == No.INPUT.value for one in purchases)
    return by_supplier or any(task.reason == Cannot.INPUT.value for task in tasks)
