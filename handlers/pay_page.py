"""The payment screen as a page of its own, for a chat that cannot show it: what, how much, until when, and how.

Whoever holds the address may be anybody, so the page says nothing else of the order, and cannot cancel it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from handlers.order_screen import OrderFacts, order_facts, price_at, state_now, way_name
from handlers.refusals import refusal_text
from handlers.screen import Qr
from handlers.visit import Visit
from handlers.words import Words
from shop_core.catalog.read import pick
from shop_core.customers.people import find_customer
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.orders.ask import ask_about_order
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.pay import goods_of, pay_by_gateway
from shop_core.orders.pay_door import PayDoor, find_to_pay
from shop_core.payments.gateway import Gateways
from shop_core.payments.models import PaymentState
from shop_core.payments.payments import PaymentView

_STATES: Final = {
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "expired",
    OrderState.AWAITING: "awaiting",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay, as a button."""

    gateway: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PayPage:
    """What the page shows.

    Attributes:
        language: Of its words.
        channel: Where the chat is that it leads back to.
        goods: Name and quantity, a line each.
        state: ``awaiting``, ``paid`` (whatever came after that), ``cancelled`` or ``expired``.
        deadline: Until when it can be paid; None: it cannot, or need not.
        link: Where the chosen way is paid.
        call: What the browser itself is called with, where the chosen way is paid on this very page (``PaysOnPage``).
        call_text: The button for that.
        address: Of this page, for another device.
        text: What the state means.
        mark: Changes with whatever the page shows.
    """

    language: str
    channel: str
    shop: str
    goods: Sequence[str]
    amount: str
    state: str
    text: str
    mark: str
    deadline: datetime | None = None
    ways: Sequence[Way] = ()
    qr: Qr | None = None
    link: str | None = None
    call: Mapping[str, str] | None = None
    call_text: str = ""
    address: str | None = None


async def show(shop: Shop, number: str, proof: str) -> PayPage:
    """The page of an order as it is now.

    Raises:
        NoSuchOrder: The address leads nowhere.
    """
    return _draw(*await _come(shop, number, proof))


async def choose(shop: Shop, number: str, proof: str, gateway: str) -> None:
    """Ask a gateway for the money, as the buyer would by pressing its button.

    Raises:
        NoSuchOrder: The address leads nowhere.
        ShopError: Why he would be refused.
    """
    visit, facts = await _come(shop, number, proof)
    title = f"{_name_of(visit)} {visit.say.number(facts.order.number)}"
    await pay_by_gateway(shop, visit.customer, facts.order.number, gateway, title=title)


async def ask(shop: Shop, number: str, proof: str) -> None:
    """Ask the gateway now whether the money has come.

    Raises:
        NoSuchOrder: The address leads nowhere.
        ShopError: Why it is not asked.
    """
    visit, facts = await _come(shop, number, proof)
    await ask_about_order(shop, visit.customer, facts.order.number)


async def say_why(shop: Shop, number: str, proof: str, error: ShopError) -> str:
    """A refusal in the buyer's words.

    Raises:
        NoSuchOrder: The address leads nowhere.
    """
    visit, _ = await _come(shop, number, proof)
    return refusal_text(visit, error)


async def _come(shop: Shop, number: str, proof: str) -> tuple[Visit, OrderFacts]:
    """The order with the eyes of its buyer.

    Raises:
        NoSuchOrder: The address leads nowhere.
    """
    order = await shop.read(find_to_pay, shop, number, proof)
    where = order.address
    customer = await shop.read(find_customer, channel=where.channel, external_id=where.external_id)
    if customer is None:
        raise NoSuchOrder
    visit = Visit(shop, customer, shop.get(Words).to(customer.language).in_zone(customer.timezone))
    return visit, await shop.read(order_facts, order.person_id, order.number, visit.own_ways)


def _name_of(visit: Visit) -> str:
    """What the shop is called where the buyer is."""
    policy = visit.shop.policy
    return policy.channel_names.get(visit.customer.channel, policy.name)


def _draw(visit: Visit, facts: OrderFacts) -> PayPage:
    order, payment, say = facts.order, facts.waiting, visit.say
    state = _STATES.get(state_now(visit, order), "paid")
    page = PayPage(
        visit.language,
        visit.customer.channel,
        _name_of(visit),
        [f"{pick(line.names, visit.language)} × {line.quantity}" for line in order.lines],
        visit.money(order.total),
        state,
        say(f"pay_page.{state}"),
        mark=state,
    )
    if state != "awaiting":
        return page
    names = visit.shop.get(Gateways).names_on_page(visit.customer.channel)
    shown = payment if payment is not None and payment.gateway in names else None
    ways = [
        Way(
            name,
            say(
                "pay_page.way",
                way=way_name(visit, name),
                amount=price_at(visit, name, order.total, goods_of(order)),
            ),
            is_chosen=shown is not None and shown.gateway == name,
        )
        for name in names
    ]
    page = replace(page, deadline=order.expires_at, ways=ways)
    if shown is None:
        return page if names else replace(page, text=say("pay_page.in_chat"))
    code = shown.qr or shown.link
    call = _call(visit, shown)
    return replace(
        page,
        amount=visit.money(shown.due),
        mark=f"{state}-{shown.id}-{shown.state.value}",
        qr=Qr(code, say("order.qr_alt", amount=visit.money(shown.due))) if code else None,
        link=shown.link,
        call=call,
        call_text=say("pay_page.way", way=way_name(visit, shown.gateway), amount=visit.money(shown.due)),
        address=None if call is None else visit.shop.get(PayDoor).link(visit.shop, order.number),
        text=say("order.asking") if shown.state is PaymentState.INTENDED else page.text,
    )


def _call(visit: Visit, payment: PaymentView) -> Mapping[str, str] | None:
    """The call, where the gateway answered with neither link nor code."""
    if payment.state is not PaymentState.OPEN or payment.link or payment.qr or payment.gateway_ref is None:
        return None
    return visit.shop.get(Gateways).page_call(payment.gateway, payment.gateway_ref)
