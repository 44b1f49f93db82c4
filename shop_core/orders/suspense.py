"""Staff find a place for odd money."""

from __future__ import annotations

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.read import lock_any
from shop_core.payments.receipts import ReceiptView, credit_suspense, return_suspense
from shop_core.staff import audit


async def credit_to_buyer(shop: Shop, receipt_id: int, number: str, *, by: str) -> Money:
    """Put suspended money into the wallet of an order's buyer, and tell him.

    Raises:
        NoSuchOrder: No such order.
        NoSuchReceipt: Somebody settled it already; nothing was booked.
    """
    return await shop.write(_credit, receipt_id, number, by)


def _credit(tx: Tx, receipt_id: int, number: str, by: str) -> Money:
    order = lock_any(tx, number)
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


async def mark_returned(shop: Shop, receipt_id: int, *, by: str) -> ReceiptView:
    """Record that staff sent suspended money back at the gateway.

    Raises:
        NoSuchReceipt: Somebody settled it already; nothing was booked.
    """
    return await shop.write(_return, receipt_id, by)


def _return(tx: Tx, receipt_id: int, by: str) -> ReceiptView:
    receipt = return_suspense(tx, receipt_id, by=by)
    audit.record(tx, actor=by, command="suspense.return", details={"receipt": receipt_id})
    return receipt
