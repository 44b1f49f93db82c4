"""What was bought, in the clear: codes, redeem links, a top-up's receipt. For the one answer to the one who asked."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from handlers import topping_up
from handlers.links import link
from handlers.order_screen import head_lines, trouble_button
from handlers.screen import (
    Button,
    Code,
    CopyButton,
    File,
    Line,
    LinkButton,
    Screen,
    Style,
    UrlButton,
    order_slot,
)
from handlers.visit import Visit
from shop_core.catalog.goods import GoodsKind
from shop_core.kernel.secret import Secret
from shop_core.orders.models import OrderState
from shop_core.orders.reveal import Revealed

MOST_ON_SCREEN: Final = 10
"""Codes shown one by one; more of them come as a text file."""


def draw_codes(visit: Visit, revealed: Revealed) -> Screen:
    """A delivered order with its codes open. Drawn for the one answer to the one who asked, and kept nowhere."""
    say, order, codes = visit.say, revealed.order, revealed.codes
    if order.lines[0].is_top_up:
        state = "topped_up" if order.state is OrderState.DELIVERED else "topping"
        head = head_lines(visit, order, state)
        return topping_up.draw_account(visit, order, head, codes, revealed.said)
    lines: list[Line | Code] = [*head_lines(visit, order, "delivered")]
    rows: list[tuple[Button, ...]] = []
    file = None
    if len(codes) <= MOST_ON_SCREEN or visit.only_types:
        lines += [Code(code) for code in codes]
        label = "order.copy" if len(codes) == 1 else "order.copy_n"
        is_link = order.lines[0].kind is GoodsKind.LINK
        for place, code in enumerate(codes, start=1):
            copy = CopyButton(say(label, n=place), code)
            rows.append((_open_button(visit, code), copy) if is_link and is_address(code) else (copy,))
    else:
        file = File(f"{order.number}.txt", Secret("\n".join(code.reveal() for code in codes) + "\n"))
        lines.append(Line(say("order.in_file", n=len(codes))))
    lines.append(Line(say("order.keep_safe"), Style.MUTED))
    again = link("variant", variant_id=order.lines[0].variant_id)
    rows.append((LinkButton(say("order.again"), again), trouble_button(visit, order)))
    return Screen(tuple(lines), tuple(rows), slot=order_slot(order.number), file=file)


def is_address(code: Secret) -> bool:
    """Whether a redeem link is an address that a button may open. Anything else is shown as text, whatever it claims."""
    text = code.reveal()
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    is_plain = text.isprintable() and " " not in text and "@" not in parts.netloc
    return parts.scheme in {"http", "https"} and bool(host) and is_plain


def _open_button(visit: Visit, code: Secret) -> UrlButton:
    return UrlButton(visit.say("order.open_link"), code.reveal())
