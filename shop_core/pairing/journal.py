"""What became of a person, as the journal has it: who he turned out to be as well, and what left him again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, or_, select

from shop_core.customers.models import Person, PersonChange
from shop_core.customers.people import Address
from shop_core.db.tx import View

_CHANGES: Final = select(
    PersonChange.kind,
    PersonChange.at,
    PersonChange.person_id,
    PersonChange.other_id,
    PersonChange.identities,
    PersonChange.by,
    PersonChange.asked_by,
)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of it. Of who has been erased since, nothing but the numbers is left.

    Attributes:
        kind: ``merged`` (``other_id`` into ``person_id``) or ``parted`` (``other_id`` from ``person_id``).
        identities: Those that changed hands.
        by: Who said yes last; None: erased.
        asked_by: Who had typed the code of a merge.
    """

    kind: str
    at: datetime
    person_id: int
    other_id: int
    identities: Sequence[Address]
    by: Address | None
    asked_by: Address | None


def list_changes(view: View, person_id: int, limit: int) -> Sequence[ChangeView]:
    """What became of somebody and of those whom he turned out to be, the latest first."""
    merged = view.execute(select(Person.id).where(Person.merged_into == person_id)).scalars()
    his = [person_id, *merged]
    found = _CHANGES.where(or_(PersonChange.person_id.in_(his), PersonChange.other_id.in_(his)))
    return [_view(row) for row in view.execute(found.order_by(PersonChange.id.desc()).limit(limit))]


def _view(row: Row[Any]) -> ChangeView:
    return ChangeView(
        row.kind,
        row.at,
        row.person_id,
        row.other_id,
        [address for text in row.identities if (address := _address(text)) is not None],
        _address(row.by),
        _address(row.asked_by),
    )


def _address(text: str | None) -> Address | None:
    """``channel:id``; what was erased has no colon."""
    channel, colon, external_id = (text or "").partition(":")
    return Address(channel, external_id) if colon else None
