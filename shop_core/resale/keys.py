"""Giving another shop a pair of keys, finding it by them, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Row, bindparam, insert, select, update

from shop_core.customers.people import Address, Customer, get_language, lock_person
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.resale.models import Reseller
from shop_core.resale.signing import Keys
from shop_core.vault.vault import Vault

CHANNEL: Final = "upstream"
"""The channel that orders of other shops come by; their address there is the key."""
ALPHABET: Final = "0123456789abcdefghijkmnpqrstuvwxyz"
KEY_LENGTH, SECRET_LENGTH = 16, 40
"""34^40 secrets, 200 bits."""

_BY_KEY: Final = select(*Reseller.__table__.columns).where(Reseller.key == bindparam("wanted"))


class NoSuchReseller(ShopError):
    """No such key, or one that was taken back."""

    code = "resale.unknown"


@dataclass(frozen=True, slots=True)
class ResellerView:
    """Another shop, by its key."""

    id: int
    person_id: int
    key: str
    sealed_secret: bytes
    made_at: datetime

    @property
    def address(self) -> Address:
        """Where news of its orders is queued for."""
        return Address(CHANNEL, self.key)

    def open_keys(self, vault: Vault) -> Keys:
        """The pair itself."""
        return Keys(self.key, vault.open(self.sealed_secret, place=_place(self.key)))

    def as_customer(self, view: View) -> Customer:
        """The person who buys, where he buys."""
        return Customer(self.person_id, CHANNEL, self.key, get_language(view, self.person_id), self.key)


def make_keys(tx: Tx, vault: Vault, person_id: int, *, by: str) -> Keys:
    """A new pair for a person. He may have several; each sees its own orders only.

    Raises:
        NoSuchPerson: Nobody.
    """
    lock_person(tx, person_id)
    keys = Keys(_random(tx, KEY_LENGTH), Secret(_random(tx, SECRET_LENGTH)))
    tx.execute(
        insert(table_of(Reseller)).values(
            person_id=person_id,
            key=keys.key,
            sealed_secret=vault.seal(keys.secret.reveal(), place=_place(keys.key)),
            made_by=by,
            made_at=tx.now,
        )
    )
    return keys


def close_keys(tx: Tx, key: str) -> None:
    """Take a pair back. Orders that it placed go on, and it is still told of them.

    Raises:
        NoSuchReseller: None such, or taken back already.
    """
    closed = tx.execute(
        update(table_of(Reseller))
        .where(Reseller.key == key, Reseller.closed_at.is_(None))
        .values(closed_at=tx.now)
    )
    if closed.rowcount != 1:
        raise NoSuchReseller


def get_reseller(view: View, key: str) -> ResellerView:
    """A shop that may buy.

    Raises:
        NoSuchReseller: None such, or its keys were taken back.
    """
    row = view.execute(_BY_KEY, {"wanted": key}).first()
    if row is None or row.closed_at is not None:
        raise NoSuchReseller
    return _view(row)


def get_reseller_by_id(view: View, reseller_id: int) -> ResellerView:
    """A shop that may buy, by our number of it.

    Raises:
        NoSuchReseller: None such, or its keys were taken back.
    """
    row = view.execute(
        select(*Reseller.__table__.columns).where(Reseller.id == reseller_id, Reseller.closed_at.is_(None))
    ).first()
    if row is None:
        raise NoSuchReseller
    return _view(row)


def find_any_reseller(view: View, key: str) -> ResellerView | None:
    """A shop that bought once, whether it still may or not."""
    row = view.execute(_BY_KEY, {"wanted": key}).first()
    return None if row is None else _view(row)


def find_reseller(view: View, reseller_id: int) -> ResellerView | None:
    """A shop that bought once, by our number of it."""
    row = view.execute(select(*Reseller.__table__.columns).where(Reseller.id == reseller_id)).first()
    return None if row is None else _view(row)


def list_resellers(view: View) -> Sequence[ResellerView]:
    """Every shop that may buy, oldest first."""
    rows = view.execute(
        select(*Reseller.__table__.columns).where(Reseller.closed_at.is_(None)).order_by(Reseller.id)
    )
    return [_view(row) for row in rows]


def _view(row: Row[tuple[object, ...]]) -> ResellerView:
    return ResellerView(row.id, row.person_id, row.key, row.sealed_secret, row.made_at)


def _random(tx: Tx, length: int) -> str:
    return "".join(tx.random.choices(ALPHABET, k=length))


def _place(key: str) -> str:
    return f"reseller:{key}"
