"""Who is staff: inviting colleagues, changing what they are, removing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk, ask_first
from handlers.links import link
from handlers.screen import Button, CopyButton, Line, Screen, ShareButton, Style, Weight
from shop_core.conversations.keys import new_key
from shop_core.conversations.sign_in import shut_out
from shop_core.customers.people import find_customer
from shop_core.db.tx import Tx, View
from shop_core.kernel.secret import Secret
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.messaging.tell_staff import address_of
from shop_core.staff import invitations, members
from shop_core.staff.invitations import Invitation, display_code
from shop_core.staff.members import Member
from shop_core.staff.roles import GRANTS, Role, Roster

_OFFERED: Final = (Role.SUPPORT, Role.FINANCE, Role.ADMIN)
"""The fewest rights first."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A member, and what his channel calls him."""

    member: Member
    name: str


def _see(view: View, member_id: int) -> _Known:
    return _known(view, members.get_member(view, member_id))


def _known(view: View, member: Member) -> _Known:
    where = address_of(member.actor)
    person = find_customer(view, channel=where.channel, external_id=where.external_id)
    return _Known(member, member.actor if person is None or not person.name else person.name)


def _see_all(view: View) -> tuple[Sequence[_Known], Sequence[Invitation]]:
    known = [_known(view, member) for member in members.list_members(view)]
    return known, invitations.list_invitations(view)


async def staff(desk: Desk) -> Screen:
    """Everybody, and the invitations that nobody has used."""
    known, waiting = await desk.shop.read(_see_all)
    say = desk.say
    lines = [Line(say("admin.staff.title"), Style.TITLE)]
    lines += [Line(say("admin.staff.owner", actor=owner)) for owner in sorted(desk.shop.get(Roster).owners)]
    if not known:
        lines.append(Line(say("admin.staff.alone"), Style.MUTED))
    rows: list[tuple[Button, ...]] = [(_member_button(desk, one),) for one in known]
    rows += [(_waiting_button(desk, invitation),) for invitation in waiting if _may(desk, invitation.role)]
    invite = desk.button("admin.button.invite", "staff", "invite", weight=Weight.PRIMARY)
    return Screen(tuple(lines), (*rows, (invite, desk.home_button())))


def _may(desk: Desk, role: Role) -> bool:
    return role in GRANTS[desk.role]


def _role_text(desk: Desk, role: Role) -> str:
    return desk.say(f"admin.role.{role.value}")


def _member_button(desk: Desk, known: _Known) -> Button:
    member = known.member
    role = _role_text(desk, member.role)
    return desk.button("admin.button.member", "staff", "show", str(member.id), name=known.name, role=role)


def _waiting_button(desk: Desk, waiting: Invitation) -> Button:
    words = ("staff", "uninvite", str(waiting.id))
    role = _role_text(desk, waiting.role)
    return desk.button("admin.button.uninvite", *words, role=role, until=desk.say.day(waiting.until))


async def staff_show(desk: Desk, member_id: int) -> Screen:
    """One member of staff, and what may be made of him."""
    return _member_screen(desk, await desk.shop.read(_see, member_id))


def _member_screen(desk: Desk, known: _Known) -> Screen:
    member, say = known.member, desk.say
    title = say("admin.staff.one", name=known.name, role=_role_text(desk, member.role))
    since = say("admin.staff.since", actor=member.actor, by=member.granted_by, at=say.day(member.granted_at))
    means = Line(say(f"admin.role.{member.role.value}.means"))
    lines = (Line(title, Style.TITLE), means, Line(since, Style.MUTED))
    last = (desk.button("admin.button.staff", "staff"), desk.home_button())
    if not _may(desk, member.role):
        return Screen(lines, (last,))
    number = str(member.id)
    others = tuple(
        desk.button("admin.button.make", "staff", "role", number, role.value, role=_role_text(desk, role))
        for role in _OFFERED
        if _may(desk, role) and role is not member.role
    )
    remove = desk.button("admin.button.remove_staff", "staff", "remove", number, weight=Weight.DANGER)
    return Screen(lines, (*((others,) if others else ()), (remove,), last))


async def joined_screen(desk: Desk, member_id: int) -> Screen:
    """The news that an invitation was used.

    Raises:
        NoSuchMember: He has been removed since.
    """
    known = await desk.shop.read(_see, member_id)
    shown = _member_screen(desk, known)
    text = desk.say("admin.staff.joined", name=known.name, role=_role_text(desk, known.member.role))
    return Screen((Line(text, Style.TITLE), *shown.lines[1:]), shown.rows, slot=None, news=True)


async def staff_invite(desk: Desk, role: Role | None) -> Screen:
    """Make an invitation for a role; without one, ask which."""
    say = desk.say
    back = (desk.button("admin.button.staff", "staff"), desk.home_button())
    if role is None:
        lines = [Line(say("admin.staff.invite.which"), Style.TITLE)]
        offered = [role for role in _OFFERED if _may(desk, role)]
        lines += [Line(say(f"admin.role.{role.value}.about")) for role in offered]
        rows = [(desk.button(f"admin.role.{role.value}", "staff", "invite", role.value),) for role in offered]
        return Screen(tuple(lines), (*rows, back))
    code = await desk.shop.write(invitations.invite, desk.shop.get(Roster), role, by=desk.actor)
    shown = display_code(code.reveal())
    title = say("admin.staff.invite.made", role=_role_text(desk, role))
    # The code opens the staff's side to whoever has it: it is for the one who reads this, so it may stand here.
    lines = [Line(title, Style.TITLE), Line(shown, Style.STRONG), Line(say("admin.staff.invite.how"))]
    share = ShareButton(
        say("admin.button.send_invitation"),
        link("invitation", code=code.reveal()),
        say("admin.staff.invite.words", shop=desk.shop.policy.name, role=_role_text(desk, role)),
    )
    return Screen(tuple(lines), ((share, CopyButton(say("admin.button.copy_code"), Secret(shown))), back))


async def staff_uninvite(desk: Desk, invitation_id: int) -> Screen:
    """Take an invitation back. A second time finds it gone."""
    await desk.shop.write(invitations.take_back, desk.shop.get(Roster), invitation_id, by=desk.actor)
    return (await staff(desk)).with_toast(desk.say("admin.staff.uninvited"))


async def staff_add(desk: Desk, actor: str, role: Role) -> Screen:
    """Make somebody staff whose id is known."""
    member = await desk.shop.write(_add, desk.shop.get(Roster), actor, role, desk.actor)
    return await staff_show(desk, member.id)


def _add(tx: Tx, roster: Roster, actor: str, role: Role, by: str) -> Member:
    before = roster.role_of(tx, actor)
    member = members.take_on(tx, roster, actor, role, by=by)
    if before is not role:
        _tell(tx, member)
    return member


async def staff_role(desk: Desk, member_id: int, role: Role) -> Screen:
    """Change what somebody is. He keeps his browser: what he may do there is looked up anew."""
    await desk.shop.write(_change, desk.shop.get(Roster), member_id, role, desk.actor)
    toast = desk.say("admin.staff.changed", role=_role_text(desk, role))
    return (await staff_show(desk, member_id)).with_toast(toast)


def _change(tx: Tx, roster: Roster, member_id: int, role: Role, by: str) -> None:
    before = members.get_member(tx, member_id)
    if members.change_role(tx, roster, member_id, role, by=by) != before:
        _tell(tx, before)


async def staff_remove(desk: Desk, member_id: int, *, yes: bool) -> Screen:
    """Remove somebody: from his chat, from every browser, at once. Asks first."""
    known = await desk.shop.read(_see, member_id)
    if not yes:
        return _ask_remove(desk, known)
    await desk.shop.write(_remove, desk.shop.get(Roster), member_id, desk.actor)
    return (await staff(desk)).with_toast(desk.say("admin.staff.removed", name=known.name))


def _ask_remove(desk: Desk, known: _Known) -> Screen:
    role = _role_text(desk, known.member.role)
    title = desk.say("admin.staff.ask_remove", name=known.name, role=role)
    lines = (Line(title, Style.TITLE), Line(desk.say("admin.staff.ask_remove.means")))
    number = str(known.member.id)
    no = desk.button("admin.button.keep_staff", "staff", "show", number)
    held = ("staff", "remove", number, "--yes")
    return ask_first(lines, desk.say("admin.staff.yes_remove"), held, new_key(desk.shop.random), no)


def _remove(tx: Tx, roster: Roster, member_id: int, by: str) -> None:
    member = members.remove(tx, roster, member_id, by=by)
    shut_out(tx, member.actor)
    _tell(tx, member)


def _tell(tx: Tx, member: Member) -> None:
    """He hears what he is now: that of the moment when it is sent."""
    cause = f"role:{tx.new_token()}"
    queue_message(tx, address_of(member.actor), NewsKind.ROLE_CHANGED, {"member_id": member.id}, cause=cause)
