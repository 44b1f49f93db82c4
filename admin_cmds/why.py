"""Why has an order not been delivered? The facts in the order of events, then the next step."""

from __future__ import annotations

from typing import Final

from admin_cmds.command import Desk
from admin_cmds.found import way_text
from admin_cmds.links import link_to
from admin_cmds.purchases import reason_text
from admin_cmds.sales import PAID, OrderSeen, came_text, see_order
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.messaging.queue import MessageState, NewsKind
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.trace import MessageTrace, OrderTrace, PaymentTrace, find_by_any_number
from shop_core.payments.models import PaymentState, Purpose, ReceiptState
from shop_core.payments.receipts import ReceiptView
from shop_core.supply.purchases import PurchaseView

_PURCHASES: Final = 2
"""The latest purchases that have a button: which of them matters is almost always the last."""

UNPAID: Final = frozenset({OrderState.AWAITING, OrderState.CANCELLED, OrderState.EXPIRED})


async def why(desk: Desk, number: str) -> Screen:
    """Walk through what is known of an order."""
    found = await desk.shop.read(find_by_any_number, number)
    if found.order_number is None:
        raise NoSuchOrder
    seen = await desk.shop.read(see_order, found.order_number)
    trace = seen.trace
    number_text = desk.say.number(trace.order.number)
    title = desk.say(f"order.{trace.order.state.value}.title", number=number_text)
    facts = [_state_text(desk, trace), *_payment_texts(desk, trace)]
    facts += [_receipt_text(desk, receipt) for receipt in trace.receipts]
    facts += [_purchase_text(desk, purchase) for purchase in trace.purchases]
    facts += _delivery_texts(desk, trace)
    facts += [_message_text(desk, message) for message in trace.messages]
    following = Line(desk.say(f"admin.why.next.{_next_step(trace)}"), Style.STRONG)
    lines = (Line(title, Style.TITLE), *(Line(fact) for fact in facts), following)
    return Screen(lines, _rows(desk, seen))


def _state_text(desk: Desk, trace: OrderTrace) -> str:
    """The first fact: where the order is, and since when."""
    placed, say = trace.order, desk.say
    match placed.state:
        case OrderState.AWAITING:
            key = "late" if _now_past(desk, trace) else "awaiting"
            return say(f"admin.why.{key}", until=say.clock(placed.expires_at))
        case OrderState.PAID | OrderState.DELIVERED:
            at = placed.paid_at or placed.placed_at
            way = way_text(desk, placed.paid_with or "")
            return say(
                f"admin.why.{placed.state.value}", at=say.day(at), way=way, amount=desk.money(placed.total)
            )
        case OrderState.CANCELLED | OrderState.EXPIRED | OrderState.REFUNDED:
            at = placed.ended_at or placed.expires_at
            return say(f"admin.why.{placed.state.value}", at=say.day(at), amount=desk.money(placed.total))


def _now_past(desk: Desk, trace: OrderTrace) -> bool:
    return trace.order.expires_at <= desk.shop.clock.now()


def _payment_texts(desk: Desk, trace: OrderTrace) -> list[str]:
    """What each gateway was asked and what it knows. Paid from the balance, none was asked."""
    if trace.order.state in UNPAID and not trace.payments:
        return [desk.say("admin.why.no_payment")]
    texts = [_payment_text(desk, payment) for payment in trace.payments]
    texts += [desk.say("admin.why.refused", said=said) for said in trace.refusals]
    return texts


def _payment_text(desk: Desk, asked: PaymentTrace) -> str:
    payment, say = asked.payment, desk.say
    purpose = "top_up" if payment.purpose is Purpose.TOP_UP else "order"
    head = say(
        f"admin.why.payment.{purpose}",
        number=payment.number,
        way=way_text(desk, payment.gateway),
        amount=came_text(desk, payment.amount, payment.due),
    )
    tail = [say(f"admin.why.payment.{payment.state.value}")]
    if asked.asked_at is not None:
        tail.append(say("admin.why.asked", at=say.clock(asked.asked_at)))
    if payment.state is not PaymentState.SETTLED:
        if asked.attempts:
            tail.append(say.count("admin.why.attempts", asked.attempts))
        if asked.due_at is not None:
            tail.append(say("admin.why.asks_next", at=say.clock(asked.due_at)))
        else:
            tail.append(say("admin.why.asks_no_more"))
    return head + "".join(tail)


def _receipt_text(desk: Desk, receipt: ReceiptView) -> str:
    return desk.say(
        f"admin.why.receipt.{receipt.state.value}",
        amount=came_text(desk, receipt.amount, receipt.came),
        at=desk.say.day(receipt.received_at),
        ref=receipt.external_ref,
    )


def _purchase_text(desk: Desk, purchase: PurchaseView) -> str:
    key = f"admin.why.purchase.{purchase.state.value}"
    text = desk.say(key, at=desk.say.day(purchase.planned_at), supplier=purchase.supplier)
    return (
        text
        if purchase.reason is None
        else text + desk.say("admin.purchase.said", said=reason_text(desk, purchase))
    )


def _delivery_texts(desk: Desk, trace: OrderTrace) -> list[str]:
    say, texts = desk.say, []
    if trace.order.delivered_at is not None:
        texts.append(say("admin.why.handed_over", at=say.day(trace.order.delivered_at)))
        if trace.revealed_at is None:
            texts.append(say("admin.why.unseen"))
    if trace.revealed_at is not None:
        texts.append(say("admin.why.seen", at=say.day(trace.revealed_at)))
    if trace.returned_at is not None:
        texts.append(say("admin.why.back_on_shelf", at=say.day(trace.returned_at)))
    return texts


def _message_text(desk: Desk, message: MessageTrace) -> str:
    say = desk.say
    what = say(f"admin.news.{message.news.value}")
    match message.state:
        case MessageState.SENT:
            return say("admin.why.message.sent", what=what, at=say.day(message.sent_at or message.queued_at))
        case MessageState.FAILED:
            return say("admin.why.message.failed", what=what, problem=message.problem or "")
        case MessageState.QUEUED if message.problem:
            at = say.clock(message.due_at or message.queued_at)
            return say.count(
                "admin.why.message.trying", message.attempts, what=what, problem=message.problem, at=at
            )
        case MessageState.QUEUED:
            return say("admin.why.message.queued", what=what)


def _next_step(trace: OrderTrace) -> str:
    """What staff can do now; a part of a catalogue key."""
    match trace.order.state:
        case OrderState.PAID:
            return "buying" if any(purchase.is_live for purchase in trace.purchases) else "paid"
        case OrderState.REFUNDED:
            return "refunded"
        case OrderState.DELIVERED:
            return _next_step_delivered(trace)
        case OrderState.AWAITING | OrderState.CANCELLED | OrderState.EXPIRED:
            return _next_step_unpaid(trace)


def _next_step_delivered(trace: OrderTrace) -> str:
    if trace.revealed_at is not None:
        return "seen"
    news = [message for message in trace.messages if message.news is NewsKind.ORDER_DELIVERED]
    has_failed = any(message.state is MessageState.FAILED for message in news)
    return "unreachable" if has_failed else "unseen"


def _next_step_unpaid(trace: OrderTrace) -> str:
    if any(receipt.state is ReceiptState.SUSPENSE for receipt in trace.receipts):
        return "suspense"
    if trace.receipts:
        return "credited"
    if trace.refusals and all(asked.payment.state is PaymentState.CLOSED for asked in trace.payments):
        return "refused"
    if trace.payments:
        return "ask"
    return "wait" if trace.order.state is OrderState.AWAITING else "ended"


def _rows(desk: Desk, seen: OrderSeen) -> tuple[tuple[Button, ...], ...]:
    trace = seen.trace
    number = trace.order.number
    first: list[Button] = []
    for receipt in trace.receipts:
        if receipt.state is ReceiptState.SUSPENSE:
            text = desk.say("admin.button.receipt", amount=desk.money(receipt.amount))
            first.append(LinkButton(text, link_to("suspense", "show", str(receipt.id)), Weight.PRIMARY))
    if trace.order.state in UNPAID and trace.payments:
        first.append(desk.button("admin.button.ask", "ask", number, weight=Weight.PRIMARY))
    first += [
        desk.button("admin.button.purchase", "purchase", "show", str(bought.id), purchase=bought.number)
        for bought in trace.purchases[-_PURCHASES:]
    ]
    if trace.order.state is OrderState.PAID:
        variant = str(trace.order.lines[0].variant_id)
        first.append(desk.button("admin.button.import_more", "import", variant))
    if trace.order.state in PAID:
        amount = desk.money(trace.order.total)
        first.append(
            desk.button("admin.button.refund", "refund", number, weight=Weight.DANGER, amount=amount)
        )
    last = (desk.button("admin.button.order", "order", number), desk.home_button())
    return (tuple(first), last) if first else (last,)
