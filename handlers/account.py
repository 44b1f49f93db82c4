"""What is the person's own: his orders, his balance, his language; and help."""

from __future__ import annotations

from typing import Final

from handlers.links import link
from handlers.order_screen import state_now
from handlers.screen import Line, LinkButton, Screen, Style
from handlers.visit import Visit
from shop_core.catalog.read import pick
from shop_core.customers.people import set_language as store_language
from shop_core.orders.read import OrderView, list_own
from shop_core.wallet.balance import balance_of

PAGE: Final = 6
LANGUAGE_NAMES: Final = {"zh": "中文", "en": "English"}


async def orders(visit: Visit, page: int = 1) -> Screen:
    """His orders, newest first."""
    offset = (max(page, 1) - 1) * PAGE
    found = await visit.shop.read(list_own, visit.customer.person_id, limit=PAGE + 1, offset=offset)
    say = visit.say
    lines = [Line(say("orders.title"), Style.TITLE)]
    if not found:
        lines.append(Line(say("orders.none")))
    rows = [(_order_button(visit, order),) for order in found[:PAGE]]
    pages = []
    if page > 1:
        pages.append(LinkButton(say("button.previous"), link("orders_page", page=page - 1)))
    if len(found) > PAGE:
        pages.append(LinkButton(say("button.next"), link("orders_page", page=page + 1)))
    last = [LinkButton(say("button.home"), link("home"))]
    if visit.is_guest:
        lines.append(Line(say("orders.guest" if found else "orders.guest_none"), Style.MUTED))
        if found:
            last.insert(0, LinkButton(say("button.password"), link("ask_password")))
    return Screen(tuple(lines), (*rows, *((tuple(pages),) if pages else ()), tuple(last)))


def _order_button(visit: Visit, order: OrderView) -> LinkButton:
    """What was bought, how it stands, and its number: the goods first, because a narrow channel cuts what is first."""
    goods = pick(order.lines[0].names, visit.language) if order.lines else ""
    state = visit.say(f"order.{state_now(visit, order).value}.short")
    standing = state if order.quantity == 1 else f"× {order.quantity} {state}"
    return LinkButton(
        f"{goods}  {standing}  {visit.say.number(order.number)}", link("order", number=order.number)
    )


async def balance(visit: Visit) -> Screen:
    """What he can spend."""
    amount = await visit.shop.read(balance_of, visit.customer.person_id)
    lines = (
        Line(visit.say("balance.title", amount=visit.money(amount)), Style.TITLE),
        Line(visit.say("balance.text")),
    )
    rows = [
        (LinkButton(visit.say("settings.title"), link("settings")),),
        (LinkButton(visit.say("button.home"), link("home")),),
    ]
    if visit.has_channels:
        rows.insert(0, (LinkButton(visit.say("pairing.button"), link("pairing")),))
    return Screen(lines, tuple(rows))


async def language(visit: Visit) -> Screen:
    """Which language?"""
    buttons = tuple(
        LinkButton(LANGUAGE_NAMES.get(code, code), link("set_language", language=code))
        for code in visit.shop.policy.languages
    )
    back = LinkButton(visit.say("button.back"), link("home"))
    return Screen((Line(visit.say("language.ask"), Style.TITLE),), (buttons, (back,)))


async def set_language(visit: Visit, language: str) -> None:
    """Remember it; whoever calls shows the first screen in it."""
    await visit.shop.write(store_language, visit.customer.person_id, language)


async def paysupport(visit: Visit) -> Screen:
    """What to do when something is wrong with a payment. Whoever takes Stars has to answer this."""
    lines = [Line(visit.say("paysupport.title"), Style.TITLE)]
    lines += [Line(text) for text in visit.say("paysupport.text").split("\n")]
    rows = (
        (
            LinkButton(visit.say("home.orders"), link("orders")),
            LinkButton(visit.say("home.help"), link("help")),
        ),
        (LinkButton(visit.say("help.support"), link("support")),),
        (LinkButton(visit.say("button.home"), link("home")),),
    )
    return Screen(tuple(lines), rows)


async def help_screen(visit: Visit) -> Screen:
    """How it works, and what to do when it does not."""
    lines = [Line(visit.say("help.title", shop=visit.shop.policy.name), Style.TITLE)]
    lines += [Line(text) for text in visit.say("help.text").split("\n")]
    rows = (
        (LinkButton(visit.say("help.support"), link("support")),),
        (
            LinkButton(visit.say("home.orders"), link("orders")),
            LinkButton(visit.say("button.home"), link("home")),
        ),
    )
    return Screen(tuple(lines), rows)
