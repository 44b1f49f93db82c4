"""Having everything erased that says who one is: what goes and what stays, said before, and done by a second press."""

from __future__ import annotations

from handlers.links import link
from handlers.screen import Line, LinkButton, Screen, Style, Weight
from handlers.visit import Visit
from shop_core.customers.people import PersonErased
from shop_core.privacy import erase as privacy
from shop_core.privacy.settled import StillNeeded, why_not
from shop_core.staff.roles import Roster


async def ask_erase(visit: Visit) -> Screen:
    """What it means; or what has to be settled first."""
    why = await visit.shop.read(why_not, visit.customer.person_id, visit.shop.get(Roster))
    if why is not None:
        return _not_yet(visit, why)
    say = visit.say
    lines = (
        Line(say("erase.title"), Style.TITLE),
        Line(say("erase.goes")),
        Line(say("erase.stays")),
        Line(say("erase.codes"), Style.WARNING),
    )
    yes = (LinkButton(say("erase.yes"), link("erase"), Weight.DANGER),)
    return Screen(lines, (yes, _back(visit)))


async def erase(visit: Visit) -> Screen:
    """Do it. A second press finds nobody, and that is the same."""
    try:
        await privacy.erase(visit.shop, visit.customer)
    except StillNeeded as refusal:
        return _not_yet(visit, str(refusal.details["why"]))
    except PersonErased:
        pass
    say = visit.say
    lines = (Line(say("erase.done"), Style.TITLE), Line(say("erase.done.text")))
    return Screen(lines, ((LinkButton(say("button.home"), link("home")),),))


def _not_yet(visit: Visit, why: str) -> Screen:
    say = visit.say
    lines = (Line(say("erase.not_yet"), Style.TITLE), Line(say(f"erase.not_yet.{why}")))
    where = {"order": "orders", "payment": "orders", "balance": "balance"}.get(why, "support")
    go = LinkButton(say(f"erase.go.{where}"), link(where), Weight.PRIMARY)
    return Screen(lines, ((go,), _back(visit)))


def _back(visit: Visit) -> tuple[LinkButton, ...]:
    return (LinkButton(visit.say("button.back"), link("my_data")),)
