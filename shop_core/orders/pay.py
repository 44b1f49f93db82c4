"""Paying an order: from the wallet at once, or by asking a gateway for the money."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from shop_core.customers.people import Customer, lock_person
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.orders.errors import NotPayable
from shop_core.orders.models import OrderState
from shop_core.orders.place import Wish, place
from shop_core.orders.read import OrderView, lock_own
from shop_core.orders.spend import require_spendable, spendable
from shop_core.orders.steps import TOLD_BY_ANSWER, book_paid, close_payments, deliver_paid
from shop_core.payments.begin import begin
from shop_core.payments.gateway import Gateways
from shop_core.payments.models import Purpose
from shop_core.payments.payments import Intent, PaymentView, find_usable, intend

WALLET = "wallet"
"""What ``Order.paid_with`` says of an order paid from the balance."""


async def pay_from_wallet(shop: Shop, customer: Customer, number: str) -> OrderView:
    """Pay an order from the buyer's balance and deliver it, in one transaction.

    May run twice: the second finds the order paid and says so.

    Raises:
        NoSuchOrder: Not his.
        NotPayable: Not waiting for money (any more).
        InsufficientBalance: Less there than the order costs. Nothing was taken.
        SpendElsewhere: His channel does not let this balance pay. Nothing was taken.
    """
    ways = shop.get(Gateways).own_ways(customer.channel)
    return await shop.write(_pay_from_wallet, customer.person_id, number, ways)


def _pay_from_wallet(tx: Tx, person_id: int, number: str, ways: Collection[str] | None) -> OrderView:
    require_spendable(tx, person_id, ways)
    return pay_waiting_from_wallet(tx, person_id, number, told_in=TOLD_BY_ANSWER)


def pay_waiting_from_wallet(
    tx: Tx, person_id: int, number: str, *, told_in: timedelta = timedelta(0)
) -> OrderView:
    """The step, also used when a top-up was made for an order."""
    order = lock_own(tx, person_id, number)
    require_payable(tx, order)
    book_paid(tx, order, source=accounts.wallet(person_id))
    is_out = deliver_paid(tx, order, paid_with=WALLET, told_in=told_in)
    close_payments(tx, order)
    return replace(order, state=OrderState.DELIVERED if is_out else OrderState.PAID, paid_with=WALLET)


def require_payable(tx: Tx, order: OrderView) -> None:
    """Insist that the order still waits for money.

    Raises:
        NotPayable: It does not, or its deadline has passed and the sweeper has not come by yet.
    """
    if order.state is not OrderState.AWAITING:
        raise NotPayable(state=order.state.value)
    if order.expires_at <= tx.now:
        raise NotPayable(state=OrderState.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The way to pay that a buyer chose, and what the payer reads there."""

    gateways: Gateways
    gateway: str
    title: str


async def pay_by_gateway(
    shop: Shop, customer: Customer, number: str, gateway: str, *, title: str
) -> PaymentView:
    """Ask a gateway for the money of an order. Pressing twice asks once.

    Returns:
        The payment, with its link or QR text if the gateway answered; without, if it is being asked again by the poller.

    Raises:
        NoSuchOrder, NotPayable, NoSuchGateway: Nobody was asked.
        GatewayRefused: The gateway does not want to.
    """
    gateways = shop.get(Gateways)
    gateways.require_on(customer.channel, gateway)
    payment = await shop.write(_intend_order, customer, number, Chosen(gateways, gateway, title))
    return await begin(shop, payment)


def _intend_order(tx: Tx, customer: Customer, number: str, chosen: Chosen) -> PaymentView:
    order = lock_own(tx, customer.person_id, number)
    require_payable(tx, order)
    return intend_order(tx, order, chosen, amount=order.total, purpose=Purpose.ORDER)


async def top_up_difference(
    shop: Shop, customer: Customer, number: str, gateway: str, *, title: str
) -> PaymentView:
    """Ask for exactly what the balance lacks; when it is in, the order is paid from the balance.

    Raises:
        NoSuchOrder, NotPayable, NoSuchGateway: Nobody was asked.
        SpendElsewhere: His channel does not let his balance pay.
        GatewayRefused: The gateway does not want to.
    """
    gateways = shop.get(Gateways)
    gateways.require_on(customer.channel, gateway)
    payment = await shop.write(_intend_difference, customer, number, Chosen(gateways, gateway, title))
    return await begin(shop, payment)


def _intend_difference(tx: Tx, customer: Customer, number: str, chosen: Chosen) -> PaymentView:
    lock_person(tx, customer.person_id)
    order = lock_own(tx, customer.person_id, number)
    require_payable(tx, order)
    ways = chosen.gateways.own_ways(customer.channel)
    require_spendable(tx, customer.person_id, ways)
    lacking = order.total - spendable(tx, customer.person_id, ways)
    if lacking.minor <= 0:
        raise NotPayable(state="enough_balance")
    return intend_order(tx, order, chosen, amount=lacking, purpose=Purpose.TOP_UP)


def intend_order(tx: Tx, order: OrderView, chosen: Chosen, *, amount: Money, purpose: Purpose) -> PaymentView:
    """Intend a payment for a locked order, or find the one that waits already.

    Where the gateway has a currency of its own, how much of it is fixed here, whatever becomes of its rate.
    """
    usable = find_usable(tx, purpose, order.id, gateway=chosen.gateway, amount=amount)
    if usable is not None:
        return usable
    goods = goods_of(order) if purpose is Purpose.ORDER else {}
    return intend(
        tx,
        Intent(
            order.number,
            chosen.gateway,
            purpose,
            order.id,
            order.person_id,
            order.address,
            chosen.title,
            amount,
            order.expires_at,
            chosen.gateways.tender(chosen.gateway, amount, goods),
        ),
    )


def goods_of(order: OrderView) -> dict[int, int]:
    """Variant → quantity."""
    goods: dict[int, int] = {}
    for line in order.lines:
        goods[line.variant_id] = goods.get(line.variant_id, 0) + line.quantity
    return goods


async def buy(
    shop: Shop, customer: Customer, wish: Wish, gateway: str, *, title: str
) -> tuple[str, PaymentView]:
    """Place an order and ask its only way to pay, in the same transaction: one press, one answer.

    Raises:
        As ``place_order`` and ``pay_by_gateway``.
    """
    gateways = shop.get(Gateways)
    gateways.require_on(customer.channel, gateway)
    payment = await shop.write(_place_and_intend, customer, wish, Chosen(gateways, gateway, title))
    return payment.number[:8], await begin(shop, payment)


def _place_and_intend(tx: Tx, customer: Customer, wish: Wish, chosen: Chosen) -> PaymentView:
    number = place(tx, customer, wish)
    return _intend_order(tx, customer, number, chosen)
