"""The numbers and addresses that somebody has shown to be his: seen, changed, removed."""

from __future__ import annotations

from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from handlers.verifying import CONTACTS
from handlers.visit import Visit
from shop_core.kernel.policy import Ask
from shop_core.verification.contacts import Kind
from shop_core.verification.keep import ContactView, give_up, list_contacts
from shop_core.verification.sender import CodeSenders


async def find_button(visit: Visit) -> LinkButton | None:
    """The way there; None in a shop that has nothing to do with it."""
    his = await visit.shop.read(list_contacts, visit.customer.person_id)
    rules, senders = visit.shop.policy.verification, visit.shop.get(CodeSenders)
    is_asked = rules.first_contact is not Ask.NOTHING or rules.from_total_minor is not None
    if not his and not is_asked and not any(senders.has(kind) for kind in Kind):
        return None
    told = (
        "、".join(one.echo for one in his) if visit.language == "zh" else ", ".join(one.echo for one in his)
    )
    return LinkButton(
        visit.say("contacts.button", told=told or visit.say("contacts.none_yet")), link(CONTACTS)
    )


async def contacts(visit: Visit) -> Screen:
    """What he has verified, and what he can do about it."""
    say = visit.say
    his = {one.kind: one for one in await visit.shop.read(list_contacts, visit.customer.person_id)}
    lines = [Line(say("contacts.title"), Style.TITLE)]
    lines += [Line(_told(visit, one)) for one in his.values()]
    if not his:
        lines.append(Line(say("contacts.none")))
    lines.append(Line(say("verify.text"), Style.MUTED))
    rows = [row for kind in Kind for row in _rows(visit, kind, has_one=kind in his)]
    return Screen(tuple(lines), (*rows, (LinkButton(say("button.back"), link("settings")),)))


async def ask_remove(visit: Visit, kind: str) -> Screen:
    """Really?"""
    his = [
        one
        for one in await visit.shop.read(list_contacts, visit.customer.person_id)
        if one.kind.value == kind
    ]
    if not his:
        return await contacts(visit)
    say = visit.say
    lines = (
        Line(say("contacts.remove.ask", contact=his[0].echo), Style.TITLE),
        Line(say("contacts.remove.text")),
    )
    yes = LinkButton(say("contacts.remove.yes"), link("remove_contact", kind=kind), Weight.DANGER)
    return Screen(lines, ((yes,), (LinkButton(say("button.back"), link(CONTACTS)),)))


async def remove(visit: Visit, kind: str) -> Screen:
    """It verifies nobody any more."""
    await give_up(visit.shop, visit.customer, Kind(kind))
    return (await contacts(visit)).with_toast(visit.say("contacts.removed"))


def _told(visit: Visit, one: ContactView) -> str:
    return visit.say(f"contacts.{one.kind.value}", contact=one.echo, at=visit.say.day(one.verified_at))


def _rows(visit: Visit, kind: Kind, *, has_one: bool) -> list[tuple[Button, ...]]:
    say = visit.say
    shares = kind is Kind.PHONE and visit.customer.channel in visit.shop.policy.contact_channels
    row: list[Button] = []
    if shares or visit.shop.get(CodeSenders).has(kind):
        doing = "change" if has_one else "verify"
        row.append(
            LinkButton(say(f"contacts.{doing}.{kind.value}"), link("verify", ask=kind.value, then=CONTACTS))
        )
    if has_one:
        row.append(
            LinkButton(say(f"contacts.remove.{kind.value}"), link("ask_remove_contact", kind=kind.value))
        )
    return [tuple(row)] if row else []
