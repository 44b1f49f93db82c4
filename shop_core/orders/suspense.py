"""Staff find a place for odd money."""

from __future__ import annotations

from dataclasses import dataclass

from shop_core.customers.people import lock_person, require_somebody
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.candidates import surplus
from shop_core.orders.errors import NotPayable
from shop_core.orders.give_back import send_refund
from shop_core.orders.models import OrderState
from shop_core.orders.pay import WALLET
from shop_core.orders.read import OrderView, get_any, lock_any
from shop_core.orders.steps import book_paid, close_payments, deliver_paid, hold_again
from shop_core.payments.receipts import (
    Reason,
    ReceiptView,
    credit_suspense,
    get_receipt,
    match_suspense,
    return_suspense,
)
from shop_core.payments.refunds import LEASE, RefundView, return_suspended
from shop_core.staff import audit
from shop_core.stock.errors import OutOfStock


async def credit_to_buyer(shop: Shop, receipt_id: int, number: str, *, by: str) -> Money:
    """Put suspended money into the wallet of an order's buyer, and tell him.

    Raises:
        NoSuchOrder: No such order.
        NoSuchReceipt: Somebody settled it already; nothing was booked.
        PersonErased: He has no wallet any more.
    """
    return await shop.write(_credit, receipt_id, number, by)


def _credit(tx: Tx, receipt_id: int, number: str, by: str) -> Money:
    order = lock_any(tx, number)
    require_somebody(order.address)
    receipt = credit_suspense(tx, receipt_id, order.person_id, by=by)
    queue_message(
        tx,
        order.address,
        NewsKind.MONEY_HELD,
        {"amount_minor": receipt.amount.minor, "reason": receipt.reason.value, "order_id": order.id},
        cause=f"receipt:{receipt_id}:credited",
    )
    audit.record(
        tx, actor=by, command="suspense.credit", details={"receipt": receipt_id, "order": order.number}
    )
    return receipt.amount


@dataclass(frozen=True, slots=True)
class OddPaid:
    """An order that odd money has paid. ``over``: what went into the buyer's balance."""

    order: OrderView
    over: Money


async def pay_with_odd_money(shop: Shop, receipt_id: int, number: str, *, by: str) -> OddPaid:
    """Pay an order with suspended money, deliver it, and put what is left into its buyer's wallet: one transaction.

    An order whose time was up looks for codes again. A second time finds the money settled.

    Raises:
        NoSuchOrder: No such order.
        NoSuchReceipt: Somebody settled it already.
        NotPayable: The order takes no money any more, or this is too little, or of another currency.
        OutOfStock: The order's time was up and its codes are gone. In every case nothing was booked.
    """
    return await shop.write(_pay, receipt_id, number, by)


def _pay(tx: Tx, receipt_id: int, number: str, by: str) -> OddPaid:
    # Person, then order, as everybody locks them.
    lock_person(tx, get_any(tx, number).person_id)
    order = lock_any(tx, number)
    receipt = match_suspense(tx, receipt_id, order.person_id, by=by)
    over = surplus(order, receipt.amount)
    if over is None:
        raise NotPayable(state=order.state.value)
    late = order.state is not OrderState.AWAITING
    if late and not hold_again(tx, order):
        raise OutOfStock
    book_paid(tx, order, source=accounts.wallet(order.person_id))
    close_payments(tx, order)
    _tell_paid(tx, order, receipt_id, over, late=late)
    deliver_paid(tx, order, paid_with=WALLET)
    details: dict[str, str | int] = {
        "receipt": receipt_id,
        "order": order.number,
        "over": over.decimal_text(),
    }
    audit.record(tx, actor=by, command="suspense.pay", details=details)
    return OddPaid(order, over)


def _tell_paid(tx: Tx, order: OrderView, receipt_id: int, over: Money, *, late: bool) -> None:
    about: dict[str, int | str] = {"order_id": order.id}
    if over.minor:
        args = {**about, "amount_minor": over.minor, "reason": Reason.OVER.value}
        queue_message(tx, order.address, NewsKind.MONEY_HELD, args, cause=f"receipt:{receipt_id}:over")
    if late:
        queue_message(tx, order.address, NewsKind.ORDER_PAID_LATE, about, cause=f"order:{order.id}:late")


async def mark_returned(shop: Shop, receipt_id: int, *, by: str) -> ReceiptView:
    """Give suspended money back: its gateway is asked to, if it does that; else this records that staff did it there.

    Raises:
        NoSuchReceipt: Somebody settled it already; nothing was booked.
    """
    receipt, refund = await shop.write(_return, receipt_id, by)
    if refund is not None:
        await send_refund(shop, refund)
    return receipt


def _return(tx: Tx, receipt_id: int, by: str) -> tuple[ReceiptView, RefundView | None]:
    receipt, refund = get_receipt(tx, receipt_id), None
    if receipt.payer is None:
        receipt = return_suspense(tx, receipt_id, by=by)
    else:
        refund = return_suspended(tx, receipt, by=by, due_in=LEASE)
    audit.record(tx, actor=by, command="suspense.return", details={"receipt": receipt_id})
    return receipt, refund
