"""Two persons become one: both have said yes. Why each thing goes where it goes is in docs/decisions/0021-one-person.md."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from shop_core.customers.models import Identity, Person, PersonChange
from shop_core.customers.people import Address, Customer, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, balance_minor, post
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.pairing.belongings import MOVED, move_keys, move_password, move_wishes, moving
from shop_core.pairing.codes import PairingView, find_pairing, void_of
from shop_core.pairing.errors import PairingOver
from shop_core.pairing.models import Pairing
from shop_core.threads.merge import merge_threads
from shop_core.verification.keep import move_contacts

MERGED: Final = "merged"


async def confirm(shop: Shop, customer: Customer, key: str) -> None:
    """The maker of a code says yes to who has typed it and said yes: the two are one from here on.

    A second press finds it over.

    Raises:
        PairingOver: Not his to confirm, not accepted, too old, or one of them has become somebody else meanwhile.
    """
    await shop.write(_confirm, customer, key)


def _confirm(tx: Tx, customer: Customer, key: str) -> None:
    pairing = find_pairing(tx, customer, key)
    typer, typed_person = pairing.typer, pairing.typed_person_id
    is_maker = pairing.maker == Address(customer.channel, customer.external_id)
    if not is_maker or not pairing.is_accepted or typer is None or typed_person is None:
        raise PairingOver
    # Always in this order, so that two processes with the same two persons do not wait for each other.
    for person_id in sorted((pairing.person_id, typed_person)):
        lock_person(tx, person_id)
    # A no in the same moment takes the row away, and then there is nothing to merge.
    taken = tx.execute(
        delete(Pairing).where(
            Pairing.key == key, Pairing.accepted_at.is_not(None), Pairing.typed_person_id == typed_person
        )
    )
    if taken.rowcount != 1 or not _are_they_still(tx, pairing):
        raise PairingOver
    merge_persons(tx, pairing.person_id, typed_person, by=pairing.maker, asked_by=typer)
    queue_message(
        tx, typer, NewsKind.PAIRING_ENDED, {"outcome": MERGED}, cause=f"pairing:{pairing.key}:merged"
    )


def merge_persons(tx: Tx, one: int, other: int, *, by: Address, asked_by: Address) -> int:
    """Make two persons one: the older goes on, with everything of both. The caller holds both locks.

    Args:
        by: Who confirmed last.
        asked_by: Who typed the code.

    Returns:
        Who goes on.
    """
    kept, gone = sorted((one, other))
    identities = tx.execute(_identities_of(Identity.person_id == gone)).all()
    details: dict[str, Any] = {}
    for column in MOVED:
        count = tx.execute(moving(column, kept=kept, gone=gone)).rowcount
        if count:
            details[column.class_.__tablename__] = count
    move_keys(tx, kept=kept, gone=gone)
    move_wishes(tx, kept=kept, gone=gone)
    move_password(tx, kept=kept, gone=gone)
    move_contacts(tx, kept=kept, gone=gone)
    void_of(tx, kept, gone)
    threads = merge_threads(tx, kept=kept, gone=gone)
    _unite_rows(tx, kept=kept, gone=gone)
    # Last: refunds and credits to an order's buyer wait for its row before they touch a wallet.
    balance = _move_balance(tx, kept=kept, gone=gone)
    if balance:
        details["balance_minor"] = balance
    tx.execute(
        insert(table_of(PersonChange)).values(
            kind=MERGED,
            at=tx.now,
            person_id=kept,
            other_id=gone,
            identities=[f"{row.channel}:{row.external_id}" for row in identities],
            by=f"{by.channel}:{by.external_id}",
            asked_by=f"{asked_by.channel}:{asked_by.external_id}",
            details=details,
            gone_thread=None if threads is None else threads.gone,
            kept_thread=None if threads is None else threads.kept,
        )
    )
    return kept


def _are_they_still(tx: Tx, pairing: PairingView) -> bool:
    """Whether both channels are still those persons': who left one meanwhile is not merged by it."""
    typer = pairing.typer
    if typer is None:
        return False
    there = [(pairing.maker, pairing.person_id), (typer, pairing.typed_person_id)]
    return all(
        tx.execute(
            select(Identity.id).where(
                Identity.channel == address.channel,
                Identity.external_id == address.external_id,
                Identity.person_id == person_id,
            )
        ).first()
        is not None
        for address, person_id in there
    )


def _identities_of(condition: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a Select
    return select(Identity.channel, Identity.external_id).where(condition).order_by(Identity.id)


def _unite_rows(tx: Tx, *, kept: int, gone: int) -> None:
    """The one who is gone leads to the other, and so do those who had been merged into him. A name is better than none."""
    people = table_of(Person)
    tx.execute(update(people).where(people.c.merged_into == gone).values(merged_into=kept))
    name = tx.execute(
        update(people).where(people.c.id == gone).values(merged_into=kept).returning(people.c.name)
    ).scalar_one()
    tx.execute(update(people).where(people.c.id == kept, people.c.name == "").values(name=name))


def _move_balance(tx: Tx, *, kept: int, gone: int) -> int:
    """What he had, by an entry of the books. Returns how much."""
    minor = balance_minor(tx, accounts.wallet(gone))
    if minor:
        move = Move(accounts.wallet(kept), accounts.wallet(gone), Money(minor, tx.policy.currency))
        post(tx, key=f"merge:{gone}:wallet", kind="wallet_merged", moves=[move])
    return minor
