"""Guests, whom we know by their browser alone: an order password, and the way back to their orders in another one."""

from __future__ import annotations

from handlers.account import orders
from handlers.links import link
from handlers.screen import Line, LinkButton, Prompt, Screen, Style
from handlers.visit import Visit
from shop_core.customers.passwords import TooManyTries, WeakPassword
from shop_core.customers.passwords import set_password as store_password
from shop_core.customers.people import find_customer
from shop_core.db.tx import View
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.recover import HasOwnOrders, NotRecovered, recover_orders


async def ask_password(visit: Visit) -> Screen:
    """What an order password is good for, and which?"""
    if not visit.is_guest:
        return await orders(visit)
    say = visit.say
    lines = (Line(say("password.ask"), Style.TITLE), Line(say("password.ask.text")))
    back = LinkButton(say("button.back"), link("orders"))
    prompt = Prompt(link("ask_password"), say("password.placeholder"), is_secret=True)
    return Screen(lines, ((back,),), prompt=prompt)


async def set_password(visit: Visit, typed: str) -> Screen:
    """Keep it; a bad one is asked for again."""
    if not visit.is_guest:
        return await orders(visit)
    say = visit.say
    try:
        await store_password(visit.shop, visit.customer, Secret(typed))
    except WeakPassword as error:
        return (await ask_password(visit)).with_toast(say(f"error.{error.code}", **error.details))
    lines = (Line(say("password.set"), Style.TITLE), Line(say("password.set.text")))
    return Screen(lines, ((LinkButton(say("home.orders"), link("orders")),),))


async def ask_recovery(visit: Visit, number: str) -> Screen:
    """The password of whoever placed this order? Asked for every number, whether there is such an order or not."""
    _require_guest(visit)
    say = visit.say
    lines = (
        Line(say("recover.ask", number=say.number(number)), Style.TITLE),
        Line(say("recover.ask.text")),
    )
    back = LinkButton(say("button.back"), link("orders"))
    prompt = Prompt(link("ask_recovery", number=number), say("recover.placeholder"), is_secret=True)
    return Screen(lines, ((back,),), prompt=prompt)


async def recover(visit: Visit, number: str, typed: str) -> Screen:
    """Become the one who placed it, and see his orders."""
    _require_guest(visit)
    try:
        await recover_orders(visit.shop, visit.customer, number, Secret(typed))
    except NotRecovered as error:
        return (await ask_recovery(visit, number)).with_toast(visit.say(f"error.{error.code}"))
    except (TooManyTries, HasOwnOrders) as error:
        back = LinkButton(visit.say("button.back"), link("orders"))
        return Screen((Line(visit.say(f"error.{error.code}")),), ((back,),))
    found = await visit.shop.read(_as_now, visit)
    return (await orders(found)).with_toast(visit.say("recover.done"))


def _require_guest(visit: Visit) -> None:
    """Insist on a guest: who is known by his account has no other way to his orders, and needs none.

    Raises:
        NoSuchOrder: He is none.
    """
    if not visit.is_guest:
        raise NoSuchOrder


def _as_now(view: View, visit: Visit) -> Visit:
    customer = find_customer(view, channel=visit.customer.channel, external_id=visit.customer.external_id)
    return Visit(visit.shop, customer or visit.customer, visit.say)
