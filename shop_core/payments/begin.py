"""Asking a gateway: to begin a payment, and what it knows of one.

Intend → commit → call → record: the payment's row was committed before this runs, under a number of ours, so whatever
happens here is found again by the poller.
"""

from __future__ import annotations

from shop_core.cases.cases import CaseKind, is_gateway_reported, open_case
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.payments.gateway import Begun, GatewayRefused, Gateways
from shop_core.payments.health import note_answer, note_silence
from shop_core.payments.models import PaymentState
from shop_core.payments.payments import PaymentView, close_payment, get_payment, record_begun


async def begin(shop: Shop, payment: PaymentView) -> PaymentView:
    """Ask the payment's gateway for a way to pay, if it has not answered yet, and record the answer.

    May run twice, also side by side: gateways take the same number again, and only the first answer is recorded.

    Returns:
        The payment as it is now; still ``intended`` if the gateway could not be reached.

    Raises:
        GatewayRefused: A definite no; a case was opened for the owner.
    """
    if payment.state is not PaymentState.INTENDED:
        return payment
    gateway = shop.get(Gateways).get(payment.gateway)
    try:
        begun = await gateway.begin(payment.request())
    except GatewayRefused as refused:
        said = str(refused.details.get("said", ""))[:200]
        await shop.write(_note_refusal, payment, said)
        raise GatewayRefused(gateway=payment.gateway, number=payment.number, said=said) from refused
    except (RetryLater, Unknown) as error:
        await shop.write(note_silence, payment.gateway, error.reason)
        return payment
    return await shop.write(_record, payment, begun)


def _record(tx: Tx, payment: PaymentView, begun: Begun) -> PaymentView:
    note_answer(tx, payment.gateway)
    record_begun(tx, payment, link=begun.link, qr=begun.qr, gateway_ref=begun.gateway_ref)
    return get_payment(tx, payment.id)


def _note_refusal(tx: Tx, payment: PaymentView, said: str) -> None:
    note_answer(tx, payment.gateway)
    close_payment(tx, payment)
    if is_gateway_reported(tx, payment.gateway):
        return
    open_case(
        tx, CaseKind.GATEWAY, payment.id, {"gateway": payment.gateway, "number": payment.number, "said": said}
    )
