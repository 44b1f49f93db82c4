"""How many codes are sent: each costs money, and there are people who earn by making others send them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.verification.errors import TooManyCodes
from shop_core.verification.models import CodeCount

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
MOST_OF_A_PERSON: Final = 5
"""In an hour, to whatever numbers."""
MOST_TO_ONE: Final = 5
"""In a day, to one number or address, whoever asks for them."""
_SHOP: Final = "shop"
_PERSON: Final = "person:"


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out in the shop's present hour, and to how many people."""

    codes: int
    people: int


def count_code(tx: Tx, person_id: int, fingerprint: bytes) -> None:
    """Count one more code before it is sent. The shop's own count is locked last: everybody waits for it.

    Raises:
        TooManyCodes: ``whose`` says of whom: ``person``, ``contact`` or ``shop``. Nothing was counted.
    """
    _count(tx, "person", f"{_PERSON}{person_id}", MOST_OF_A_PERSON, _HOUR)
    _count(tx, "contact", f"contact:{fingerprint.hex()}", MOST_TO_ONE, _DAY)
    if _count(tx, "shop", _SHOP, tx.policy.verification.codes_per_hour, _HOUR) == 1:
        settle(tx)


def report_full(tx: Tx) -> None:
    """Open a case while the shop may send no more: somebody may be running up its bill. One, however many are refused."""
    if _is_full(tx):
        most = tx.policy.verification.codes_per_hour
        open_case(tx, CaseKind.CODES, subject_of(_SHOP), {"most": most})


def settle(tx: Tx) -> None:
    """Close that case where codes are sent again. Twice is once."""
    if not _is_full(tx):
        close_case(tx, CaseKind.CODES, subject_of(_SHOP), by=MACHINE, resolution="sent again")


def see_sent(view: View) -> Sent:
    """What the shop's hour looks like: few people and many codes are not a good day."""
    people = select(func.count()).where(
        CodeCount.subject.startswith(_PERSON, autoescape=True), CodeCount.until > view.now
    )
    return Sent(_sent(view), int(view.execute(people).scalar_one()))


def _is_full(view: View) -> bool:
    return _sent(view) >= view.policy.verification.codes_per_hour


def _sent(view: View) -> int:
    number = select(CodeCount.number).where(CodeCount.subject == _SHOP, CodeCount.until > view.now)
    return view.execute(number).scalar() or 0


def _count(tx: Tx, whose: str, subject: str, most: int, lasts: timedelta) -> int:
    tx.execute(delete(CodeCount).where(CodeCount.subject == subject, CodeCount.until <= tx.now))
    fresh = insert_or(tx, CodeCount).values(subject=subject, number=1, until=tx.now + lasts)
    counted = tx.execute(
        fresh.on_conflict_do_update(
            index_elements=[CodeCount.subject], set_={"number": CodeCount.number + 1}
        ).returning(CodeCount.number)
    ).scalar_one()
    if counted > most:
        raise TooManyCodes(whose=whose)
    return int(counted)
