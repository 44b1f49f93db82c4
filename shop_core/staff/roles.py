"""Who may do what. The owners are named in the config; nobody else is staff yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is."""

    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Roster:
    """The owners, as ``<channel instance>:<id there>``. Asked for every command anew, so a removed owner is out at once."""

    owners: frozenset[str]

    @classmethod
    def of(cls, owners: Iterable[str]) -> Roster:
        """From the config's list."""
        return cls(frozenset(owners))

    def role_of(self, channel: str, external_id: str) -> Role | None:
        """The role of somebody on a channel, or None: a customer."""
        return Role.OWNER if f"{channel}:{external_id}" in self.owners else None
