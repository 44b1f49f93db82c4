"""An identity leaves a person, and begins anew; what the two had stays with the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, select, update

from shop_core.conversations.models import FormRow, PromptRow, StaffSession
from shop_core.customers.models import Identity, Person, PersonChange
from shop_core.customers.people import Address, Customer, get_language, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.restock import RestockWish
from shop_core.messaging.choices import ChoiceRow
from shop_core.messaging.elsewhere import find_last_used, move_news
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.models import Order
from shop_core.pairing.codes import void_of
from shop_core.pairing.errors import LastIdentity, NoSuchIdentity
from shop_core.payments.models import Payment
from shop_core.threads.models import Thread

PARTED: Final = "parted"
_FOLLOW: Final = (Order, Payment, Thread, RestockWish)
"""What says where news of it goes."""
_OF_THE_CHAT: Final = (FormRow, PromptRow, ChoiceRow)
"""What the chat was in the middle of: it was in the person's name."""


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Who a person is on one channel. ``is_here``: who is looking. ``hears_all``: it hears what is told on the others."""

    id: int
    address: Address
    is_here: bool
    hears_all: bool


def list_identities(view: View, customer: Customer) -> Sequence[IdentityView]:
    """Everywhere a person is, first met first; a browser lent to a member of staff does not count."""
    here = Address(customer.channel, customer.external_id)
    return [
        IdentityView(row.id, address, address == here, row.hears_all)
        for row in view.execute(_own(customer.person_id).order_by(Identity.id))
        for address in [Address(row.channel, row.external_id)]
    ]


def get_identity(view: View, customer: Customer, identity_id: int) -> IdentityView:
    """One of his.

    Raises:
        NoSuchIdentity: Not there, or not his.
    """
    found = [one for one in list_identities(view, customer) if one.id == identity_id]
    if not found:
        raise NoSuchIdentity
    return found[0]


def hear_all(tx: Tx, customer: Customer, identity_id: int, *, is_on: bool) -> None:
    """Tell a person on this channel of his, from now on, what is told on his others as well; or no more.

    Raises:
        NoSuchIdentity: Not there, or not his.
    """
    lock_person(tx, customer.person_id)
    own = get_identity(tx, customer, identity_id)
    tx.execute(update(table_of(Identity)).where(Identity.id == own.id).values(hears_all=is_on))


async def part(shop: Shop, customer: Customer, identity_id: int) -> IdentityView:
    """Let an identity leave. Orders, balance and conversation stay with the person; the identity is somebody new.

    Returns:
        Which one left.

    Raises:
        NoSuchIdentity: Not his (any more).
        LastIdentity: He has no other.
    """
    return await shop.write(_part, customer, identity_id)


def _part(tx: Tx, customer: Customer, identity_id: int) -> IdentityView:
    lock_person(tx, customer.person_id)
    leaving = get_identity(tx, customer, identity_id)
    if len(list_identities(tx, customer)) == 1:
        raise LastIdentity
    person_id, gone = customer.person_id, leaving.address
    fresh = _begin_anew(tx, person_id, leaving.id)
    home = find_last_used(tx, person_id)
    if home is not None:
        _lead_elsewhere(tx, person_id, gone, home)
    for table in _OF_THE_CHAT:
        tx.execute(delete(table).where(_at(table, gone)))
    void_of(tx, person_id)
    change_id = tx.execute(
        insert(table_of(PersonChange))
        .values(
            kind=PARTED,
            at=tx.now,
            person_id=person_id,
            other_id=fresh,
            identities=[f"{gone.channel}:{gone.external_id}"],
            by=f"{customer.channel}:{customer.external_id}",
            details={},
        )
        .returning(PersonChange.id)
    ).scalar_one()
    if not leaving.is_here:
        queue_message(
            tx, gone, NewsKind.PAIRING_ENDED, {"outcome": PARTED}, cause=f"person_change:{change_id}"
        )
    return leaving


def _own(person_id: int) -> Select[int, str, str, bool]:
    lent = exists().where(
        StaffSession.channel == Identity.channel, StaffSession.external_id == Identity.external_id
    )
    return select(Identity.id, Identity.channel, Identity.external_id, Identity.hears_all).where(
        Identity.person_id == person_id, ~lent
    )


def _begin_anew(tx: Tx, person_id: int, identity_id: int) -> int:
    """A new person with the language and the name of the one he was, and nothing else."""
    name = tx.execute(select(Person.name).where(Person.id == person_id)).scalar_one()
    fresh = tx.execute(
        insert(table_of(Person))
        .values(name=name, language=get_language(tx, person_id), since=tx.now)
        .returning(Person.id)
    ).scalar_one()
    moved = tx.execute(
        update(table_of(Identity))
        .where(Identity.id == identity_id, Identity.person_id == person_id)
        .values(person_id=fresh, hears_all=False)
    )
    if moved.rowcount != 1:
        raise NoSuchIdentity
    return int(fresh)


def _lead_elsewhere(tx: Tx, person_id: int, gone: Address, home: Address) -> None:
    """News of what he ordered or asked there goes where he was last: the one who is there now must not read it."""
    to = {"channel": home.channel, "external_id": home.external_id}
    for table in _FOLLOW:
        tx.execute(update(table_of(table)).where(table.person_id == person_id, _at(table, gone)).values(to))
    move_news(tx, gone, home)


def _at(table: type[Any], address: Address) -> ColumnElement[bool]:
    return and_(table.channel == address.channel, table.external_id == address.external_id)
