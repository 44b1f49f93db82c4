"""Orders in one line, and lists of those that a number may mean."""

from __future__ import annotations

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Screen, Style
from shop_core.catalog.read import pick
from shop_core.orders.pay import WALLET
from shop_core.orders.read import OrderView
from shop_core.orders.search import Hits


def goods_text(desk: Desk, order: OrderView) -> str:
    """What was bought, in one line."""
    return "，".join(f"{pick(line.names, desk.language)} × {line.quantity}" for line in order.lines)


def state_text(desk: Desk, order: OrderView) -> str:
    """Where an order is, in a word."""
    return desk.say(f"order.{order.state.value}.short")


def way_text(desk: Desk, name: str) -> str:
    """What a means of payment is called."""
    if name == WALLET:
        return desk.say("admin.way.wallet")
    key = f"gateway.{name}"
    return desk.say(key) if desk.say.has(key) else name


def order_button(desk: Desk, order: OrderView, words: tuple[str, ...] = ("order",)) -> LinkButton:
    """An order as a button.

    Args:
        words: The command that it runs with the order's number.
    """
    number = desk.say.number(order.number)
    text = f"{state_text(desk, order)}  {number}  {goods_text(desk, order)}  {desk.money(order.total)}"
    return LinkButton(text, link_to(*words, order.number))


def hits_screen(desk: Desk, hits: Hits, words: tuple[str, ...] = ("order",)) -> Screen:
    """Several that a number may mean, each as a button."""
    title = desk.say.count("admin.find.several", len(hits.orders) + len(hits.receipts))
    rows: list[tuple[Button, ...]] = [(order_button(desk, order, words),) for order in hits.orders]
    rows += [
        (
            desk.button(
                "admin.find.receipt",
                "suspense",
                "show",
                str(receipt.id),
                amount=desk.money(receipt.amount),
                ref=receipt.external_ref,
            ),
        )
        for receipt in hits.receipts
    ]
    again = (desk.button("admin.button.find_again", "order"), desk.home_button())
    return Screen((Line(title, Style.TITLE),), (*rows, again))
