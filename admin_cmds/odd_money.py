"""Money without a place: seeing it with what it may have been for, and finding it one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from admin_cmds.command import Desk
from admin_cmds.found import goods_text, hits_screen, state_text, way_text
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from shop_core.db.tx import View
from shop_core.orders.candidates import Candidate, list_candidates, surplus
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.read import OrderView
from shop_core.orders.search import Hits
from shop_core.orders.suspense import credit_to_buyer, mark_returned, pay_with_odd_money
from shop_core.orders.trace import search_any_number
from shop_core.payments.models import ReceiptState
from shop_core.payments.receipts import NoSuchReceipt, ReceiptView, get_receipt, list_suspense


@dataclass(frozen=True, slots=True)
class _Seen:
    """A piece of odd money, and the orders that it may have been meant for."""

    receipt: ReceiptView
    candidates: Sequence[Candidate]


def _see(view: View, receipt_id: int) -> _Seen:
    receipt = get_receipt(view, receipt_id)
    return _Seen(receipt, list_candidates(view, receipt))


async def suspense(desk: Desk) -> Screen:
    """What waits, longest first."""
    waiting = await desk.shop.read(list_suspense)
    if not waiting:
        return Screen((Line(desk.say("admin.suspense.none"), Style.TITLE),), ((desk.home_button(),),))
    lines = [Line(desk.say.count("admin.suspense.title", len(waiting)), Style.TITLE)]
    rows = [
        (LinkButton(_short(desk, receipt), link_to("suspense", "show", str(receipt.id))),)
        for receipt in waiting
    ]
    return Screen(tuple(lines), (*rows, (desk.home_button(),)))


def _short(desk: Desk, receipt: ReceiptView) -> str:
    way = way_text(desk, receipt.gateway)
    return f"#{receipt.id}  {desk.money(receipt.amount)}  {way}  {desk.say.day(receipt.received_at)}"


async def suspense_show(desk: Desk, receipt_id: int) -> Screen:
    """One piece of odd money: what is known, what was looked for, and what can be done with it."""
    seen = await desk.shop.read(_see, receipt_id)
    receipt = seen.receipt
    lines = _facts(desk, receipt)
    if receipt.state is not ReceiptState.SUSPENSE:
        state = desk.say(f"admin.suspense.state.{receipt.state.value}")
        return Screen((*lines, Line(state, Style.STRONG)), ((desk.home_button(),),))
    lines += [Line(_candidate_text(desk, candidate)) for candidate in seen.candidates]
    if not seen.candidates:
        lines.append(Line(desk.say("admin.suspense.no_candidate")))
    return Screen(tuple(lines), tuple(_ways(desk, seen)))


def _facts(desk: Desk, receipt: ReceiptView) -> list[Line]:
    say = desk.say
    way = way_text(desk, receipt.gateway)
    title = say("admin.suspense.one", id=receipt.id, amount=desk.money(receipt.amount), gateway=way)
    reason = say(f"admin.suspense.reason.{receipt.reason.value}", number=receipt.number)
    facts = say("admin.suspense.facts", at=say.day(receipt.received_at), ref=receipt.external_ref)
    return [Line(title, Style.TITLE), Line(reason), Line(facts, Style.MUTED)]


def _candidate_text(desk: Desk, candidate: Candidate) -> str:
    return desk.say(
        f"admin.suspense.candidate.{candidate.why.value}",
        number=desk.say.number(candidate.order.number),
        goods=goods_text(desk, candidate.order),
        total=desk.money(candidate.order.total),
        state=state_text(desk, candidate.order),
    )


def _ways(desk: Desk, seen: _Seen) -> list[tuple[Button, ...]]:
    receipt = seen.receipt
    number, amount = str(receipt.id), desk.money(receipt.amount)
    rows: list[tuple[Button, ...]] = []
    # A wallet holds one currency: money in another can only go back.
    if receipt.amount.currency == desk.shop.policy.currency:
        rows += [(place_button(desk, receipt, candidate.order),) for candidate in seen.candidates]
        rows.append((desk.button("admin.button.credit", "suspense", "for", number),))
    back = "admin.button.returned" if receipt.payer is None else "admin.button.give_back"
    rows.append((desk.button(back, "suspense", "return", number, amount=amount),))
    rows.append((desk.button("admin.button.leave_money", "cases"), desk.home_button()))
    return rows


def place_button(desk: Desk, receipt: ReceiptView, order: OrderView) -> Button:
    """What can be done with this money for this order, said exactly."""
    say, over = desk.say, surplus(order, receipt.amount)
    number, receipt_id = say.number(order.number), str(receipt.id)
    if over is None:
        text = say("admin.button.credit_to", number=number, amount=desk.money(receipt.amount))
        return LinkButton(text, link_to("suspense", "credit", receipt_id, order.number))
    key = "admin.button.pay_order_over" if over.minor else "admin.button.pay_order"
    text = say(key, number=number, over=desk.money(over))
    return LinkButton(text, link_to("suspense", "pay", receipt_id, order.number), Weight.PRIMARY)


async def suspense_for(desk: Desk, receipt_id: int, number: tuple[str, ...]) -> Screen:
    """What this money could do for an order that somebody names by any number. Nothing is done yet."""
    receipt = await desk.shop.read(get_receipt, receipt_id)
    if not number:
        return _ask_which(desk, receipt)
    hits = await desk.shop.read(search_any_number, " ".join(number))
    if not hits.orders:
        raise NoSuchOrder
    if len(hits.orders) == 1:
        return _look(desk, receipt, hits.orders[0])
    words = ("suspense", "for", str(receipt.id))
    return hits_screen(desk, Hits(hits.orders, ()), words)


def _ask_which(desk: Desk, receipt: ReceiptView) -> Screen:
    title, *_ = _facts(desk, receipt)
    back = desk.button("button.back", "suspense", "show", str(receipt.id))
    prompt = Prompt(link_to("suspense", "for", str(receipt.id)), desk.say("admin.find.placeholder"))
    return Screen((title, Line(desk.say("admin.suspense.which"))), ((back,),), prompt=prompt)


def _look(desk: Desk, receipt: ReceiptView, order: OrderView) -> Screen:
    title, reason, _ = _facts(desk, receipt)
    meant = f"{desk.say.number(order.number)}   {goods_text(desk, order)}"
    about = f"{desk.money(order.total)}   {state_text(desk, order)}"
    rows: tuple[tuple[Button, ...], ...] = (
        (place_button(desk, receipt, order),),
        (desk.button("button.back", "suspense", "show", str(receipt.id)),),
    )
    return Screen((title, reason, Line(meant, Style.STRONG), Line(about)), rows)


async def suspense_pay(desk: Desk, receipt_id: int, number: str) -> Screen:
    """Pay an order with odd money; what is left goes into its buyer's balance. A second time finds it settled."""
    try:
        paid = await pay_with_odd_money(desk.shop, receipt_id, number, by=desk.actor)
    except NoSuchReceipt:
        return await _settled(desk, receipt_id)
    key = "admin.suspense.paid_over" if paid.over.minor else "admin.suspense.paid"
    toast = desk.say(key, number=desk.say.number(number), over=desk.money(paid.over))
    return (await suspense_show(desk, receipt_id)).with_toast(toast)


async def suspense_credit(desk: Desk, receipt_id: int, number: str) -> Screen:
    """Put odd money into the balance of an order's buyer, who is told. A second time finds it settled."""
    try:
        amount = await credit_to_buyer(desk.shop, receipt_id, number, by=desk.actor)
    except NoSuchReceipt:
        return await _settled(desk, receipt_id)
    shown = desk.say.number(number)
    toast = desk.say("admin.suspense.credited", amount=desk.money(amount), number=shown)
    return (await suspense_show(desk, receipt_id)).with_toast(toast)


async def suspense_return(desk: Desk, receipt_id: int) -> Screen:
    """Give odd money back, or book that staff did so at the gateway. A second time finds it settled."""
    try:
        receipt = await mark_returned(desk.shop, receipt_id, by=desk.actor)
    except NoSuchReceipt:
        return await _settled(desk, receipt_id)
    key = "admin.suspense.returned" if receipt.payer is None else "admin.suspense.returning"
    toast = desk.say(key, amount=desk.money(receipt.came))
    return (await suspense_show(desk, receipt_id)).with_toast(toast)


async def _settled(desk: Desk, receipt_id: int) -> Screen:
    return (await suspense_show(desk, receipt_id)).with_toast(desk.say("admin.suspense.settled"))
