"""Meeting people, and asking where they can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update

from shop_core.customers.models import Identity, Person
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import RetryLater, ShopError


class NoSuchPerson(ShopError):
    """Nobody we know."""

    code = "customers.unknown"


class PersonMerged(RetryLater):
    """He became one with another person since we looked who he is. Nothing was done: whoever looks again finds that one."""

    def __init__(self) -> None:
        super().__init__("the person was merged", retry_after_s=0)


class PersonErased(ShopError):
    """He had everything erased that says who he is: nothing is done in his name, and nothing can be given to him."""

    code = "customers.erased"


@dataclass(frozen=True, slots=True)
class Customer:
    """A person on the channel he is talking on. ``timezone``: whose clock he reads; None, the shop's."""

    person_id: int
    channel: str
    external_id: str
    language: str
    name: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a channel instance, and the person's id there."""

    channel: str
    external_id: str

    @property
    def is_nobody(self) -> bool:
        """Whether whoever was there has been erased: nothing is sent, and nothing waits for him."""
        return self.external_id.startswith(NOBODY)


NOBODY: Final = "erased-"
"""What takes the place of the ids of who has been erased begins so."""


def nobody(person_id: int, channel: str) -> Address:
    """Where an erased person was: so much may still be known."""
    return Address(channel, f"{NOBODY}{person_id}")


@dataclass(frozen=True, slots=True)
class AsNow:
    """Who somebody is now, and whether he has been erased: then nothing can be given to him."""

    person_id: int
    is_erased: bool


_FIND: Final = (
    select(
        Person.id,
        Person.language,
        Person.name,
        Person.timezone,
        Identity.unreachable_since,
        Identity.id.label("identity_id"),
    )
    .join(Identity, Identity.person_id == Person.id)
    .where(Identity.channel == bindparam("on"), Identity.external_id == bindparam("who"))
)
_LOCK: Final = (
    select(Person.merged_into, Person.erased_at).where(Person.id == bindparam("person")).with_for_update()
)


def meet(tx: Tx, *, channel: str, external_id: str, name: str, language: str) -> Customer:
    """The person behind an identity, made on first contact. Twice the same identity is the same person.

    Args:
        language: What the channel says of him, such as ``zh-hans``; only used on first contact, and only if the shop
            speaks it.
    """
    found = find_customer(tx, channel=channel, external_id=external_id)
    if found is not None:
        return found
    spoken = next(
        (known for known in tx.policy.languages if language.lower().startswith(known)), tx.policy.languages[0]
    )
    person_id = tx.execute(
        insert(Person).values(name=name[:128], language=spoken, since=tx.now).returning(Person.id)
    ).scalar_one()
    made = tx.execute(
        insert_or(tx, Identity)
        .values(person_id=person_id, channel=channel, external_id=external_id)
        .on_conflict_do_nothing()
    )
    if made.rowcount != 1:
        # Another process met him between our look and our insert.
        tx.execute(delete(Person).where(Person.id == person_id))
        existing = find_customer(tx, channel=channel, external_id=external_id)
        if existing is None:
            raise NoSuchPerson
        return existing
    return Customer(person_id, channel, external_id, spoken, name[:128])


def find_customer(view: View, *, channel: str, external_id: str) -> Customer | None:
    """The person behind an identity, if we know him."""
    row = view.execute(_FIND, {"on": channel, "who": external_id}).first()
    if row is None:
        return None
    return Customer(row.id, channel, external_id, row.language, row.name, row.timezone)


def lock_person(tx: Tx, person_id: int) -> None:
    """Let one person's changes go one after another: limits are counted and kept under this lock.

    Raises:
        NoSuchPerson: The row is not there.
        PersonMerged: Whoever acts in his name has to look again who he is.
        PersonErased: Nobody acts in his name any more.
    """
    row = _lock(tx, person_id)
    if row.merged_into is not None:
        raise PersonMerged
    if row.erased_at is not None:
        raise PersonErased


def lock_survivor(tx: Tx, person_id: int) -> int:
    """Lock whoever somebody is now: for money and news that come for him, whatever he was called when they were asked for.

    Raises:
        NoSuchPerson: The row is not there.
    """
    return lock_as_now(tx, person_id).person_id


def lock_as_now(tx: Tx, person_id: int) -> AsNow:
    """The same, where it matters whether he is still there.

    Raises:
        NoSuchPerson: The row is not there.
    """
    row = _lock(tx, person_id)
    if row.merged_into is not None:
        return lock_as_now(tx, row.merged_into)
    return AsNow(person_id, is_erased=row.erased_at is not None)


def require_somebody(address: Address) -> None:
    """Insist that whoever was there can still be given something. For a row that is locked.

    Raises:
        PersonErased: He cannot.
    """
    if address.is_nobody:
        raise PersonErased


def survivor_of(view: View, person_id: int) -> int:
    """Who somebody is now.

    Raises:
        NoSuchPerson: The row is not there.
    """
    row = view.execute(select(Person.merged_into).where(Person.id == person_id)).first()
    if row is None:
        raise NoSuchPerson
    return person_id if row.merged_into is None else int(row.merged_into)


def require_not_merged(view: View, person_id: int) -> None:
    """Insist that a refusal is not for having looked too early who somebody is.

    Raises:
        PersonMerged: It is.
    """
    row = view.execute(select(Person.merged_into).where(Person.id == person_id)).first()
    if row is not None and row.merged_into is not None:
        raise PersonMerged


def _lock(tx: Tx, person_id: int) -> Row[Any]:
    row = tx.execute(_LOCK, {"person": person_id}).first()
    if row is None:
        raise NoSuchPerson
    return row


def get_language(view: View, person_id: int) -> str:
    """The language a person reads.

    Raises:
        NoSuchPerson: The row is not there.
    """
    language = view.execute(select(Person.language).where(Person.id == person_id)).scalar()
    if language is None:
        raise NoSuchPerson
    return str(language)


def set_language(tx: Tx, person_id: int, language: str) -> None:
    """Remember the language a person asked for.

    Raises:
        NoSuchPerson: Nobody, or a language the shop does not speak.
        PersonMerged: Look again who he is.
    """
    if language not in tx.policy.languages:
        raise NoSuchPerson
    lock_person(tx, person_id)
    tx.execute(update(Person).where(Person.id == person_id).values(language=language))


def list_addresses(view: View, person_id: int) -> Sequence[Address]:
    """Everywhere a person can be reached, first met first."""
    rows = view.execute(
        select(Identity.channel, Identity.external_id)
        .where(Identity.person_id == person_id, Identity.unreachable_since.is_(None))
        .order_by(Identity.id)
    )
    return [Address(row.channel, row.external_id) for row in rows]


def is_unreachable(view: View, address: Address) -> bool:
    """Whether nothing could be sent to somebody there when it was last tried. Who is not known is not unreachable."""
    found = view.execute(
        select(Identity.unreachable_since).where(
            Identity.channel == address.channel, Identity.external_id == address.external_id
        )
    ).one_or_none()
    return found is not None and found.unreachable_since is not None


def mark_unreachable(tx: Tx, address: Address) -> None:
    """The channel says nothing can be sent there any more (a blocked bot)."""
    _set_reach(tx, address, reachable=False)


def mark_reachable(tx: Tx, address: Address) -> None:
    """He wrote again."""
    _set_reach(tx, address, reachable=True)


def _set_reach(tx: Tx, address: Address, *, reachable: bool) -> None:
    tx.execute(
        update(Identity)
        .where(Identity.channel == address.channel, Identity.external_id == address.external_id)
        .values(unreachable_since=None if reachable else tx.now)
    )


def move_identity(tx: Tx, customer: Customer, person_id: int) -> None:
    """From now on whoever talks there is another person."""
    tx.execute(
        update(Identity)
        .where(Identity.channel == customer.channel, Identity.external_id == customer.external_id)
        .values(person_id=person_id)
    )
