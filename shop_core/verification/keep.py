"""A person's verified contacts: kept, listed, given up, and given on when two persons become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, select, update

from shop_core.customers.people import Customer, lock_person, lock_survivor
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault
from shop_core.verification.contacts import Contact, Kind, parse_phone
from shop_core.verification.errors import ContactTaken, NotHisOwn, StillNeeded
from shop_core.verification.models import ContactCode, VerifiedContact
from shop_core.verification.need import is_met

SHARED: Final = "shared"
CODE: Final = "code"


@dataclass(frozen=True, slots=True)
class SealedContact:
    """A contact as it is kept."""

    kind: Kind
    sealed: bytes
    fingerprint: bytes
    echo: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """A verified contact as it may be shown."""

    kind: Kind
    echo: str
    how: str
    verified_at: datetime


def seal(vault: Vault, contact: Contact) -> SealedContact:
    """Seal a contact for its fingerprint."""
    fingerprint = vault.fingerprint(contact.known_as)
    sealed = vault.seal(contact.value.reveal(), place=place_of(fingerprint))
    return SealedContact(contact.kind, sealed, fingerprint, contact.echo)


def place_of(fingerprint: bytes) -> str:
    """What a contact is sealed for."""
    return f"contact:{fingerprint.hex()}"


def list_contacts(view: View, person_id: int) -> Sequence[ContactView]:
    """What somebody has verified, a phone number first."""
    rows = view.execute(
        select(VerifiedContact.kind, VerifiedContact.echo, VerifiedContact.how, VerifiedContact.verified_at)
        .where(VerifiedContact.person_id == person_id)
        .order_by(VerifiedContact.kind.desc())
    )
    return [_view(row) for row in rows]


def open_contacts(view: View, vault: Vault, person_id: int) -> Sequence[tuple[ContactView, Secret]]:
    """The same in clear: for himself.

    Raises:
        CannotOpen: One was changed, or sealed under a key that we do not have.
    """
    rows = view.execute(
        select(*VerifiedContact.__table__.columns)
        .where(VerifiedContact.person_id == person_id)
        .order_by(VerifiedContact.kind.desc())
    )
    return [(_view(row), vault.open(row.sealed, place=place_of(row.fingerprint))) for row in rows]


async def take_shared(shop: Shop, customer: Customer, phone: str, *, is_his_own: bool) -> ContactView:
    """Take a number that his channel says is his: it has verified it. Twice is once.

    Raises:
        NotHisOwn: The channel says nothing like that.
        BadPhone: Not a number of a person.
        ContactTaken: It verifies somebody else.
    """
    if not is_his_own or customer.channel not in shop.policy.contact_channels:
        raise NotHisOwn
    # Channels leave the plus out.
    contact = parse_phone(f"+{phone.strip().lstrip('+')}", shop.policy.verification.country)
    return await shop.write(_take_shared, customer, seal(shop.get(Vault), contact))


def _take_shared(tx: Tx, customer: Customer, contact: SealedContact) -> ContactView:
    lock_person(tx, customer.person_id)
    return keep(tx, customer, contact, SHARED)


def keep(tx: Tx, customer: Customer, contact: SealedContact, how: str) -> ContactView:
    """The step: it is his now, in the place of the one of its kind that he had. The caller holds his lock.

    Raises:
        ContactTaken: It is somebody else's. Of two at the same moment the first has it.
    """
    row = table_of(VerifiedContact)
    his = (row.c.person_id == customer.person_id, row.c.kind == contact.kind.value)
    tx.execute(delete(row).where(*his))
    made = tx.execute(
        insert_or(tx, VerifiedContact)
        .values(
            person_id=customer.person_id,
            kind=contact.kind.value,
            sealed=contact.sealed,
            fingerprint=contact.fingerprint,
            echo=contact.echo,
            how=how,
            by=f"{customer.channel}:{customer.external_id}",
            verified_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=[VerifiedContact.fingerprint])
    )
    if made.rowcount != 1:
        raise ContactTaken
    return ContactView(contact.kind, contact.echo, how, tx.now)


async def give_up(shop: Shop, customer: Customer, kind: Kind) -> None:
    """Remove one of his own; anybody may verify it then. Twice is once.

    Raises:
        StillNeeded: The shop asks everybody for it.
    """
    await shop.write(_give_up, customer, kind)


def _give_up(tx: Tx, customer: Customer, kind: Kind) -> None:
    lock_person(tx, customer.person_id)
    left = {one.kind.value for one in list_contacts(tx, customer.person_id)} - {kind.value}
    if not is_met(tx.policy.verification.first_contact, left):
        raise StillNeeded
    _remove(tx, customer.person_id, kind)


def reset(tx: Tx, person_id: int, kind: Kind) -> ContactView | None:
    """Take one from somebody, by decision of staff, whatever asks for it. None: he had none."""
    person_id = lock_survivor(tx, person_id)
    had = [one for one in list_contacts(tx, person_id) if one.kind is kind]
    _remove(tx, person_id, kind)
    return had[0] if had else None


def move_contacts(tx: Tx, *, kept: int, gone: int) -> None:
    """Two persons become one: of two of a kind the one that was verified last goes on, the other is free again.

    A code that is on its way to one of them is void: it was for who is somebody else now.
    """
    rows = tx.execute(
        select(VerifiedContact.id, VerifiedContact.kind)
        .where(VerifiedContact.person_id.in_((kept, gone)))
        .order_by(VerifiedContact.verified_at, VerifiedContact.id)
    ).all()
    last = {row.kind: row.id for row in rows}
    for row in rows:
        if last[row.kind] != row.id:
            tx.execute(delete(VerifiedContact).where(VerifiedContact.id == row.id))
    contacts = table_of(VerifiedContact)
    tx.execute(update(contacts).where(contacts.c.person_id == gone).values(person_id=kept))
    tx.execute(delete(ContactCode).where(ContactCode.person_id.in_((kept, gone))))


def _remove(tx: Tx, person_id: int, kind: Kind) -> None:
    tx.execute(
        delete(VerifiedContact).where(
            VerifiedContact.person_id == person_id, VerifiedContact.kind == kind.value
        )
    )
    # A code that is still on its way would bring it back.
    tx.execute(delete(ContactCode).where(ContactCode.person_id == person_id, ContactCode.kind == kind.value))


def _view(row: Row[Any]) -> ContactView:
    return ContactView(Kind(row.kind), row.echo, row.how, row.verified_at)
