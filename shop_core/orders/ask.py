"""Asking gateways what they know: because the buyer says he has paid, or because it is time to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from shop_core.customers.people import Customer
from shop_core.db.claims import claim_due
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.orders.read import lock_own
from shop_core.orders.take_payment import Taken, take
from shop_core.payments.begin import begin
from shop_core.payments.gateway import GatewayRefused, Gateways, NoSuchGateway, Notice
from shop_core.payments.health import note_answer, note_silence
from shop_core.payments.models import Payment, PaymentState, Purpose
from shop_core.payments.payments import PaymentView, as_view, list_for, note_asked, schedule_next_look

LEASE: Final = timedelta(seconds=60)


async def ask_about_order(shop: Shop, customer: Customer, number: str) -> Taken | None:
    """The buyer says he has paid: ask the gateway now. Never marks anything paid by itself.

    Returns:
        What became of the money; ``NOT_PAID`` if the gateway knows of none; None if it could not be asked.

    Raises:
        NoSuchOrder: Not his.
        AskedTooSoon: Asked a moment ago.
    """
    payments = await shop.write(_note_asked, customer.person_id, number)
    answer: Taken | None = None
    for payment in payments:
        try:
            notice = await shop.get(Gateways).get(payment.gateway).query(payment.number)
        except (RetryLater, Unknown, NoSuchGateway):
            continue
        answer = await shop.write(_take_answer, payment, notice)
        if answer is not Taken.NOT_PAID:
            break
    return answer


def _note_asked(tx: Tx, person_id: int, number: str) -> Sequence[PaymentView]:
    order = lock_own(tx, person_id, number)
    found = [
        payment
        for purpose in (Purpose.ORDER, Purpose.TOP_UP)
        for payment in list_for(tx, purpose, order.id)
        if payment.state is not PaymentState.SETTLED
    ]
    for payment in found:
        note_asked(tx, payment.id)
    return found


async def poll_payments(shop: Shop, *, limit: int = 10) -> int:
    """Begin payments whose asker died, and ask about those that wait. Returns how many were looked at.

    This is what a shop behind NAT lives on, and what finds payments whose callback was lost.
    """
    rows = await shop.write(claim_due, Payment, limit=limit, lease=LEASE)
    looks = [_look_at(shop, as_view(row), row.attempts) for row in rows]
    # Side by side: a gateway that hangs does not keep the others' money waiting. One that breaks is told of last.
    failures = [error for error in await asyncio.gather(*looks, return_exceptions=True) if error is not None]
    if failures:
        raise failures[0]
    return len(rows)


async def _look_at(shop: Shop, payment: PaymentView, attempts: int) -> None:
    notice: Notice | None = None
    silence: str | None = None
    try:
        if payment.state is PaymentState.INTENDED:
            # Asked first: the one who began it may have died after the gateway had heard of it, and been paid since.
            notice = await shop.get(Gateways).get(payment.gateway).query(payment.number)
            if notice is None or not notice.paid:
                await begin(shop, payment)
        else:
            notice = await shop.get(Gateways).get(payment.gateway).query(payment.number)
    except (RetryLater, Unknown) as error:
        silence = error.reason
    except (GatewayRefused, NoSuchGateway):
        notice = None
    await shop.write(_record_look, payment, notice, silence, attempts)


def _record_look(
    tx: Tx, payment: PaymentView, notice: Notice | None, silence: str | None, attempts: int
) -> None:
    if silence is None:
        note_answer(tx, payment.gateway)
    else:
        note_silence(tx, payment.gateway, silence)
    if notice is not None and notice.paid:
        take(tx, payment.gateway, notice)
    schedule_next_look(tx, payment, attempts=attempts)


def _take_answer(tx: Tx, payment: PaymentView, notice: Notice | None) -> Taken:
    if notice is None:
        return Taken.NOT_PAID
    return take(tx, payment.gateway, notice)
