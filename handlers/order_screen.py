"""The screen of an order: one for each state it can be in, each naming what it means for the money and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from handlers.links import link
from handlers.screen import (
    Button,
    Code,
    CopyButton,
    File,
    Line,
    LinkButton,
    Qr,
    Screen,
    Style,
    UrlButton,
    Weight,
    order_slot,
)
from handlers.visit import Visit
from shop_core.catalog.read import pick
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, get_own
from shop_core.payments.models import PaymentState, Purpose
from shop_core.payments.payments import PaymentView, list_for
from shop_core.wallet.balance import balance_of

MOST_ON_SCREEN: Final = 10
"""Codes shown one by one; more of them come as a text file."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the screen is drawn from, as one read found it."""

    order: OrderView
    payments: Sequence[PaymentView]
    balance: Money

    chosen: int | None = None

    @property
    def waiting(self) -> PaymentView | None:
        """The payment that the buyer chose, or else the last one made."""
        waiting = [
            payment
            for payment in self.payments
            if payment.state in {PaymentState.INTENDED, PaymentState.OPEN}
        ]
        return next(
            (payment for payment in waiting if payment.id == self.chosen), waiting[-1] if waiting else None
        )


def order_facts(view: View, person_id: int, number: str) -> OrderFacts:
    """Read everything about a person's own order.

    Raises:
        NoSuchOrder: Not his.
    """
    order = get_own(view, person_id, number)
    payments = sorted(
        (*list_for(view, Purpose.ORDER, order.id), *list_for(view, Purpose.TOP_UP, order.id)),
        key=lambda payment: payment.id,
    )
    return OrderFacts(order, payments, balance_of(view, person_id))


async def show_order(visit: Visit, number: str, *, chosen: int | None = None) -> Screen:
    """The order as it is now.

    Args:
        chosen: The payment that the buyer has just asked for, where there are several.
    """
    facts = replace(await visit.shop.read(order_facts, visit.customer.person_id, number), chosen=chosen)
    screen = draw_order(visit, facts)
    # Refreshed, it may look as before: the notice tells that the press was heard.
    return screen.with_toast(visit.say("order.still_asking")) if _is_asking(visit, facts) else screen


async def show_ways(visit: Visit, number: str) -> Screen:
    """The order with all ways to pay it."""
    facts = await visit.shop.read(order_facts, visit.customer.person_id, number)
    if state_now(visit, facts.order) is not OrderState.AWAITING:
        return draw_order(visit, facts)
    return _choosing(visit, facts)


def draw_order(visit: Visit, facts: OrderFacts) -> Screen:
    """Draw an order."""
    match state_now(visit, facts.order):
        case OrderState.AWAITING:
            return _choosing(visit, facts) if facts.waiting is None else _paying(visit, facts, facts.waiting)
        case OrderState.DELIVERED:
            return _delivered(visit, facts.order)
        case OrderState.PAID:
            return _plain(visit, facts.order, "paid")
        case OrderState.REFUNDED:
            return _plain(visit, facts.order, "refunded")
        case OrderState.CANCELLED:
            return _plain(visit, facts.order, "cancelled")
        case OrderState.EXPIRED:
            return _plain(visit, facts.order, "expired")


def draw_codes(visit: Visit, order: OrderView, codes: Sequence[Secret]) -> Screen:
    """A delivered order with its codes open. Drawn for the one answer to the one who asked, and kept nowhere."""
    say = visit.say
    lines: list[Line | Code] = [*_head(visit, order, "delivered")]
    rows: list[tuple[Button, ...]] = []
    file = None
    if len(codes) <= MOST_ON_SCREEN:
        lines += [Code(code) for code in codes]
        label = "order.copy" if len(codes) == 1 else "order.copy_n"
        rows += [(CopyButton(say(label, n=place), code),) for place, code in enumerate(codes, start=1)]
    else:
        file = File(f"{order.number}.txt", Secret("\n".join(code.reveal() for code in codes) + "\n"))
        lines.append(Line(say("order.in_file", n=len(codes))))
    lines.append(Line(say("order.keep_safe"), Style.MUTED))
    again = link("variant", variant_id=order.lines[0].variant_id)
    rows.append((LinkButton(say("order.again"), again), _trouble(visit, order)))
    return Screen(tuple(lines), tuple(rows), slot=order_slot(order.number), file=file)


def state_now(visit: Visit, order: OrderView) -> OrderState:
    """The state, seeing an order whose time is over as expired even if the sweeper has not come by yet."""
    if order.state is OrderState.AWAITING and order.expires_at <= visit.shop.clock.now():
        return OrderState.EXPIRED
    return order.state


def _head(visit: Visit, order: OrderView, state: str) -> list[Line]:
    title = visit.say(f"order.{state}.title", number=visit.say.number(order.number))
    names = [Line(f"{pick(line.names, visit.language)} × {line.quantity}") for line in order.lines]
    return [Line(title, Style.TITLE), *names]


def _is_asking(visit: Visit, facts: OrderFacts) -> bool:
    """Whether the gateway has not said yet where to pay."""
    is_open = state_now(visit, facts.order) is OrderState.AWAITING
    return is_open and facts.waiting is not None and facts.waiting.state is PaymentState.INTENDED


def _choosing(visit: Visit, facts: OrderFacts) -> Screen:
    """No payment begun: price, balance, balance after, and a button for each way to pay."""
    order, say = facts.order, visit.say
    lines = [*_head(visit, order, "awaiting"), *_due(visit, order.total, order)]
    rows: list[tuple[Button, ...]] = []
    if facts.balance.minor:
        lines.append(Line(say("order.balance", amount=visit.money(facts.balance))))
    if order.total <= facts.balance:
        after = visit.money(facts.balance - order.total)
        lines.append(Line(say("order.balance_after", amount=after)))
        pay = say("order.pay_wallet", amount=visit.money(order.total))
        rows.append((LinkButton(pay, link("wallet", number=order.number), Weight.PRIMARY),))
    several = len(visit.gateways) > 1
    for gateway in visit.gateways:
        name = _way(visit, gateway) if several else say("gateway.online")
        if facts.balance.minor and not order.total <= facts.balance:
            rest = order.total - facts.balance
            text = say("order.pay_rest", way=name, rest=visit.money(rest), balance=visit.money(facts.balance))
            rows.append(
                (LinkButton(text, link("rest", number=order.number, gateway=gateway), Weight.PRIMARY),)
            )
        pay = say("order.pay_with", way=name, amount=visit.money(order.total))
        rows.append((LinkButton(pay, link("pay", number=order.number, gateway=gateway)),))
    if not rows:
        lines.append(Line(say("order.no_way"), Style.WARNING))
    rows.append((LinkButton(say("order.cancel"), link("cancel", number=order.number), Weight.DANGER),))
    return Screen(tuple(lines), tuple(rows), slot=order_slot(order.number), deadline=order.expires_at)


def _paying(visit: Visit, facts: OrderFacts, payment: PaymentView) -> Screen:
    """A payment is begun: its QR, its link, and "I have paid"."""
    order, say = facts.order, visit.say
    lines = [*_head(visit, order, "awaiting"), *_due(visit, payment.amount, order)]
    rows: list[tuple[Button, ...]] = []
    qr = None
    if payment.state is PaymentState.INTENDED:
        lines.append(Line(say("order.asking"), Style.MUTED))
        rows.append((LinkButton(say("order.refresh"), link("order", number=order.number), Weight.PRIMARY),))
    else:
        if payment.purpose is Purpose.TOP_UP:
            lines.append(Line(say("order.rest_hint", balance=visit.money(facts.balance)), Style.MUTED))
        code = payment.qr or payment.link
        qr = Qr(code, say("order.qr_alt", amount=visit.money(payment.amount))) if code else None
        first: list[Button] = [UrlButton(say("order.go_pay"), payment.link)] if payment.link else []
        rows.append((*first, LinkButton(say("order.i_paid"), link("paid", number=order.number))))
    other: list[Button] = []
    if facts.balance.minor or len(visit.gateways) > 1:
        other.append(LinkButton(say("order.other_way"), link("ways", number=order.number)))
    other.append(LinkButton(say("order.cancel"), link("cancel", number=order.number), Weight.DANGER))
    other.append(_trouble(visit, order))
    rows.append(tuple(other))
    return Screen(tuple(lines), tuple(rows), slot=order_slot(order.number), qr=qr, deadline=order.expires_at)


def _way(visit: Visit, gateway: str) -> str:
    """What a way to pay is called: by the catalogue if it knows the name, else as the owner named it."""
    key = f"gateway.{gateway}"
    return visit.say(key) if visit.say.has(key) else gateway


def _due(visit: Visit, amount: Money, order: OrderView) -> tuple[Line, Line]:
    until = visit.say("order.until", until=visit.say.clock(order.expires_at))
    return Line(visit.say("order.due", amount=visit.money(amount)), Style.STRONG), Line(until, Style.DEADLINE)


def _delivered(visit: Visit, order: OrderView) -> Screen:
    say = visit.say
    lines = [*_head(visit, order, "delivered"), Line(say("order.delivered.text"))]
    rows = (
        (LinkButton(say("order.reveal"), link("code", number=order.number), Weight.PRIMARY),),
        (
            LinkButton(say("order.again"), link("variant", variant_id=order.lines[0].variant_id)),
            _trouble(visit, order),
        ),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))


def _trouble(visit: Visit, order: OrderView) -> LinkButton:
    """Ask the shop about this order."""
    return LinkButton(visit.say("order.trouble"), link("support_order", number=order.number))


def _plain(visit: Visit, order: OrderView, state: str) -> Screen:
    say = visit.say
    lines = [*_head(visit, order, state), Line(say(f"order.{state}.text", amount=visit.money(order.total)))]
    rows = (
        (
            LinkButton(say("order.again"), link("variant", variant_id=order.lines[0].variant_id)),
            _trouble(visit, order),
        ),
        (LinkButton(say("button.home"), link("home")),),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))
