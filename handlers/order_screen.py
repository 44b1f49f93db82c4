"""The screen of an order: one for each state it can be in, each naming what it means for the money and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from handlers import topping_up
from handlers.links import link
from handlers.screen import (
    Bill,
    Button,
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
from shop_core.orders.models import OrderState
from shop_core.orders.pay import goods_of
from shop_core.orders.pay_door import PayDoor
from shop_core.orders.progress import Progress, find_progress
from shop_core.orders.read import OrderView, get_own
from shop_core.orders.spend import spendable
from shop_core.payments.gateway import Gateways
from shop_core.payments.models import PaymentState, Purpose, RefundState
from shop_core.payments.payments import PaymentView, list_for
from shop_core.payments.refunds import RefundView, find_refund
from shop_core.wallet.balance import balance_of


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the screen is drawn from, as one read found it.

    Attributes:
        payments: First made first. Only an order that waits for money has any use for them, or for a balance.
        balance: What may pay here.
        kept_back: What else is in the wallet, and came in another way than this channel allows.
        refund: The order's refund at the gateway that took the money.
        progress: How far a direct top-up is.
    """

    order: OrderView
    payments: Sequence[PaymentView]
    balance: Money
    kept_back: Money
    refund: RefundView | None = None
    chosen: int | None = None
    progress: Progress | None = None

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


def order_facts(view: View, person_id: int, number: str, ways: Collection[str] | None = None) -> OrderFacts:
    """Read everything about a person's own order.

    Args:
        ways: ``Visit.own_ways``.

    Raises:
        NoSuchOrder: Not his.
    """
    return facts_of(view, get_own(view, person_id, number), ways)


def facts_of(view: View, order: OrderView, ways: Collection[str] | None) -> OrderFacts:
    """Read everything about an order that its screen shows in the state it is in."""
    progress = find_progress(view, order)
    if order.state is not OrderState.AWAITING:
        refund = find_refund(view, order.id) if order.state is OrderState.REFUNDED else None
        nothing = Money(0, order.total.currency)
        return OrderFacts(order, (), nothing, nothing, refund, progress=progress)
    payments = sorted(
        (*list_for(view, Purpose.ORDER, order.id), *list_for(view, Purpose.TOP_UP, order.id)),
        key=lambda payment: payment.id,
    )
    balance = spendable(view, order.person_id, ways)
    kept_back = balance_of(view, order.person_id) - balance
    return OrderFacts(order, payments, balance, kept_back, progress=progress)


async def show_order(visit: Visit, number: str, *, chosen: int | None = None) -> Screen:
    """The order as it is now.

    Args:
        chosen: The payment that the buyer has just asked for, where there are several.
    """
    facts = await visit.shop.read(order_facts, visit.customer.person_id, number, visit.own_ways)
    facts = replace(facts, chosen=chosen)
    screen = draw_order(visit, facts)
    # Refreshed, it may look as before: the notice tells that the press was heard.
    return screen.with_toast(visit.say("order.still_asking")) if _is_asking(visit, facts) else screen


async def show_ways(visit: Visit, number: str) -> Screen:
    """The order with all ways to pay it."""
    facts = await visit.shop.read(order_facts, visit.customer.person_id, number, visit.own_ways)
    if state_now(visit, facts.order) is not OrderState.AWAITING:
        return draw_order(visit, facts)
    return _choosing(visit, facts)


def draw_order(visit: Visit, facts: OrderFacts) -> Screen:
    """Draw an order."""
    state = state_now(visit, facts.order)
    if facts.progress is not None and state in _TOPPED_UP:
        return _draw_top_up(visit, facts, facts.progress)
    match state:
        case OrderState.AWAITING:
            return _awaiting(visit, facts)
        case OrderState.DELIVERED:
            return _delivered(visit, facts.order)
        case OrderState.PAID:
            return _plain(visit, facts.order, "paid")
        case OrderState.REFUNDED:
            return _refunded(visit, facts.order, facts.refund)
        case OrderState.CANCELLED | OrderState.EXPIRED:
            return _plain(visit, facts.order, state.value)


_TOPPED_UP: Final = frozenset({OrderState.PAID, OrderState.DELIVERED, OrderState.REFUNDED})


def _draw_top_up(visit: Visit, facts: OrderFacts, progress: Progress) -> Screen:
    match facts.order.state:
        case OrderState.PAID:
            head = head_lines(visit, facts.order, "topping")
            return topping_up.under_way(visit, facts.order, head, progress)
        case OrderState.DELIVERED:
            return topping_up.done(visit, facts.order, head_lines(visit, facts.order, "topped_up"), progress)
        case _:
            refunded = _refunded(visit, facts.order, facts.refund)
            wrong = Line(visit.say("topping.wrong")) if progress.is_input_wrong else None
            said = [*topping_up.echo_lines(visit, progress), *([wrong] if wrong else [])]
            above = 1 + len(facts.order.lines)
            lines = (*refunded.lines[:above], *said, *refunded.lines[above:])
            return replace(refunded, lines=lines)


def _awaiting(visit: Visit, facts: OrderFacts) -> Screen:
    payment = facts.waiting
    if payment is None or (_is_bill(visit, payment) and payment.gateway not in visit.gateways):
        return _choosing(visit, facts)
    return _paying(visit, facts, payment)


def _is_bill(visit: Visit, payment: PaymentView) -> bool:
    """Whether the channel itself is to take the money: its gateway has nothing to open or to scan."""
    return payment.state is PaymentState.OPEN and visit.shop.get(Gateways).takes_in_chat(payment.gateway)


def state_now(visit: Visit, order: OrderView) -> OrderState:
    """The state, seeing an order whose time is over as expired even if the sweeper has not come by yet."""
    if order.state is OrderState.AWAITING and order.expires_at <= visit.shop.clock.now():
        return OrderState.EXPIRED
    return order.state


def head_lines(visit: Visit, order: OrderView, state: str) -> list[Line]:
    """What it is, in which state, and what was bought."""
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
    said = topping_up.echo_lines(visit, facts.progress)
    lines = [*head_lines(visit, order, "awaiting"), *said, *_due(visit, order.total, order)]
    rows: list[tuple[Button, ...]] = []
    if facts.balance.minor:
        lines.append(Line(say("order.balance", amount=visit.money(facts.balance))))
    if facts.kept_back.minor:
        lines.append(Line(say("order.balance_elsewhere", amount=visit.money(facts.kept_back)), Style.MUTED))
    if order.total <= facts.balance:
        after = visit.money(facts.balance - order.total)
        lines.append(Line(say("order.balance_after", amount=after)))
        pay = say("order.pay_wallet", amount=visit.money(order.total))
        rows.append((LinkButton(pay, link("wallet", number=order.number), Weight.PRIMARY),))
    several = len(visit.gateways) > 1
    for gateway in visit.gateways:
        name = way_name(visit, gateway) if several else say("gateway.online")
        if facts.balance.minor and not order.total <= facts.balance:
            rest = price_at(visit, gateway, order.total - facts.balance, {})
            text = say("order.pay_rest", way=name, rest=rest, balance=visit.money(facts.balance))
            rows.append(
                (LinkButton(text, link("rest", number=order.number, gateway=gateway), Weight.PRIMARY),)
            )
        pay = say("order.pay_with", way=name, amount=price_at(visit, gateway, order.total, goods_of(order)))
        rows.append((LinkButton(pay, link("pay", number=order.number, gateway=gateway)),))
    if not rows:
        lines.append(Line(say("order.no_way"), Style.WARNING))
    rows.append((LinkButton(say("order.cancel"), link("cancel", number=order.number), Weight.DANGER),))
    return Screen(tuple(lines), tuple(rows), slot=order_slot(order.number), deadline=order.expires_at)


def _paying(visit: Visit, facts: OrderFacts, payment: PaymentView) -> Screen:
    """A payment is begun: its QR, its link, and "I have paid"."""
    order, say = facts.order, visit.say
    said = topping_up.echo_lines(visit, facts.progress)
    due = _due(visit, payment.amount, order, payment.due)
    lines = [*head_lines(visit, order, "awaiting"), *said, *due]
    rows: list[tuple[Button, ...]] = []
    qr = bill = None
    if payment.state is PaymentState.INTENDED:
        lines.append(Line(say("order.asking"), Style.MUTED))
        rows.append((LinkButton(say("order.refresh"), link("order", number=order.number), Weight.PRIMARY),))
    else:
        if payment.purpose is Purpose.TOP_UP:
            lines.append(Line(say("order.rest_hint", balance=visit.money(facts.balance)), Style.MUTED))
        if _is_bill(visit, payment):
            bill = _bill(visit, order, payment)
        code = payment.qr or payment.link
        qr = Qr(code, say("order.qr_alt", amount=visit.money(payment.amount))) if code else None
        address = _where_to_pay(visit, order, payment)
        first: list[Button] = [UrlButton(say("order.go_pay"), address)] if address else []
        rows.append((*first, LinkButton(say("order.i_paid"), link("paid", number=order.number))))
    other: list[Button] = []
    if facts.balance.minor or len(visit.gateways) > 1:
        other.append(LinkButton(say("order.other_way"), link("ways", number=order.number)))
    other.append(LinkButton(say("order.cancel"), link("cancel", number=order.number), Weight.DANGER))
    other.append(trouble_button(visit, order))
    rows.append(tuple(other))
    slot = order_slot(order.number)
    return Screen(tuple(lines), tuple(rows), slot=slot, qr=qr, bill=bill, deadline=order.expires_at)


def _where_to_pay(visit: Visit, order: OrderView, payment: PaymentView) -> str | None:
    """The gateway's own page; ours, where the chat can show no code to scan, or where nothing but ours takes the money."""
    if _is_bill(visit, payment) or (not visit.only_types and (payment.link or payment.qr)):
        return payment.link
    return visit.shop.get(PayDoor).link(visit.shop, order.number) or payment.link


def _bill(visit: Visit, order: OrderView, payment: PaymentView) -> Bill:
    goods = f"{pick(order.lines[0].names, visit.language)} × {order.quantity}"
    pay = visit.say("order.pay_bill", amount=visit.money(payment.due))
    return Bill(payment.number, goods, payment.due, pay, link("order", number=order.number))


def price_at(visit: Visit, gateway: str, amount: Money, goods: Mapping[int, int]) -> str:
    """What a gateway will ask for, in its own currency if it has one."""
    tender = visit.shop.get(Gateways).tender(gateway, amount, goods)
    return visit.money(amount if tender is None else tender.amount)


def way_name(visit: Visit, gateway: str) -> str:
    """What a way to pay is called: by the catalogue if it knows the name, else as the owner named it."""
    key = f"gateway.{gateway}"
    return visit.say(key) if visit.say.has(key) else gateway


def _due(visit: Visit, amount: Money, order: OrderView, tender: Money | None = None) -> tuple[Line, Line]:
    """What is due until when. ``tender``: how much of the gateway's own currency that is."""
    due = visit.say("order.due", amount=visit.money(amount))
    if tender is not None and tender != amount:
        due = visit.say("order.due_tender", tender=visit.money(tender), amount=visit.money(amount))
    until = visit.say("order.until", until=visit.say.clock(order.expires_at))
    return Line(due, Style.STRONG), Line(until, Style.DEADLINE)


def _delivered(visit: Visit, order: OrderView) -> Screen:
    say = visit.say
    lines = [*head_lines(visit, order, "delivered"), Line(say("order.delivered.text"))]
    rows = (
        (LinkButton(say("order.reveal"), link("code", number=order.number), Weight.PRIMARY),),
        (
            LinkButton(say("order.again"), link("variant", variant_id=order.lines[0].variant_id)),
            trouble_button(visit, order),
        ),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))


def trouble_button(visit: Visit, order: OrderView) -> LinkButton:
    """Ask the shop about this order."""
    return LinkButton(visit.say("order.trouble"), link("support_order", number=order.number))


def _refunded(visit: Visit, order: OrderView, refund: RefundView | None) -> Screen:
    """Given back: to the balance, or where it came from."""
    if refund is None or refund.state is RefundState.REFUSED:
        return _plain(visit, order, "refunded")
    key = "order.returned.text" if refund.state is RefundState.DONE else "order.returning.text"
    text = visit.say(
        key, amount=visit.money(refund.receipt.came), way=way_name(visit, refund.receipt.gateway)
    )
    return _with_text(visit, order, "refunded", text)


def _plain(visit: Visit, order: OrderView, state: str) -> Screen:
    text = visit.say(f"order.{state}.text", amount=visit.money(order.total))
    return _with_text(visit, order, state, text)


def _with_text(visit: Visit, order: OrderView, state: str, text: str) -> Screen:
    say = visit.say
    lines = [*head_lines(visit, order, state), Line(text)]
    rows = (
        (
            LinkButton(say("order.again"), link("variant", variant_id=order.lines[0].variant_id)),
            trouble_button(visit, order),
        ),
        (LinkButton(say("button.home"), link("home")),),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))
