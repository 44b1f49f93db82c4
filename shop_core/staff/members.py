"""Taking people on, changing what they are, and removing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.staff import audit
from shop_core.staff.errors import BadActor, IsOwner, MayNotGrant, NoSuchMember
from shop_core.staff.models import StaffRow
from shop_core.staff.roles import SHELL, Role, Roster

_ACTOR: Final = re.compile(r"[a-z0-9_-]{1,40}:\S{1,128}")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the staff who is not named in the config."""

    id: int
    actor: str
    role: Role
    granted_by: str
    granted_at: datetime


_IN_FORCE: Final = select(
    StaffRow.id, StaffRow.actor, StaffRow.role, StaffRow.granted_by, StaffRow.granted_at
).where(StaffRow.revoked_at.is_(None))


def list_members(view: View) -> Sequence[Member]:
    """All of them, longest first."""
    rows = view.execute(_IN_FORCE.order_by(StaffRow.id))
    return [Member(row.id, row.actor, Role(row.role), row.granted_by, row.granted_at) for row in rows]


def get_member(view: View, member_id: int) -> Member:
    """One of them.

    Raises:
        NoSuchMember: Not there, or removed.
    """
    row = view.execute(_IN_FORCE.where(StaffRow.id == member_id)).first()
    if row is None:
        raise NoSuchMember
    return Member(row.id, row.actor, Role(row.role), row.granted_by, row.granted_at)


def take_on(tx: Tx, roster: Roster, actor: str, role: Role, *, by: str) -> Member:
    """Make somebody staff, or change what he is. May run twice: the second finds it so and changes nothing.

    Raises:
        MayNotGrant: What he is or what he would be is not for ``by`` to decide.
        IsOwner: He is named in the config.
        BadActor: Not the form of one.
    """
    _require(tx, roster, role, by=by)
    if actor in roster.owners:
        raise IsOwner
    if _ACTOR.fullmatch(actor) is None or actor.startswith(SHELL):
        raise BadActor
    made = tx.execute(
        insert_or(tx, StaffRow)
        .values(actor=actor, role=role.value, granted_by=by, granted_at=tx.now)
        .on_conflict_do_nothing()
        .returning(StaffRow.id)
    ).scalar()
    if made is None:
        there = tx.execute(_IN_FORCE.where(StaffRow.actor == actor)).one()
        return change_role(tx, roster, there.id, role, by=by)
    audit.record(tx, actor=by, command="staff add", details={"member": actor, "role": role.value})
    return get_member(tx, made)


def change_role(tx: Tx, roster: Roster, member_id: int, role: Role, *, by: str) -> Member:
    """Change what somebody is. May run twice.

    Raises:
        NoSuchMember: Not there, or removed.
        MayNotGrant: What he is or what he would be is not for ``by`` to decide.
    """
    member = get_member(tx, member_id)
    _require(tx, roster, role, by=by)
    _require(tx, roster, member.role, by=by)
    if member.role is role:
        return member
    _change(tx, member, role=role.value, granted_by=by, granted_at=tx.now)
    details = {"member": member.actor, "from": member.role.value, "to": role.value}
    audit.record(tx, actor=by, command="staff role", details=details)
    return get_member(tx, member_id)


def remove(tx: Tx, roster: Roster, member_id: int, *, by: str) -> Member:
    """Remove somebody. A second time finds nobody.

    Raises:
        NoSuchMember: Not there, or removed already.
        MayNotGrant: What he is is not for ``by`` to decide.
    """
    member = get_member(tx, member_id)
    _require(tx, roster, member.role, by=by)
    _change(tx, member, revoked_by=by, revoked_at=tx.now)
    details = {"member": member.actor, "role": member.role.value}
    audit.record(tx, actor=by, command="staff remove", details=details)
    return member


def _require(view: View, roster: Roster, role: Role, *, by: str) -> None:
    if not roster.may_grant(view, by, role):
        raise MayNotGrant


def _change(tx: Tx, member: Member, **values: object) -> None:
    """Change the row if it still says what was decided about."""
    changed = tx.execute(
        update(StaffRow)
        .where(StaffRow.id == member.id, StaffRow.role == member.role.value, StaffRow.revoked_at.is_(None))
        .values(**values)
    )
    if changed.rowcount != 1:
        raise NoSuchMember
