"""Inviting somebody to the staff: a code that works once, for a day, and can be taken back.

A code gives what its maker may give at the moment when it is used: who was removed meanwhile invites nobody.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.numbers import ALPHABET
from shop_core.kernel.secret import Secret
from shop_core.staff import audit
from shop_core.staff.errors import AlreadyStaff, BadInvitation, MayNotGrant
from shop_core.staff.members import Member, take_on
from shop_core.staff.models import InvitationRow
from shop_core.staff.roles import Role, Roster

LASTS: Final = timedelta(days=1)
CODE_LENGTH: Final = 16
"""31^16 codes: 79 bits, for a day."""
_CODE: Final = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that can still be used."""

    id: int
    role: Role
    made_by: str
    until: datetime


def parse_code(text: str) -> str | None:
    """A code as people pass it on, with or without dashes, or None: none."""
    plain = "".join(text.split()).replace("-", "").upper()
    return plain if _CODE.fullmatch(plain) else None


def display_code(code: str) -> str:
    """In groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, CODE_LENGTH, _GROUP))


def invite(tx: Tx, roster: Roster, role: Role, *, by: str) -> Secret:
    """Make an invitation.

    Returns:
        Its code, which is not kept.

    Raises:
        MayNotGrant: Not his to give.
    """
    if not roster.may_grant(tx, by, role):
        raise MayNotGrant
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    values = {"digest": _hashed(code), "role": role.value, "made_by": by, "until": tx.now + LASTS}
    tx.execute(insert_or(tx, InvitationRow).values(**values))
    audit.record(tx, actor=by, command="staff invite", details={"role": role.value})
    return Secret(code)


def list_invitations(view: View) -> Sequence[Invitation]:
    """Those that can still be used, oldest first."""
    rows = view.execute(
        select(InvitationRow.id, InvitationRow.role, InvitationRow.made_by, InvitationRow.until)
        .where(InvitationRow.until > view.now)
        .order_by(InvitationRow.id)
    )
    return [Invitation(row.id, Role(row.role), row.made_by, row.until) for row in rows]


def take_back(tx: Tx, roster: Roster, invitation_id: int, *, by: str) -> None:
    """Void an invitation. One that is gone already stays gone.

    Raises:
        MayNotGrant: Its role is not his to give.
    """
    role = tx.execute(select(InvitationRow.role).where(InvitationRow.id == invitation_id)).scalar()
    if role is None:
        return
    if not roster.may_grant(tx, by, Role(role)):
        raise MayNotGrant
    tx.execute(delete(InvitationRow).where(InvitationRow.id == invitation_id))
    audit.record(tx, actor=by, command="staff uninvite", details={"role": role})


def find_invitation(view: View, roster: Roster, code: str) -> Invitation | None:
    """What a code would give, if it can be used. Uses nothing up."""
    row = view.execute(
        select(InvitationRow.id, InvitationRow.role, InvitationRow.made_by, InvitationRow.until).where(
            InvitationRow.digest == _hashed(code), InvitationRow.until > view.now
        )
    ).first()
    if row is None or not roster.may_grant(view, row.made_by, Role(row.role)):
        return None
    return Invitation(row.id, Role(row.role), row.made_by, row.until)


def accept(tx: Tx, roster: Roster, code: str, actor: str) -> Member:
    """Become staff by an invitation, which is used up. A second time finds it used.

    Raises:
        BadInvitation: It cannot be used (any more).
        AlreadyStaff: He is staff; the invitation can still be used.
    """
    if roster.role_of(tx, actor) is not None:
        raise AlreadyStaff
    found = find_invitation(tx, roster, code)
    if found is None:
        raise BadInvitation
    used = tx.execute(delete(InvitationRow).where(InvitationRow.id == found.id, InvitationRow.until > tx.now))
    if used.rowcount != 1:
        raise BadInvitation
    return take_on(tx, roster, actor, found.role, by=found.made_by)


def purge(tx: Tx) -> int:
    """Forget those that are too old. Returns how many."""
    return tx.execute(delete(InvitationRow).where(InvitationRow.until <= tx.now)).rowcount


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
