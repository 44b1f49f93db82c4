"""Making a code, typing it on another channel, and saying yes there."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, delete, exists, insert, or_, select, update

from shop_core.conversations.keys import new_key
from shop_core.conversations.models import StaffSession
from shop_core.customers.passwords import count_try, forget_tries
from shop_core.customers.people import Address, Customer, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.numbers import ALPHABET
from shop_core.kernel.secret import Secret
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.pairing.errors import AlreadyOne, BadPairingCode, LentBrowser, PairingOver
from shop_core.pairing.models import Pairing
from shop_core.vault.vault import Vault

LASTS: Final = timedelta(minutes=10)
"""From making a code to typing it, and from the yes of who typed it to the yes of who made it."""
CODE_LENGTH: Final = 6
"""23 × 31^5 codes, 660 million, for ten minutes, five tries an hour for a person: and then its maker has to say yes.
Never as long as an order's number."""
_LETTERS: Final = "".join(char for char in ALPHABET if char.isalpha())
_CODE: Final = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_HALF: Final = CODE_LENGTH // 2


@dataclass(frozen=True, slots=True)
class PairingView:
    """A code that somebody has made or typed.

    Attributes:
        key: What its buttons carry.
        maker, typer: Where it was made, and typed; no ``typer``: nobody has typed it yet.
    """

    key: str
    person_id: int
    maker: Address
    typed_person_id: int | None
    typer: Address | None
    is_accepted: bool
    until: datetime


def parse_code(text: str) -> str | None:
    """A code as people type it, with or without dash, or None: none."""
    plain = "".join(text.split()).replace("-", "").upper()
    return plain if _CODE.fullmatch(plain) else None


def display_code(code: Secret) -> str:
    """In two groups."""
    text = code.reveal()
    return f"{text[:_HALF]}-{text[_HALF:]}"


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A fresh code. Only a digest of it is kept."""

    pairing: PairingView
    code: Secret


async def make_code(shop: Shop, customer: Customer) -> MadeCode:
    """A code to be typed on another channel. It takes the place of the one that was made here before.

    Raises:
        LentBrowser: Not here.
    """
    # A letter first: all of digits it would be a choice where choices are numbers.
    code = secrets.choice(_LETTERS) + "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return MadeCode(await shop.write(_make, customer, _digest(shop, code)), Secret(code))


async def type_code(shop: Shop, customer: Customer, text: str) -> PairingView:
    """Take a code that was made on another channel. Nothing changes before both have said yes.

    May run twice: who has typed it finds it again; nobody else does.

    Raises:
        BadPairingCode: Not a code that works.
        TooManyTries: This person has guessed enough for now.
        AlreadyOne: It is his own.
        LentBrowser: Not here.
    """
    code = parse_code(text)
    found = await shop.write(_type, customer, b"" if code is None else _digest(shop, code))
    if found is None:
        raise BadPairingCode
    return found


async def accept(shop: Shop, customer: Customer, key: str) -> PairingView:
    """Who typed the code says yes: its maker is asked. Twice is once.

    Raises:
        PairingOver: Not his to accept (any more).
    """
    return await shop.write(_accept, customer, key)


async def decline(shop: Shop, customer: Customer, key: str) -> None:
    """Either says no. Who has said yes already is told. A second no finds nothing, and that is the same."""
    await shop.write(_decline, customer, key)


def find_pairing(view: View, customer: Customer, key: str) -> PairingView:
    """A code that he has made or typed, as it stands.

    Raises:
        PairingOver: None of his, or over.
    """
    mine = or_(_made_by(customer), _typed_by(customer))
    row = view.execute(_ALL.where(Pairing.key == key, mine, Pairing.until > view.now)).first()
    if row is None:
        raise PairingOver
    return view_of(row)


def find_open(view: View, customer: Customer) -> PairingView | None:
    """What waits for somebody's yes here: first what he made and another has said yes to, then what he typed himself."""
    waits = or_(and_(_made_by(customer), Pairing.accepted_at.is_not(None)), _typed_by(customer))
    rows = view.execute(_ALL.where(waits, Pairing.until > view.now).order_by(Pairing.until.desc())).all()
    found = [view_of(row) for row in rows]
    here = Address(customer.channel, customer.external_id)
    return next(iter(sorted(found, key=lambda one: one.maker != here)), None)


def purge(tx: Tx) -> int:
    """Forget codes that are too old. Returns how many."""
    return tx.execute(delete(Pairing).where(Pairing.until <= tx.now)).rowcount


def void_of(tx: Tx, *person_ids: int) -> None:
    """Void every code that one of these persons has made or typed."""
    theirs = or_(Pairing.person_id.in_(person_ids), Pairing.typed_person_id.in_(person_ids))
    tx.execute(delete(Pairing).where(theirs))


def require_own_channel(view: View, customer: Customer) -> None:
    """Insist on a channel that is the person's own.

    Raises:
        LentBrowser: A member of staff is signed in there.
    """
    lent = exists().where(
        StaffSession.channel == customer.channel, StaffSession.external_id == customer.external_id
    )
    if view.execute(select(lent)).scalar_one():
        raise LentBrowser


def view_of(row: Row[Any]) -> PairingView:
    """A row as use cases and screens see it."""
    typer = None if row.typed_channel is None else Address(row.typed_channel, row.typed_external_id)
    return PairingView(
        row.key,
        row.person_id,
        Address(row.channel, row.external_id),
        row.typed_person_id,
        typer,
        row.accepted_at is not None,
        row.until,
    )


_ALL: Final = select(*Pairing.__table__.columns)


def _digest(shop: Shop, code: str) -> bytes:
    # Keyed: a plain hash of so short a code is undone in a second.
    return shop.get(Vault).fingerprint(f"pairing:{code}")


def _made_by(customer: Customer) -> ColumnElement[bool]:
    return and_(
        Pairing.channel == customer.channel,
        Pairing.external_id == customer.external_id,
        Pairing.person_id == customer.person_id,
    )


def _typed_by(customer: Customer) -> ColumnElement[bool]:
    return and_(
        Pairing.typed_channel == customer.channel,
        Pairing.typed_external_id == customer.external_id,
        Pairing.typed_person_id == customer.person_id,
    )


def _make(tx: Tx, customer: Customer, digest: bytes) -> PairingView:
    lock_person(tx, customer.person_id)
    require_own_channel(tx, customer)
    here = {"channel": customer.channel, "external_id": customer.external_id}
    tx.execute(
        delete(Pairing).where(
            Pairing.channel == customer.channel, Pairing.external_id == customer.external_id
        )
    )
    made = insert(table_of(Pairing)).values(
        key=new_key(tx.random), digest=digest, person_id=customer.person_id, until=tx.now + LASTS, **here
    )
    return view_of(tx.execute(made.returning(*Pairing.__table__.columns)).one())


def _type(tx: Tx, customer: Customer, digest: bytes) -> PairingView | None:
    lock_person(tx, customer.person_id)
    require_own_channel(tx, customer)
    tries = f"pairing:{customer.person_id}"
    # Before it is looked at: the count stays, whatever comes of it.
    count_try(tx, tries)
    own = select(Pairing.key).where(Pairing.digest == digest, Pairing.person_id == customer.person_id)
    if tx.execute(own).first() is not None:
        raise AlreadyOne
    taken = (
        update(table_of(Pairing))
        .where(
            Pairing.digest == digest,
            Pairing.until > tx.now,
            or_(Pairing.typed_person_id.is_(None), _typed_by(customer)),
        )
        .values(
            typed_person_id=customer.person_id,
            typed_channel=customer.channel,
            typed_external_id=customer.external_id,
        )
        .returning(*Pairing.__table__.columns)
    )
    row = tx.execute(taken).first()
    if row is None:
        return None
    forget_tries(tx, tries)
    return view_of(row)


def _accept(tx: Tx, customer: Customer, key: str) -> PairingView:
    lock_person(tx, customer.person_id)
    his = (Pairing.key == key, _typed_by(customer), Pairing.until > tx.now)
    tx.execute(
        update(table_of(Pairing))
        .where(*his, Pairing.accepted_at.is_(None))
        .values(accepted_at=tx.now, until=tx.now + LASTS)
    )
    row = tx.execute(_ALL.where(*his, Pairing.accepted_at.is_not(None))).first()
    if row is None:
        raise PairingOver
    found = view_of(row)
    cause = f"pairing:{found.key}:asked"
    queue_message(tx, found.maker, NewsKind.PAIRING_ASKED, {"key": found.key}, cause=cause)
    return found


def _decline(tx: Tx, customer: Customer, key: str) -> None:
    mine = or_(_made_by(customer), _typed_by(customer))
    row = tx.execute(
        delete(Pairing).where(Pairing.key == key, mine).returning(*Pairing.__table__.columns)
    ).first()
    if row is None:
        return
    over = view_of(row)
    here = Address(customer.channel, customer.external_id)
    if over.is_accepted and over.typer is not None and over.typer != here:
        cause = f"pairing:{over.key}:declined"
        queue_message(tx, over.typer, NewsKind.PAIRING_ENDED, {"outcome": "declined"}, cause=cause)
