"""Who may do what: roles, the rights of each, and who has which role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, select

from shop_core.db.tx import View
from shop_core.staff.models import StaffRow

SHELL: Final = "shell:"
"""What actors at the shell begin with. Whoever may start the program with the shop's config is its owner."""


class Role(StrEnum):
    """What a member of staff is."""

    OWNER = "owner"
    """Named in the config; nobody makes or removes one by command."""
    ADMIN = "admin"
    """Runs the shop day by day."""
    FINANCE = "finance"
    """Money, and nothing that is for sale."""
    SUPPORT = "support"
    """Talks to customers."""


class Right(StrEnum):
    """What a command needs."""

    LOOK = "look"
    """Orders, what waits, one's own signing in."""
    SERVE = "serve"
    """Talking to customers; what they wait for."""
    GOODS = "goods"
    """Products, prices, stock."""
    MONEY = "money"
    """Refunds, balances, money without a place."""
    BOOKS = "books"
    """Costs, numbers, what staff did."""
    STAFF = "staff"
    """Who is staff."""


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset(Right),
    Role.FINANCE: frozenset({Right.LOOK, Right.MONEY, Right.BOOKS}),
    Role.SUPPORT: frozenset({Right.LOOK, Right.SERVE}),
}

GRANTS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.OWNER: frozenset({Role.ADMIN, Role.FINANCE, Role.SUPPORT}),
    Role.ADMIN: frozenset({Role.FINANCE, Role.SUPPORT}),
    Role.FINANCE: frozenset(),
    Role.SUPPORT: frozenset(),
}
"""Which roles each may give, change and take away: never one with more rights than his own, and never his own."""

_ROLE: Final = select(StaffRow.role).where(
    StaffRow.actor == bindparam("member"), StaffRow.revoked_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Roster:
    """The owners of the config, and with them the way to everybody's role.

    Asked for every message anew, so who is removed is out at once. An actor is ``<channel instance>:<id there>``.
    """

    owners: frozenset[str]

    @classmethod
    def of(cls, owners: Iterable[str]) -> Roster:
        """From the config's list."""
        return cls(frozenset(owners))

    def role_of(self, view: View, actor: str) -> Role | None:
        """The role of somebody on a channel, or None: a customer."""
        if actor in self.owners:
            return Role.OWNER
        found = view.execute(_ROLE, {"member": actor}).scalar()
        return None if found is None else Role(found)

    def may_grant(self, view: View, actor: str, role: Role) -> bool:
        """Whether somebody may give, change or take a role: on a channel, or at the shell."""
        holder = Role.OWNER if actor.startswith(SHELL) else self.role_of(view, actor)
        return holder is not None and role in GRANTS[holder]

    def list_all(self, view: View) -> Mapping[str, Role]:
        """Everybody who is staff, owners first."""
        rows = view.execute(
            select(StaffRow.actor, StaffRow.role).where(StaffRow.revoked_at.is_(None)).order_by(StaffRow.id)
        )
        owners = dict.fromkeys(sorted(self.owners), Role.OWNER)
        return owners | {row.actor: Role(row.role) for row in rows if row.actor not in owners}

    def list_with(self, view: View, right: Right) -> list[str]:
        """Everybody who has a right."""
        return [actor for actor, role in self.list_all(view).items() if right in RIGHTS[role]]
