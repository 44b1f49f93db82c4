"""News of the shop: what upward areas may want to know. A fact, in the past tense, with the ids it is about."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. ``name`` is what is stored; ids only, never a code or a person's words."""

    name: ClassVar[str]

    def payload(self) -> dict[str, int | str]:
        """The fields, ready for a JSON column."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OrderPaid(Event):
    """Money for an order is in, and the goods are not out yet."""

    name: ClassVar[str] = "order_paid"
    order_id: int


@dataclass(frozen=True, slots=True)
class CaseOpened(Event):
    """Something needs a person."""

    name: ClassVar[str] = "case_opened"
    case_id: int


@dataclass(frozen=True, slots=True)
class ListRead(Event):
    """A supplier's list, or what changed in it, was read to its end.

    Attributes:
        since: The moment (ISO 8601) whose later changes were asked for; empty: it was the whole list.
    """

    name: ClassVar[str] = "list_read"
    supplier: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """A line waits for staff to fulfil it by hand."""

    name: ClassVar[str] = "task_opened"
    task_id: int
