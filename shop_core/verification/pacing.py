"""How many codes are sent: each costs money, and there are people who earn by making others send them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete

from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or
from shop_core.verification.errors import TooManyCodes
from shop_core.verification.models import CodeCount

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
MOST_OF_A_PERSON: Final = 5
"""In an hour, to whatever numbers."""
MOST_TO_ONE: Final = 5
"""In a day, to one number or address, whoever asks for them."""


def count_code(tx: Tx, person_id: int, fingerprint: bytes) -> None:
    """Count one more code before it is sent. The shop's own count is locked last: everybody waits for it.

    Raises:
        TooManyCodes: ``whose`` says of whom: ``person``, ``contact`` or ``shop``. Nothing was counted.
    """
    _count(tx, "person", f"person:{person_id}", MOST_OF_A_PERSON, _HOUR)
    _count(tx, "contact", f"contact:{fingerprint.hex()}", MOST_TO_ONE, _DAY)
    _count(tx, "shop", "shop", tx.policy.verification.codes_per_hour, _HOUR)


def _count(tx: Tx, whose: str, subject: str, most: int, lasts: timedelta) -> None:
    tx.execute(delete(CodeCount).where(CodeCount.subject == subject, CodeCount.until <= tx.now))
    fresh = insert_or(tx, CodeCount).values(subject=subject, number=1, until=tx.now + lasts)
    counted = tx.execute(
        fresh.on_conflict_do_update(
            index_elements=[CodeCount.subject], set_={"number": CodeCount.number + 1}
        ).returning(CodeCount.number)
    ).scalar_one()
    if counted > most:
        raise TooManyCodes(whose=whose)
