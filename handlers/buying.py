"""From a pressed quantity to the money: placing, paying, asking whether it came, cancelling."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from handlers import account_asked
from handlers.account import orders
from handlers.codes_shown import draw_codes
from handlers.links import link
from handlers.order_screen import draw_order, order_facts, show_order
from handlers.placing import place_wish
from handlers.screen import Line, LinkButton, Prompt, Screen, Style
from handlers.visit import Visit
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import get_variant_for_sale
from shop_core.db.tx import View
from shop_core.delivery.available import count_available
from shop_core.delivery.unseen import find_unseen
from shop_core.insight.exposure import Step
from shop_core.orders.ask import ask_about_order
from shop_core.orders.end import cancel_order
from shop_core.orders.errors import BadQuantity
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_by_gateway, pay_from_wallet, top_up_difference
from shop_core.orders.place import MOST_IN_ONE_ORDER, Wish, check_quantity
from shop_core.orders.read import list_own
from shop_core.orders.reveal import reveal_codes
from shop_core.orders.steps import delivered_cause
from shop_core.orders.take_payment import Taken
from shop_core.verification.need import require_for_order

MOST_LOOKED_THROUGH: Final = 50
"""Orders, newest first, among which unseen codes are looked for."""


async def buy(visit: Visit, variant_id: int, quantity: int, key: str) -> Screen:
    """Place an order; where there is only one way to pay, ask for it in the same breath."""
    variant = await visit.shop.read(get_variant_for_sale, variant_id)
    visit.expose(Step.STARTED, variant.product_id)
    wish = Wish(variant_id, quantity, key)
    if variant.kind is GoodsKind.TOP_UP:
        check_quantity(variant, quantity)
        # Before he has filled anything in, not after.
        total_minor = (variant.price * quantity).minor
        await visit.shop.read(require_for_order, visit.customer, variant.verify, total_minor)
        return await account_asked.begin_asking(visit, wish)
    return await place_wish(visit, variant, wish)


async def ask_quantity(visit: Visit, variant_id: int, key: str) -> Screen:
    """How many? The answer buys under the key that the question was asked with."""
    chosen = await visit.shop.read(get_variant_for_sale, variant_id)
    visit.expose(Step.STARTED, chosen.product_id)
    shelf = (await visit.shop.read(count_available, [chosen]))[variant_id]
    limits = (shelf.count, chosen.per_order, chosen.per_person, MOST_IN_ONE_ORDER)
    most = min(limit for limit in limits if limit)
    lines = (
        Line(chosen.full_name(visit.language), Style.TITLE),
        Line(visit.say("quantity.ask", price=visit.money(chosen.price), most=most)),
    )
    back = LinkButton(visit.say("button.back"), link("variant", variant_id=variant_id))
    return Screen(lines, ((back,),), prompt=_quantity_prompt(visit, variant_id, key))


def asking_again(visit: Visit, refusal: Screen, asked: Mapping[str, Any]) -> Screen:
    """A refused quantity: the question stays open, so that the next number is not taken for a search."""
    return replace(refusal, prompt=_quantity_prompt(visit, asked["variant_id"], asked["key"]))


def _quantity_prompt(visit: Visit, variant_id: int, key: str) -> Prompt:
    return Prompt(link("ask_quantity", variant_id=variant_id, key=key), visit.say("quantity.placeholder"))


async def typed_quantity(visit: Visit, variant_id: int, key: str, typed: str) -> Screen:
    """A quantity as people type it: ``3``, ``３``, ``3张``, ``三``."""
    quantity = read_quantity(typed)
    if quantity is None:
        raise BadQuantity(most=MOST_IN_ONE_ORDER)
    return await buy(visit, variant_id, quantity, key)


def read_quantity(typed: str) -> int | None:
    """The number in a short text, or None."""
    text = unicodedata.normalize("NFKC", typed).strip().rstrip("张个份件pcs ").strip()
    if text in _CHINESE:
        return _CHINESE[text]
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004 - no order is that large
        return None
    return int(text)


_CHINESE = {char: value for value, char in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


async def pay(visit: Visit, number: str, gateway: str) -> Screen:
    """Ask a gateway for the whole amount."""
    title = await _title(visit, number)
    payment = await pay_by_gateway(visit.shop, visit.customer, number, gateway, title=title)
    return await show_order(visit, number, chosen=payment.id)


async def pay_rest(visit: Visit, number: str, gateway: str) -> Screen:
    """Ask a gateway for what the balance lacks."""
    title = await _title(visit, number)
    payment = await top_up_difference(visit.shop, visit.customer, number, gateway, title=title)
    return await show_order(visit, number, chosen=payment.id)


async def pay_wallet(visit: Visit, number: str) -> Screen:
    """Pay from the balance: delivered at once. This very screen is the news, so the queued one need not follow."""
    order = await pay_from_wallet(visit.shop, visit.customer, number)
    return (await show_order(visit, number)).telling(delivered_cause(order.id))


async def i_have_paid(visit: Visit, number: str) -> Screen:
    """Ask the gateway now, and say what it answered."""
    taken = await ask_about_order(visit.shop, visit.customer, number)
    facts = await visit.shop.read(order_facts, visit.customer.person_id, number, visit.own_ways)
    screen = draw_order(visit, facts)
    if facts.order.state is not OrderState.AWAITING:
        return screen
    match taken:
        case Taken.NOT_PAID:
            return screen.with_toast(visit.say("paid.not_yet"))
        case None:
            return screen.with_toast(visit.say("paid.no_answer"))
        case _:
            return screen


async def cancel(visit: Visit, number: str) -> Screen:
    """Cancel an unpaid order."""
    await cancel_order(visit.shop, visit.customer, number)
    return await show_order(visit, number)


async def code(visit: Visit, number: str) -> Screen:
    """Show the codes. The look is on record before they are opened."""
    revealed = await reveal_codes(visit.shop, visit.customer, number)
    return draw_codes(visit, revealed)


async def pick_up(visit: Visit) -> Screen:
    """The codes that he has not looked at yet, the longest waiting first; else those of his newest order.

    For channels without buttons, where a word has to do.
    """
    number = await visit.shop.read(_to_pick_up, visit.customer.person_id)
    return await orders(visit) if number is None else await code(visit, number)


def _to_pick_up(view: View, person_id: int) -> str | None:
    delivered = [
        order
        for order in list_own(view, person_id, limit=MOST_LOOKED_THROUGH)
        if order.state is OrderState.DELIVERED
    ]
    unseen = find_unseen(view, [line.id for order in delivered for line in order.lines])
    waiting = [order for order in delivered if any(line.id in unseen for line in order.lines)]
    chosen = waiting[-1:] or delivered[:1]
    return chosen[0].number if chosen else None


async def _title(visit: Visit, number: str) -> str:
    return f"{visit.shop.policy.name} {visit.say.number(number)}"
