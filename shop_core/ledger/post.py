"""Booking: the only way money changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import CurrencyMismatch, Money
from shop_core.ledger.accounts import is_guarded, kind_of
from shop_core.ledger.models import Balance, Entry, Posting


class InsufficientBalance(ShopError):
    """The customer has less than that. Nothing was booked."""

    code = "wallet.insufficient"


@dataclass(frozen=True, slots=True)
class Move:
    """So much from one account to another: credit ``source``, debit ``target``. ``amount`` is above zero."""

    source: str
    target: str
    amount: Money


_ENTRY: Final = insert(table_of(Entry)).returning(Entry.id)
_POSTINGS: Final = insert(table_of(Posting))
_TAKE: Final = (
    update(table_of(Balance))
    .where(
        Balance.account == bindparam("of"),
        Balance.currency == bindparam("in_currency"),
        Balance.amount_minor >= bindparam("take"),
    )
    .values(amount_minor=Balance.amount_minor - bindparam("take"))
)
_BALANCE: Final = select(Balance.amount_minor).where(Balance.account == bindparam("of"))


def post(tx: Tx, *, key: str, kind: str, moves: Sequence[Move]) -> None:
    """Book one entry.

    Args:
        key: The cause, such as ``order:17:paid``. Unique: booking a cause twice is a bug and ends the transaction.
        moves: Each balanced in itself, so the entry is.

    Raises:
        InsufficientBalance: A wallet holds less than is to be taken.
        CurrencyMismatch: The wallet is in another currency.
    """
    postings: list[dict[str, object]] = []
    for move in moves:
        if move.amount.minor <= 0:
            raise ValueError(f"{key}: a move of {move.amount}")
        kind_of(move.source), kind_of(move.target)
        _guard(tx, move)
        side = {"currency": move.amount.currency}
        postings.append(side | {"account": move.target, "amount_minor": move.amount.minor})
        postings.append(side | {"account": move.source, "amount_minor": -move.amount.minor})
    entry_id = tx.execute(_ENTRY, {"key": key, "kind": kind, "at": tx.now}).scalar_one()
    tx.execute(_POSTINGS, [posting | {"entry_id": entry_id} for posting in postings])


def is_booked(view: View, key: str) -> bool:
    """Whether this cause has been booked. To be sure of a no, ask under the lock that its booker holds."""
    return view.execute(select(Entry.id).where(Entry.key == key)).first() is not None


def balance_minor(view: View, account: str) -> int:
    """What a guarded account holds, in the minor unit; 0 before its first entry."""
    return view.execute(_BALANCE, {"of": account}).scalar() or 0


def _guard(tx: Tx, move: Move) -> None:
    """Keep the balance rows: a wallet is a liability, so debiting it takes from the customer."""
    if is_guarded(move.target):
        taken = tx.execute(
            _TAKE, {"of": move.target, "in_currency": move.amount.currency, "take": move.amount.minor}
        )
        if taken.rowcount != 1:
            raise InsufficientBalance(needed=move.amount.minor, currency=move.amount.currency)
    if is_guarded(move.source):
        given = insert_or(tx, Balance).values(
            account=move.source, currency=move.amount.currency, amount_minor=move.amount.minor
        )
        kept = tx.execute(
            given.on_conflict_do_update(
                index_elements=[Balance.account],
                set_={"amount_minor": Balance.amount_minor + given.excluded.amount_minor},
                where=Balance.currency == given.excluded.currency,
            )
        )
        if kept.rowcount != 1:
            raise CurrencyMismatch(left=move.amount.currency, right="")
