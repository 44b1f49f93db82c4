"""What a case is about: the order, the product, what the machine tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from shop_core.cases.cases import CaseKind, OpenCase
from shop_core.catalog.read import get_variant
from shop_core.db.tx import View
from shop_core.orders.read import OrderView, get_by_id
from shop_core.orders.trace import find_message, find_order_number, order_of_payment
from shop_core.payments.health import count_waiting
from shop_core.payments.refunds import get_refund
from shop_core.resale.unheard import see_unheard
from shop_core.stock.count import count_on_shelf
from shop_core.verification.pacing import see_sent


@dataclass(frozen=True, slots=True)
class CaseSubject:
    """What a case is about, where a screen can lead there.

    Attributes:
        tried: What the machine did or counted, as keys below ``admin.case.tried`` with a number each.
        placed: The order itself, where what was bought is the evidence.
        lacking: A variant of it that is to be stocked.
    """

    order: str | None = None
    problem: str = ""
    tried: tuple[tuple[str, int], ...] = ()
    product: int | None = None
    placed: OrderView | None = None
    lacking: int | None = None


def find_subject(view: View, case: OpenCase) -> CaseSubject:
    """What a case is about, as far as its kind says."""
    look = _LOOKS.get(case.kind)
    return CaseSubject() if look is None else look(view, case)


def _order_undelivered(view: View, case: OpenCase) -> CaseSubject:
    placed = get_by_id(view, case.subject_id)
    variants = [get_variant(view, line.variant_id) for line in placed.lines]
    shelves = count_on_shelf(view, [(variant.id, variant.sell_until_days) for variant in variants])
    emptiest = min(variants, key=lambda variant: shelves[variant.id].count)
    left = shelves[emptiest.id].count
    return CaseSubject(placed.number, tried=(("left", left),), placed=placed, lacking=emptiest.id)


def _order_refused(view: View, case: OpenCase) -> CaseSubject:
    return CaseSubject(order_of_payment(view, case.subject_id))


def _order_returning(view: View, case: OpenCase) -> CaseSubject:
    refund = get_refund(view, case.subject_id)
    payment_id = refund.receipt.payment_id
    order = None if payment_id is None else order_of_payment(view, payment_id)
    return CaseSubject(order)


def _message_unsent(view: View, case: OpenCase) -> CaseSubject:
    message = find_message(view, case.subject_id)
    if message is None:
        return CaseSubject()
    number = None if message.order_id is None else find_order_number(view, message.order_id)
    return CaseSubject(number, message.problem or "", (("sent", message.attempts),))


def _gateway_silent(view: View, case: OpenCase) -> CaseSubject:
    return CaseSubject(tried=(("waiting", count_waiting(view, str(case.evidence["gateway"]))),))


def _shelf_low(view: View, case: OpenCase) -> CaseSubject:
    variant = get_variant(view, case.subject_id)
    shelf = count_on_shelf(view, [(variant.id, variant.sell_until_days)])[variant.id]
    return CaseSubject(tried=(("left", shelf.count),), product=variant.product_id)


def _shop_unhearing(view: View, case: OpenCase) -> CaseSubject:
    return CaseSubject(
        str(case.evidence["order"]), tried=(("unheard", see_unheard(view, case.subject_id).count),)
    )


def _job_in_trouble(_: View, case: OpenCase) -> CaseSubject:
    counted = {key: int(case.evidence[key]) for key in ("found", "failed", "late_s") if key in case.evidence}
    return CaseSubject(tried=tuple(counted.items()))


def _codes_used_up(view: View, _: OpenCase) -> CaseSubject:
    sent = see_sent(view)
    return CaseSubject(tried=(("codes", sent.codes), ("people", sent.people)))


_LOOKS: Final[Mapping[CaseKind, Callable[[View, OpenCase], CaseSubject]]] = {
    CaseKind.UNDELIVERED: _order_undelivered,
    CaseKind.GATEWAY: _order_refused,
    CaseKind.REFUND: _order_returning,
    CaseKind.MESSAGE: _message_unsent,
    CaseKind.SILENT: _gateway_silent,
    CaseKind.STOCK: _shelf_low,
    CaseKind.JOB: _job_in_trouble,
    CaseKind.UNHEARD: _shop_unhearing,
    CaseKind.CODES: _codes_used_up,
}
