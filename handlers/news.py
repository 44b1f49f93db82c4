"""Queued news as screens, drawn when they are sent, so that they tell how things stand then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from handlers.links import link
from handlers.order_screen import OrderFacts, draw_order, facts_of
from handlers.pairing import asked_screen, ended_screen
from handlers.product import restocked_screen
from handlers.screen import Line, LinkButton, Screen, Style, order_slot
from handlers.support import answer_screen
from handlers.visit import Visit
from handlers.words import Words
from shop_core.conversations import prompts
from shop_core.customers.people import Customer, find_customer
from shop_core.customers.preferences import Topic, get_preferences
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.messaging.queue import NewsKind, QueuedMessage
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, get_by_id
from shop_core.payments.gateway import Gateways

_WHILE_WAITING: Final = frozenset({NewsKind.ORDER_WAITS, NewsKind.ORDER_CHECKED})
_TOLD_BY_ORDER: Final = frozenset({NewsKind.ORDER_DELIVERED, NewsKind.ORDER_REFUNDED, NewsKind.ORDER_WAITS})
"""News that the order's own screen tells best."""
_CAN_DO_WITHOUT: Final = {
    NewsKind.ORDER_WAITS: Topic.PROGRESS,
    NewsKind.ORDER_CHECKED: Topic.PROGRESS,
    NewsKind.THREAD_ANSWERED: Topic.ANSWERS,
}


async def news_screen(shop: Shop, message: QueuedMessage) -> Screen | None:
    """Draw news for a customer. None: nobody we know is there, he does without it, or it is not for customers."""
    ways = shop.get(Gateways).own_ways(message.address.channel)
    known = await shop.read(_about, message, ways)
    if known is None:
        return None
    customer, facts, is_muted = known
    say = shop.get(Words).to(customer.language, customer.channel).in_zone(customer.timezone)
    visit = Visit(shop, customer, say)
    order = None if facts is None else facts.order
    if message.news in _WHILE_WAITING and not _is_waiting(order):
        # It waits no more: what came of it is news of its own.
        return None
    if facts is not None and message.news is NewsKind.ORDER_CHECKED and facts.order.lines[0].is_top_up:
        # The message that shows it says how long it has been by now; nobody is disturbed for that.
        return replace(draw_order(visit, facts), quiet=True)
    if is_muted:
        return None
    if facts is not None and (message.news in _TOLD_BY_ORDER or _is_late_and_waiting(message, facts.order)):
        return draw_order(visit, facts).as_news()
    return await _in_words(visit, message, order)


async def _in_words(visit: Visit, message: QueuedMessage, order: OrderView | None) -> Screen | None:
    """News that no order's screen tells."""
    match message.news:
        case NewsKind.ORDER_PAID_LATE if order is not None:
            return _note(visit, visit.say("news.paid_late", number=visit.say.number(order.number)), order)
        case NewsKind.ORDER_CHECKED if order is not None:
            text = visit.say("news.checked", number=visit.say.number(order.number))
            # In the order's place: what comes of it takes this one's, and nothing says then that it is not back yet.
            return replace(_note(visit, text, order), slot=order_slot(order.number))
        case NewsKind.MONEY_HELD | NewsKind.TOPPED_UP | NewsKind.MONEY_RETURNED:
            return _note(visit, _money_text(visit, message), order)
        case _:
            return await _about_no_order(visit, message)


async def _about_no_order(visit: Visit, message: QueuedMessage) -> Screen | None:
    match message.news:
        case NewsKind.THREAD_ANSWERED:
            where = {"channel": message.address.channel, "external_id": message.address.external_id}
            asked = await visit.shop.read(prompts.asked, **where)
            return await answer_screen(visit, int(message.args["message_id"]), is_asked=asked is not None)
        case NewsKind.PAIRING_ASKED:
            return await asked_screen(visit, str(message.args["key"]))
        case NewsKind.PAIRING_ENDED:
            return await ended_screen(visit, str(message.args["outcome"]))
        case NewsKind.RESTOCKED:
            return await restocked_screen(visit, int(message.args["variant_id"]))
        case _:
            return None


def _money_text(visit: Visit, message: QueuedMessage) -> str:
    """What became of money: it is in the balance, or back where it came from."""
    args = message.args
    if message.news is NewsKind.MONEY_RETURNED:
        returned = visit.money(Money(int(args["tender_minor"]), str(args["currency"])))
        return visit.say(f"news.returned.{args['reason']}", amount=returned)
    held = visit.money(Money(int(args["amount_minor"]), visit.shop.policy.currency))
    return visit.say(f"news.money.{args.get('reason', 'topped_up')}", amount=held)


def _is_waiting(order: OrderView | None) -> bool:
    """Whether it is paid and its goods are still being looked for."""
    return order is not None and order.state is OrderState.PAID


def _is_late_and_waiting(message: QueuedMessage, order: OrderView) -> bool:
    """Late money for goods that are still being bought: there is nothing delivered to tell of yet."""
    return message.news is NewsKind.ORDER_PAID_LATE and _is_waiting(order)


def _about(
    view: View, message: QueuedMessage, ways: Collection[str] | None
) -> tuple[Customer, OrderFacts | None, bool] | None:
    """Whom it is for; the order that it is about, if that is his (nobody is shown another's); whether he does without it."""
    where = message.address
    customer = find_customer(view, channel=where.channel, external_id=where.external_id)
    if customer is None:
        return None
    topic = _CAN_DO_WITHOUT.get(message.news)
    is_muted = topic is not None and topic in get_preferences(view, customer.person_id).muted
    order_id = int(message.args.get("order_id", 0))
    try:
        order = get_by_id(view, order_id) if order_id else None
    except NoSuchOrder:
        order = None
    if order is None or order.person_id != customer.person_id:
        return customer, None, is_muted
    return customer, facts_of(view, order, ways), is_muted


def _note(visit: Visit, text: str, order: OrderView | None) -> Screen:
    buttons = [LinkButton(visit.say("home.search_all"), link("home"))]
    if order is not None:
        buttons.insert(0, LinkButton(visit.say("news.see_order"), link("order", number=order.number)))
    return Screen((Line(text, Style.PLAIN),), (tuple(buttons),), slot=None, news=True)
