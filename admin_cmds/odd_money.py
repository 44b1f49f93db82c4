"""Money without a place: seeing it, crediting it to a buyer, marking it returned."""

from __future__ import annotations

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.db.tx import View
from shop_core.kernel.numbers import parse_number
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.read import get_any
from shop_core.orders.suspense import credit_to_buyer, mark_returned
from shop_core.payments.models import ReceiptState
from shop_core.payments.receipts import NoSuchReceipt, ReceiptView, get_receipt, list_suspense


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


async def suspense_show(desk: Desk, receipt_id: int) -> Screen:
    """One piece of odd money."""
    receipt = await desk.shop.read(get_receipt, receipt_id)
    order = await desk.shop.read(_order_meant, receipt)
    return receipt_screen(desk, receipt, order)


def _short(desk: Desk, receipt: ReceiptView) -> str:
    return (
        f"#{receipt.id}  {desk.money(receipt.amount)}  {receipt.gateway}  {desk.say.day(receipt.received_at)}"
    )


def _order_meant(view: View, receipt: ReceiptView) -> str | None:
    """The order whose number the payer gave, if there is one: the likeliest place for the money."""
    number = parse_number(receipt.number)
    if number is None:
        return None
    try:
        return get_any(view, number).number
    except NoSuchOrder:
        return None


def receipt_screen(desk: Desk, receipt: ReceiptView, order: str | None = None) -> Screen:
    """Evidence first, then buttons that say what they do.

    Args:
        order: An order that the money may have been meant for.
    """
    say = desk.say
    title = say(
        "admin.suspense.one", id=receipt.id, amount=desk.money(receipt.amount), gateway=receipt.gateway
    )
    reason = say(f"admin.suspense.reason.{receipt.reason.value}", number=receipt.number)
    facts = say("admin.suspense.facts", at=say.day(receipt.received_at), ref=receipt.external_ref)
    lines = [Line(title, Style.TITLE), Line(reason), Line(facts, Style.MUTED)]
    if receipt.state is not ReceiptState.SUSPENSE:
        lines.append(Line(say(f"admin.suspense.state.{receipt.state.value}"), Style.STRONG))
        return Screen(tuple(lines), ((desk.home_button(),),))
    return Screen(tuple(lines), (*_ways(desk, receipt, order), (desk.home_button(),)))


def _ways(desk: Desk, receipt: ReceiptView, order: str | None) -> list[tuple[Button, ...]]:
    number, amount = str(receipt.id), desk.money(receipt.amount)
    rows: list[tuple[Button, ...]] = []
    # A wallet holds one currency: money in another can only go back.
    if receipt.amount.currency == desk.shop.policy.currency:
        credit = ("suspense", "credit", number)
        if order is not None:
            text = desk.say("admin.button.credit_to", number=desk.say.number(order), amount=amount)
            rows.append((LinkButton(text, link_to(*credit, order), Weight.PRIMARY),))
        rows.append((desk.button("admin.button.credit", *credit),))
    rows.append((desk.button("admin.button.returned", "suspense", "return", number, amount=amount),))
    return rows


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
    """Book that staff sent odd money back at the gateway. A second time finds it settled."""
    try:
        receipt = await mark_returned(desk.shop, receipt_id, by=desk.actor)
    except NoSuchReceipt:
        return await _settled(desk, receipt_id)
    toast = desk.say("admin.suspense.returned", amount=desk.money(receipt.amount))
    return (await suspense_show(desk, receipt_id)).with_toast(toast)


async def _settled(desk: Desk, receipt_id: int) -> Screen:
    return (await suspense_show(desk, receipt_id)).with_toast(desk.say("admin.suspense.settled"))
