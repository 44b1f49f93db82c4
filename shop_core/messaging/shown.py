"""Which of a chat's messages shows what, so that a screen replaces itself instead of piling up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, and_, cast, delete, or_, select

from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.messaging.models import ShownMessage


@dataclass(frozen=True, slots=True)
class Place:
    """A slot of a chat, and the message that it is in.

    Attributes:
        message_ref: The channel's own id of the message; of several, the one with the buttons.
        other_refs: The messages that belong to it and go away with it.
        has_media: The message is a picture or a file with words under it.
        is_protected: It was sent so that it can be neither forwarded nor saved.
        bill: It is the bill of the payment of this number, and never becomes anything else.
    """

    slot: str
    message_ref: str
    other_refs: tuple[str, ...] = ()
    has_media: bool = False
    is_protected: bool = False
    bill: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A place, and since when it is there."""

    place: Place
    shown_at: datetime

    @property
    def refs(self) -> tuple[str, ...]:
        """Every message of it."""
        return (*self.place.other_refs, self.place.message_ref)


def find_shown(view: View, address: Address, slot: str) -> Shown | None:
    """Where a slot is shown."""
    return _find(view, and_(_in_chat(address), ShownMessage.slot == slot))


def find_by_message(view: View, address: Address, message_ref: str) -> Shown | None:
    """What a message with buttons shows; None if it shows nothing any more."""
    return _find(view, and_(_in_chat(address), ShownMessage.message_ref == message_ref))


def find_slot(view: View, address: Address, message_ref: str) -> str | None:
    """The slot that a message belongs to, with buttons or without; None if it shows nothing any more."""
    others = cast(ShownMessage.other_refs, String).contains(f'"{message_ref}"', autoescape=True)
    rows = view.execute(
        select(ShownMessage.slot).where(
            _in_chat(address), or_(ShownMessage.message_ref == message_ref, others)
        )
    )
    return rows.scalar()


def remember_shown(tx: Tx, address: Address, place: Place) -> None:
    """A slot is shown here from now on; whatever was shown in the same message is not any more."""
    tx.execute(
        delete(ShownMessage).where(
            _in_chat(address), ShownMessage.message_ref == place.message_ref, ShownMessage.slot != place.slot
        )
    )
    where = {
        "message_ref": place.message_ref,
        "other_refs": list(place.other_refs),
        "has_media": place.has_media,
        "is_protected": place.is_protected,
        "bill": place.bill,
        "shown_at": tx.now,
    }
    row = insert_or(tx, ShownMessage).values(
        channel=address.channel, external_id=address.external_id, slot=place.slot, **where
    )
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[ShownMessage.channel, ShownMessage.external_id, ShownMessage.slot], set_=where
        )
    )


def forget_shown(tx: Tx, address: Address, shown: Shown) -> None:
    """The message goes away. Nothing happens if the slot has moved to another one meanwhile."""
    tx.execute(
        delete(ShownMessage).where(
            _in_chat(address),
            ShownMessage.slot == shown.place.slot,
            ShownMessage.message_ref == shown.place.message_ref,
        )
    )


def _in_chat(address: Address) -> ColumnElement[bool]:
    return and_(ShownMessage.channel == address.channel, ShownMessage.external_id == address.external_id)


def _find(view: View, condition: ColumnElement[bool]) -> Shown | None:
    row: Row[Any] | None = view.execute(select(*ShownMessage.__table__.columns).where(condition)).first()
    if row is None:
        return None
    place = Place(row.slot, row.message_ref, tuple(row.other_refs), row.has_media, row.is_protected, row.bill)
    return Shown(place, row.shown_at)
