"""A password by which somebody whose browser was all we knew of him gets his orders back in another one."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select

from shop_core.customers.models import Password, PasswordTries
from shop_core.customers.people import Customer, lock_person
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret

SHORTEST: Final = 6
LONGEST: Final = 64
MOST_TRIES: Final = 5
"""Wrong passwords for one thing, an order or a device, within ``LOCKED_FOR``."""
LOCKED_FOR: Final = timedelta(hours=1)

_SALT_BYTES: Final = 16
_COST: Final = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""scrypt as OWASP has it for 16 MB: about 50 ms, and as much for whoever guesses."""


class WeakPassword(ShopError):
    """Too short to be worth anything, or too long to be typed again."""

    code = "customers.weak_password"


class TooManyTries(ShopError):
    """Enough guessed for now."""

    code = "customers.too_many_tries"


@dataclass(frozen=True, slots=True)
class Digest:
    """What is kept of a password."""

    salt: bytes
    value: bytes


NOBODYS: Final = Digest(bytes(_SALT_BYTES), bytes(32))
"""What a password is compared with where there is none: it takes as long, and never matches."""

_FIND: Final = select(Password.salt, Password.value).where(Password.person_id == bindparam("person"))


async def set_password(shop: Shop, customer: Customer, password: Secret) -> None:
    """Remember a person's password, in the place of any he had.

    Raises:
        WeakPassword: Not of 6 to 64 characters.
    """
    digest = await digest_of(password, shortest=SHORTEST)
    await shop.write(_keep, customer.person_id, digest)


async def digest_of(password: Secret, *, shortest: int) -> Digest:
    """What to keep of a new password.

    Raises:
        WeakPassword: Shorter than ``shortest``, or longer than 64 characters.
    """
    if not shortest <= len(password.reveal()) <= LONGEST:
        raise WeakPassword(shortest=shortest, longest=LONGEST)
    salt = secrets.token_bytes(_SALT_BYTES)
    return Digest(salt, await asyncio.to_thread(_digest, password, salt))


async def is_right(password: Secret, digest: Digest) -> bool:
    """Whether it is the password that was kept. Compared in constant time, and off the event loop."""
    value = await asyncio.to_thread(_digest, password, digest.salt)
    return hmac.compare_digest(value, digest.value)


def find_digest(view: View, person_id: int) -> Digest | None:
    """What is kept of a person's password, if he has one."""
    row = view.execute(_FIND, {"person": person_id}).first()
    return None if row is None else Digest(row.salt, row.value)


def count_try(tx: Tx, *subjects: str) -> None:
    """Count one more try before it is looked at, so that a crash or a parallel one does not give it for nothing.

    Args:
        subjects: What is guessed at, and who guesses: each has its own count.

    Raises:
        TooManyTries: One of them is locked.
    """
    for subject in subjects:
        tx.execute(
            delete(PasswordTries).where(PasswordTries.subject == subject, PasswordTries.until <= tx.now)
        )
        fresh = insert_or(tx, PasswordTries).values(subject=subject, tries=1, until=tx.now + LOCKED_FOR)
        counted = tx.execute(
            fresh.on_conflict_do_update(
                index_elements=[PasswordTries.subject], set_={"tries": PasswordTries.tries + 1}
            ).returning(PasswordTries.tries)
        ).scalar_one()
        if counted > MOST_TRIES:
            raise TooManyTries


def forget_tries(tx: Tx, *subjects: str) -> None:
    """It was the right one."""
    tx.execute(delete(PasswordTries).where(PasswordTries.subject.in_(subjects)))


def purge_tries(tx: Tx) -> int:
    """Forget what is not locked any more. Returns how many."""
    return tx.execute(delete(PasswordTries).where(PasswordTries.until <= tx.now)).rowcount


def _digest(password: Secret, salt: bytes) -> bytes:
    # The same characters typed on another keyboard may come composed differently.
    typed = unicodedata.normalize("NFKC", password.reveal()).encode()
    return hashlib.scrypt(typed, salt=salt, **_COST)


def _keep(tx: Tx, person_id: int, digest: Digest) -> None:
    lock_person(tx, person_id)
    kept = {"salt": digest.salt, "value": digest.value, "set_at": tx.now}
    tx.execute(
        insert_or(tx, Password)
        .values(person_id=person_id, **kept)
        .on_conflict_do_update(index_elements=[Password.person_id], set_=kept)
    )
