"""Orders: finding one by any number, and giving its money back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk, ask_first
from admin_cmds.found import goods_text, hits_screen, order_button, way_text
from admin_cmds.linked import SHOWN, change_lines, masked
from admin_cmds.odd_money import suspense_show
from admin_cmds.verifying import contact_lines, contact_rows
from handlers.screen import Button, Line, Screen, Style, Weight
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer, find_customer
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.orders.ask import ask_about_order
from shop_core.orders.errors import NoSuchOrder, NotRefundable
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, list_latest
from shop_core.orders.refund import refund_order, refund_seen_order, return_order, return_seen_order
from shop_core.orders.search import Hits
from shop_core.orders.trace import OrderTrace, search_any_number, trace_order
from shop_core.pairing.journal import ChangeView, list_changes
from shop_core.payments.receipts import ReceiptView
from shop_core.payments.refunds import find_returnable
from shop_core.staff.roles import Right
from shop_core.verification.keep import ContactView, list_contacts
from shop_core.wallet.balance import balance_of

LISTED: Final = 10
TO_PAYER: Final = "payer"
TO_WALLET: Final = "wallet"
PAID: Final = frozenset({OrderState.PAID, OrderState.DELIVERED})


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order with whose it is, as one read found it. ``returnable``: money that can go back where it came from."""

    trace: OrderTrace
    buyer: Customer | None
    balance: Money
    returnable: ReceiptView | None
    contacts: Sequence[ContactView] = ()
    changes: Sequence[ChangeView] = ()


def see_order(view: View, number: str) -> OrderSeen:
    """Read an order for staff.

    Raises:
        NoSuchOrder: Not there.
    """
    trace = trace_order(view, number)
    where = trace.order.address
    buyer = find_customer(view, channel=where.channel, external_id=where.external_id)
    balance = balance_of(view, trace.order.person_id)
    contacts = list_contacts(view, trace.order.person_id)
    changes = list_changes(view, trace.order.person_id, SHOWN)
    returnable = find_returnable(view, trace.order.id, trace.order.total)
    return OrderSeen(trace, buyer, balance, returnable, contacts, changes)


async def orders(desk: Desk, state: str | None) -> Screen:
    """The latest orders, of one state or of all."""
    chosen = None if state is None else OrderState(state)
    latest = await desk.shop.read(list_latest, limit=LISTED, state=chosen)
    lines = [Line(desk.say("admin.orders.title"), Style.TITLE)]
    if not latest:
        lines.append(Line(desk.say("admin.orders.none"), Style.MUTED))
    rows = [(order_button(desk, order),) for order in latest]
    find = desk.button("admin.button.find_order", "order")
    return Screen(tuple(lines), (*rows, (find, desk.home_button())))


async def order(desk: Desk, number: tuple[str, ...]) -> Screen:
    """An order by any number of it or a part of one; several to choose from; or odd money by the gateway's number."""
    wanted = " ".join(number)
    hits = await desk.shop.read(search_any_number, wanted)
    if not desk.may(Right.MONEY):
        hits = Hits(hits.orders, ())
    match list(hits.orders), list(hits.receipts):
        case [], []:
            raise NoSuchOrder
        case [placed], []:
            return draw(desk, await desk.shop.read(see_order, placed.number))
        case [], [receipt]:
            return await suspense_show(desk, receipt.id)
        case _:
            return hits_screen(desk, hits)


def draw(desk: Desk, seen: OrderSeen) -> Screen:
    """An order as staff see it: facts, and never a code."""
    placed = seen.trace.order
    state = desk.say(f"order.{placed.state.value}.title", number=desk.say.number(placed.number))
    lines = (
        Line(state, Style.TITLE),
        Line(f"{goods_text(desk, placed)}   {_price_text(desk, placed)}"),
        Line(_buyer_text(desk, seen)),
        *contact_lines(desk, seen.contacts),
        *change_lines(desk, seen.changes),
        Line(_times_text(desk, seen.trace), Style.MUTED),
    )
    is_out = placed.delivered_at is not None
    key = "admin.button.why_delivered" if is_out else "admin.button.why"
    first: list[Button] = [desk.button(key, "why", placed.number, weight=Weight.PRIMARY)]
    if placed.state in PAID:
        amount = desk.money(placed.total)
        words = ("refund", placed.number)
        first.append(desk.button("admin.button.refund", *words, weight=Weight.DANGER, amount=amount))
    rest = (desk.button("admin.button.wallet", "wallet", placed.number), *_order_home(desk))
    return Screen(lines, (tuple(first), *contact_rows(desk, placed.person_id, seen.contacts), rest))


def _price_text(desk: Desk, placed: OrderView) -> str:
    """What was paid, and what it cost the shop: that for those who keep the books."""
    total = desk.money(placed.total)
    if not desk.may(Right.BOOKS):
        return total
    cost = Money(sum(line.cost.minor for line in placed.lines), placed.total.currency)
    return desk.say("admin.order.price", total=total, cost=desk.money(cost))


def _order_home(desk: Desk) -> tuple[Button, ...]:
    return desk.button("admin.button.orders", "orders"), desk.home_button()


def _buyer_text(desk: Desk, seen: OrderSeen) -> str:
    placed = seen.trace.order
    if placed.address.is_nobody:
        return desk.say("admin.order.erased", person=placed.person_id)
    name = seen.buyer.name if seen.buyer is not None else ""
    return desk.say(
        "admin.order.buyer",
        name=name,
        person=placed.person_id,
        address=masked(placed.address),
        balance=desk.money(seen.balance),
    )


def _times_text(desk: Desk, trace: OrderTrace) -> str:
    placed, say = trace.order, desk.say
    steps = [say("admin.order.placed", at=say.day(placed.placed_at))]
    if placed.paid_at is not None:
        way = way_text(desk, placed.paid_with or "")
        steps.append(say("admin.order.paid", at=say.clock(placed.paid_at), way=way))
    if placed.delivered_at is not None:
        steps.append(say("admin.order.delivered", at=say.clock(placed.delivered_at)))
    if trace.revealed_at is not None:
        steps.append(say("admin.order.seen", at=say.day(trace.revealed_at)))
    if placed.ended_at is not None:
        steps.append(say(f"admin.order.ended.{placed.state.value}", at=say.day(placed.ended_at)))
    return " · ".join(steps)


def came_text(desk: Desk, amount: Money, tender: Money) -> str:
    """An amount of the books, and what it was in the currency that it came in."""
    if tender == amount:
        return desk.money(amount)
    return desk.say("admin.came", tender=desk.money(tender), amount=desk.money(amount))


_REFUND_WORDS: Final = {
    TO_WALLET: ("admin.refund.ask", "admin.refund.yes", "admin.refund.yes_seen"),
    TO_PAYER: ("admin.refund.payer.ask", "admin.refund.payer.yes", "admin.refund.payer.yes_seen"),
}
"""The question, the yes, and the yes for a code that was seen."""


async def refund(desk: Desk, number: str, *, to: str | None, even_if_seen: bool, yes: bool) -> Screen:
    """Give an order's money back: to the buyer's balance, or to the payer. Asks first; twice finds it refunded."""
    seen = await desk.shop.read(see_order, number)
    placed = seen.trace.order
    if to is None and placed.state in PAID and seen.returnable is not None and not yes:
        return _ask_where(desk, placed, seen.returnable)
    if not yes and placed.state in PAID:
        return _ask_refund(desk, seen, to or TO_WALLET)
    if to == TO_PAYER:
        give_back, key = (return_seen_order if even_if_seen else return_order), "admin.refund.sent"
    else:
        give_back, key = (refund_seen_order if even_if_seen else refund_order), "admin.refund.done"
    try:
        amount = await give_back(desk.shop, number, by=desk.actor)
    except NotRefundable:
        toast = desk.say(f"admin.refund.not.{placed.state.value}")
        return draw(desk, await desk.shop.read(see_order, number)).with_toast(toast)
    toast = desk.say(key, amount=desk.money(amount))
    return draw(desk, await desk.shop.read(see_order, number)).with_toast(toast)


def _ask_where(desk: Desk, placed: OrderView, receipt: ReceiptView) -> Screen:
    """Where a refund is to go, where there is a choice; what goes back to the payer goes back whole."""
    say, words = desk.say, ("refund", placed.number, "--to")
    title = say("admin.refund.how", number=say.number(placed.number), amount=desk.money(placed.total))
    whole = say("admin.refund.whole", way=way_text(desk, receipt.gateway))
    payer, wallet = desk.money(receipt.came), desk.money(placed.total)
    rows = (
        (desk.button("admin.button.refund_payer", *words, TO_PAYER, amount=payer),),
        (desk.button("admin.button.refund_wallet", *words, TO_WALLET, amount=wallet),),
        (desk.button("admin.button.refund_part", "wallet", placed.number),),
        (desk.button("admin.button.leave", "order", placed.number),),
    )
    return Screen((Line(title, Style.TITLE), Line(whole)), rows)


def _ask_refund(desk: Desk, seen: OrderSeen, to: str) -> Screen:
    placed, say = seen.trace.order, desk.say
    is_outside = to == TO_PAYER and seen.returnable is not None
    amount = desk.money(seen.returnable.came if is_outside and seen.returnable else placed.total)
    ask, key, key_if_seen = _REFUND_WORDS[TO_PAYER if is_outside else TO_WALLET]
    lines = [
        Line(say(ask, number=say.number(placed.number), amount=amount), Style.TITLE),
        Line(f"{goods_text(desk, placed)}   {_buyer_text(desk, seen)}"),
    ]
    held: tuple[str, ...] = ("refund", placed.number, "--to", to, "--yes")
    if seen.trace.revealed_at is not None:
        at = say.day(seen.trace.revealed_at)
        lines.append(Line(say("admin.refund.seen", at=at), Style.WARNING))
        held, key = (*held, "--even-if-seen"), key_if_seen
    elif placed.state is OrderState.DELIVERED:
        lines.append(Line(say("admin.refund.unseen")))
    no = desk.button("admin.button.leave", "order", placed.number)
    return ask_first(tuple(lines), say(key, amount=amount), held, new_key(desk.shop.random), no)


async def ask(desk: Desk, number: str) -> Screen:
    """Ask the gateways now what they know of an order. Never marks anything paid by itself."""
    seen = await desk.shop.read(see_order, number)
    if seen.buyer is None:
        raise NoSuchOrder
    taken = await ask_about_order(desk.shop, seen.buyer, number)
    answer = "no_answer" if taken is None else taken.value
    return draw(desk, await desk.shop.read(see_order, number)).with_toast(desk.say(f"admin.ask.{answer}"))
