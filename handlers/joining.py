"""Becoming staff by an invitation: looked at first, and taken by a press."""

from __future__ import annotations

from handlers.links import link
from handlers.screen import Line, LinkButton, Screen, Style, Weight
from handlers.visit import Visit
from shop_core.db.tx import Tx
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.tell_staff import tell_staff
from shop_core.staff.errors import BadInvitation
from shop_core.staff.invitations import Invitation, accept, find_invitation, parse_code
from shop_core.staff.members import Member
from shop_core.staff.roles import Right, Roster


async def find(visit: Visit, code: str) -> Invitation | None:
    """What a code invites to, if it can be used."""
    plain = parse_code(code)
    if plain is None:
        return None
    return await visit.shop.read(find_invitation, visit.shop.get(Roster), plain)


async def invitation(visit: Visit, code: str) -> Screen:
    """Show an invitation. A look uses nothing up.

    Raises:
        BadInvitation: It cannot be used.
    """
    found = await find(visit, code)
    plain = parse_code(code)
    if found is None or plain is None:
        raise BadInvitation
    say = visit.say
    role = say(f"join.role.{found.role.value}")
    lines = [Line(say("join.title", shop=visit.shop.policy.name, role=role), Style.TITLE)]
    home = LinkButton(say("button.home"), link("home"))
    if visit.is_guest:
        # A browser is lost with its cookie, and has no password: no place to keep the keys of a shop.
        return Screen((*lines, Line(say("join.not_here"))), ((home,),))
    lines.append(Line(say("join.text")))
    accepted = LinkButton(say("join.button"), link("join", code=plain), Weight.PRIMARY)
    return Screen(tuple(lines), ((accepted,), (home,)))


async def join(visit: Visit, code: str) -> Screen:
    """Become staff; those who run the staff are told. A second time finds the invitation used.

    Raises:
        BadInvitation: It cannot be used (any more).
        AlreadyStaff: He is staff.
    """
    plain = parse_code(code)
    if plain is None or visit.is_guest:
        raise BadInvitation
    actor = f"{visit.customer.channel}:{visit.customer.external_id}"
    member = await visit.shop.write(_join, visit.shop.get(Roster), plain, actor)
    say = visit.say
    title = say("join.done", role=say(f"join.role.{member.role.value}"))
    counter = LinkButton(say("join.counter"), "admin", Weight.PRIMARY)
    return Screen((Line(title, Style.TITLE), Line(say("join.done.text"))), ((counter,),), menu=True)


def _join(tx: Tx, roster: Roster, code: str, actor: str) -> Member:
    member = accept(tx, roster, code, actor)
    args = {"member_id": member.id}
    tell_staff(tx, roster, Right.STAFF, NewsKind.STAFF_JOINED, args, cause=f"joined:{member.id}")
    return member
