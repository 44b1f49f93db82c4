"""The screens of an order that is a direct top-up: under way, done, given back. One message that changes itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handlers.links import link
from handlers.screen import Button, Code, Line, LinkButton, Screen, Style, Weight, order_slot
from handlers.visit import Visit
from shop_core.catalog.goods import Names
from shop_core.catalog.read import pick
from shop_core.kernel.secret import Secret
from shop_core.orders.progress import Progress
from shop_core.orders.read import OrderView

_MINUTE_S: Final = 60


def echo_lines(visit: Visit, progress: Progress | None) -> list[Line]:
    """What the buyer said, masked."""
    if progress is None:
        return []
    return [
        Line(visit.say("input.said", label=pick(field.labels, visit.language), said=kept.echo[field.key]))
        for kept in progress.inputs
        for field in kept.fields
        if field.key in kept.echo
    ]


def under_way(visit: Visit, order: OrderView, head: Sequence[Line], progress: Progress) -> Screen:
    """Paid, and not there yet: who is at it, or since when nobody knows."""
    lines = [*head, *echo_lines(visit, progress), Line(_what_is_done(visit, order, progress))]
    say = visit.say
    rows: tuple[tuple[Button, ...], ...] = (
        (LinkButton(say("topping.look"), link("order", number=order.number), Weight.PRIMARY),),
        (
            LinkButton(say("order.trouble"), link("support_order", number=order.number)),
            LinkButton(say("button.home"), link("home")),
        ),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))


def _what_is_done(visit: Visit, order: OrderView, progress: Progress) -> str:
    say = visit.say
    if progress.by_staff:
        return say("topping.part" if progress.part else "topping.staff")
    if progress.unknown_since is None:
        return say("topping.sent", amount=visit.money(order.total))
    waited = (visit.shop.clock.now() - progress.unknown_since).total_seconds()
    return say.count("topping.unknown", max(int(waited // _MINUTE_S), 1))


def done(visit: Visit, order: OrderView, head: Sequence[Line], progress: Progress) -> Screen:
    """Topped up. The receipt and the account in full are a press away, and each look is recorded."""
    say = visit.say
    done_at = order.delivered_at or visit.shop.clock.now()
    lines = [*head, *echo_lines(visit, progress), Line(say("topping.done", at=say.clock(done_at)))]
    rows: tuple[tuple[Button, ...], ...] = (
        (LinkButton(say("topping.receipt"), link("code", number=order.number)),),
        (
            LinkButton(say("order.again"), link("variant", variant_id=order.lines[0].variant_id)),
            LinkButton(say("order.trouble"), link("support_order", number=order.number)),
        ),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))


def draw_account(
    visit: Visit,
    order: OrderView,
    head: Sequence[Line],
    receipts: Sequence[Secret],
    said: Sequence[tuple[Names, Secret]],
) -> Screen:
    """The receipt, and the account in full, for the one answer to the one who asked. Kept nowhere."""
    say = visit.say
    lines: list[Line | Code] = [*head]
    for labels, answer in said:
        lines += [Line(pick(labels, visit.language), Style.MUTED), Code(answer)]
    for receipt in receipts:
        lines += [Line(say("topping.receipt.is"), Style.MUTED), Code(receipt)]
    if not receipts:
        lines.append(Line(say("topping.receipt.none"), Style.MUTED))
    rows: tuple[tuple[Button, ...], ...] = (
        (
            LinkButton(say("button.back"), link("order", number=order.number)),
            LinkButton(say("order.trouble"), link("support_order", number=order.number)),
        ),
    )
    return Screen(tuple(lines), rows, slot=order_slot(order.number))
