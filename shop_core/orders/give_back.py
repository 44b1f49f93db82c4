"""Asking gateways to give money back, and recording what they said."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from shop_core.customers.people import Address
from shop_core.db.claims import Fenced, claim_due
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.read import lock_by_id
from shop_core.orders.steps import tell_refunded
from shop_core.payments.gateway import GatewayRefused, Gateways, NoSuchGateway, OnItsWay
from shop_core.payments.health import note_answer, note_silence
from shop_core.payments.models import Refund
from shop_core.payments.payments import get_payment
from shop_core.payments.receipts import Reason
from shop_core.payments.refunds import (
    LEASE,
    RefundView,
    as_refund,
    end_done,
    end_refused,
    put_off,
    report_stuck,
)

_NO_GATEWAY_PAUSE_S: Final = 600

log = structlog.get_logger()


async def send_refund(shop: Shop, refund: RefundView) -> None:
    """Ask the gateway to give money back. The row was committed before, so it may be asked again after any crash.

    May run twice, also side by side: a gateway gives the same money back once, and only one answer is recorded.
    """
    try:
        under_way = await shop.get(Gateways).giving_back(refund.receipt.gateway).give_back(refund.wanted())
    except NoSuchGateway:
        # Taken out of the config: the money waits until it is there again.
        await shop.write(put_off, refund, retry_after_s=_NO_GATEWAY_PAUSE_S)
    except GatewayRefused as refused:
        await _record(shop, refund, str(refused.details.get("said", "")))
    except RetryLater as error:
        await shop.write(_note_no_answer, refund, error.reason, error.retry_after_s)
    except Unknown as error:
        await shop.write(_note_no_answer, refund, error.reason, None)
    else:
        if under_way is None:
            await _record(shop, refund, None)
        else:
            await shop.write(_note_under_way, refund, under_way)


async def send_refunds(shop: Shop, *, limit: int = 10) -> int:
    """Send the refunds that wait. Returns how many were looked at. Finds those whose sender died."""
    refunds = await shop.write(_claim, limit)
    await asyncio.gather(*(send_refund(shop, refund) for refund in refunds))
    return len(refunds)


def _claim(tx: Tx, limit: int) -> list[RefundView]:
    return [as_refund(tx, row) for row in claim_due(tx, Refund, limit=limit, lease=LEASE)]


async def _record(shop: Shop, refund: RefundView, said: str | None) -> None:
    try:
        await shop.write(_end, refund, said)
    except Fenced:
        log.info("refund was taken over", refund=refund.id)


def _end(tx: Tx, refund: RefundView, said: str | None) -> None:
    """Book what the gateway answered, and tell whose money it is. ``said``: its reason for a no."""
    note_answer(tx, refund.receipt.gateway)
    # The order before the wallet, as everybody who pays or refunds one locks them.
    order = None if refund.order_id is None else lock_by_id(tx, refund.order_id)
    if said is None:
        end_done(tx, refund)
    else:
        end_refused(tx, refund, said)
    if order is not None:
        tell_refunded(tx, order)
    else:
        _tell(tx, refund, is_returned=said is None)


def _tell(tx: Tx, refund: RefundView, *, is_returned: bool) -> None:
    """Tell the payer of money that was not an order's refund. What staff gave back out of suspense they tell of."""
    receipt = refund.receipt
    if receipt.payment_id is None or receipt.payer is None:
        return
    if receipt.reason is Reason.WRONG_PAYER and not is_returned:
        return
    payment = get_payment(tx, receipt.payment_id)
    where = payment.address
    if receipt.reason is Reason.WRONG_PAYER:
        where = Address(where.channel, receipt.payer)
    args: dict[str, str | int] = {"reason": receipt.reason.value, "order_id": payment.subject_id or 0}
    if is_returned:
        args |= {"tender_minor": receipt.came.minor, "currency": receipt.came.currency}
    else:
        args |= {"amount_minor": receipt.amount.minor}
    news = NewsKind.MONEY_RETURNED if is_returned else NewsKind.MONEY_HELD
    what = "returned" if is_returned else "credited"
    queue_message(tx, where, news, args, cause=f"receipt:{receipt.id}:{what}")


def _note_under_way(tx: Tx, refund: RefundView, under_way: OnItsWay) -> None:
    """The gateway has taken it on: the money stays promised until it is back."""
    note_answer(tx, refund.receipt.gateway)
    put_off(tx, refund)
    if under_way.trouble is not None:
        report_stuck(tx, refund, under_way.trouble)


def _note_no_answer(tx: Tx, refund: RefundView, reason: str, retry_after_s: int | None) -> None:
    note_silence(tx, refund.receipt.gateway, reason)
    put_off(tx, refund, retry_after_s=retry_after_s)
