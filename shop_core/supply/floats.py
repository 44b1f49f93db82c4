"""What we have at suppliers in advance: read there, compared with the books, and foretold when it runs dry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row, delete, func, insert, literal_column, or_, select

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import RetryLater, ShopError, Unknown
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.models import Entry, Posting
from shop_core.ledger.post import Move, post
from shop_core.supply.models import FloatReading, Purchase
from shop_core.supply.supplier import Suppliers

LOOKS_BACK: Final = timedelta(days=7)
"""What was spent in so long says how much is spent in a day."""
WARNS_BEFORE: Final = timedelta(days=3)
"""So long before a float runs dry somebody is told: a weekend, and a day for the money to arrive."""
_KEPT: Final = timedelta(days=60)
_LONG_HOURS: Final = 24 * 365
_DAY: Final = timedelta(days=1)
_UNDER_WAY: Final = "state IN ('sent', 'accepted', 'unknown')"

log = structlog.get_logger()


class NothingToBook(ShopError):
    """The books agree with what the supplier last said, or it cannot be told while purchases are under way."""

    code = "supply.nothing_to_book"


@dataclass(frozen=True, slots=True)
class FloatView:
    """One float.

    Attributes:
        balance: What the supplier last said.
        booked: What the books say now.
        per_day: What is spent in a day.
        dry_at: When it runs dry at that rate; None: not in sight.
    """

    supplier: str
    balance: Money
    read_at: datetime
    booked: Money
    per_day: Money
    dry_at: datetime | None

    @property
    def difference(self) -> Money:
        """What the supplier has more than the books."""
        return self.balance - self.booked

    def is_low_at(self, now: datetime) -> bool:
        """Whether it is to be topped up: it runs dry within ``WARNS_BEFORE``."""
        return self.dry_at is not None and self.dry_at - now < WARNS_BEFORE


async def read_floats(shop: Shop) -> int:
    """Ask every supplier what we have there. Returns how many answered. Twice is two readings."""
    read = 0
    for name in shop.get(Suppliers).names:
        try:
            await read_float(shop, name)
        except (RetryLater, Unknown, ShopError) as error:
            log.warning("float not read", supplier=name, said=str(error))
        else:
            read += 1
    return read


async def read_float(shop: Shop, name: str) -> None:
    """Ask one supplier what we have there.

    Raises:
        RetryLater, Unknown, SupplierRefused, NoSuchSupplier: Not told.
    """
    asked_at = shop.clock.now()
    balance = await shop.get(Suppliers).get(name).balance()
    await shop.write(keep_reading, name, balance, asked_at)


def keep_reading(tx: Tx, supplier: str, balance: Money, asked_at: datetime) -> None:
    """Keep a reading. The first opens the account with what is there; a difference that stays becomes a case."""
    before = _last_reading(tx, supplier)
    is_quiet = not _is_moving(tx, supplier, asked_at)
    if before is None and is_quiet:
        _book_change(tx, supplier, balance - _booked(tx, supplier, balance.currency), what="opening")
    booked = _booked(tx, supplier, balance.currency)
    if before is not None or is_quiet:
        tx.execute(
            insert(FloatReading).values(
                supplier=supplier,
                currency=balance.currency,
                amount_minor=balance.minor,
                booked_minor=booked.minor if is_quiet else None,
                at=tx.now,
            )
        )
        _report(tx, supplier, stays_off=is_quiet and _stays_off(before, balance, booked))
    tx.execute(delete(FloatReading).where(FloatReading.at < tx.now - _KEPT))


def view_floats(view: View) -> Mapping[str, FloatView]:
    """Every float that was read."""
    found = {name: view_float(view, name) for name in view.policy.suppliers}
    return {name: one for name, one in found.items() if one is not None}


def view_float(view: View, supplier: str) -> FloatView | None:
    """One float; None: it was never read."""
    last = _last_reading(view, supplier)
    if last is None:
        return None
    balance, read_at = Money(last.amount_minor, last.currency), last.at
    per_day = _spent_in_a_day(view, supplier, last.currency)
    hours = max(balance.minor, 0) * 24 // per_day.minor if per_day.minor > 0 else _LONG_HOURS
    dry_at = read_at + timedelta(hours=hours) if hours < _LONG_HOURS else None
    return FloatView(supplier, balance, read_at, _booked(view, supplier, last.currency), per_day, dry_at)


def book_difference(tx: Tx, supplier: str, *, by: str) -> Money:
    """Book what a person knows to be a deposit, or a charge that no purchase explains. Returns the difference.

    Raises:
        NothingToBook: There is none, or purchases are under way.
    """
    seen = view_float(tx, supplier)
    if seen is None or _is_moving(tx, supplier, seen.read_at) or seen.difference.minor == 0:
        raise NothingToBook(supplier=supplier)
    _book_change(tx, supplier, seen.difference, what="booked")
    close_case(tx, CaseKind.FLOAT, subject_of(supplier), by=by, resolution="booked")
    return seen.difference


def _book_change(tx: Tx, supplier: str, change: Money, *, what: str) -> None:
    if change.minor == 0:
        return
    account = accounts.float_at(supplier)
    more = Move(accounts.OWNER, account, change)
    less = Move(account, accounts.ADJUSTMENTS, change * -1)
    key = f"float:{supplier}:{what}:{tx.new_token():x}"
    post(tx, key=key, kind=f"float_{what}", moves=[more if change.minor > 0 else less])


def _report(tx: Tx, supplier: str, *, stays_off: bool) -> None:
    seen = view_float(tx, supplier)
    if seen is None:
        return
    if not (seen.is_low_at(tx.now) or stays_off):
        if seen.difference.minor == 0:
            close_case(tx, CaseKind.FLOAT, subject_of(supplier), by=MACHINE, resolution="well again")
        return
    evidence = {
        "supplier": supplier,
        "amount": seen.balance.decimal_text(),
        "currency": seen.balance.currency,
    }
    open_case(tx, CaseKind.FLOAT, subject_of(supplier), evidence)


def _stays_off(before: Row[Any] | None, balance: Money, booked: Money) -> bool:
    """The same difference twice, with nothing under way either time: no purchase explains it."""
    if before is None or before.booked_minor is None or before.currency != balance.currency:
        return False
    difference = balance.minor - booked.minor
    return difference != 0 and difference == before.amount_minor - before.booked_minor


def _is_moving(view: View, supplier: str, since: datetime) -> bool:
    """Whether a purchase may have been charged and not booked, or was booked since the supplier was asked."""
    moving = select(Purchase.id).where(
        Purchase.supplier == supplier, or_(literal_column(_UNDER_WAY), Purchase.ended_at >= since)
    )
    return view.execute(moving.limit(1)).first() is not None


def _booked(view: View, supplier: str, currency: str) -> Money:
    total = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(
        Posting.account == accounts.float_at(supplier), Posting.currency == currency
    )
    return Money(int(view.execute(total).scalar_one()), currency)


def _spent_in_a_day(view: View, supplier: str, currency: str) -> Money:
    spent = (
        select(
            func.coalesce(func.sum(-Posting.amount_minor), 0).label("total"),
            func.min(Entry.at).label("since"),
        )
        .join(Entry, Entry.id == Posting.entry_id)
        .where(
            Posting.account == accounts.float_at(supplier),
            Posting.currency == currency,
            Entry.kind == "purchase_bought",
            Entry.at >= view.now - LOOKS_BACK,
        )
    )
    row = view.execute(spent).one()
    if row.since is None:
        return Money(0, currency)
    days = max((view.now - row.since) // _DAY, 1)
    return Money(int(row.total) // days, currency)


def _last_reading(view: View, supplier: str) -> Row[Any] | None:
    return view.execute(
        select(*FloatReading.__table__.columns)
        .where(FloatReading.supplier == supplier)
        .order_by(FloatReading.at.desc(), FloatReading.id.desc())
        .limit(1)
    ).first()
