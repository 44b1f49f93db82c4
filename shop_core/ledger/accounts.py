"""The chart of accounts: what each is, and on which side it grows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Account types. Assets and expenses grow by debits, liabilities and income by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


ORDERS: Final = "orders"
"""Paid by customers for goods that are not out yet: still theirs."""
SALES: Final = "sales"
"""Earned: the goods are out."""
SUSPENSE: Final = "suspense"
"""Money that came without a place to go; each unit of it is an open receipt."""
RETURNING: Final = "returning"
"""Promised back to payers at the gateways, and not known to be there yet; each unit of it is a refund under way."""
REFUNDS: Final = "refunds"
"""Given back after the goods were out."""
ADJUSTMENTS: Final = "adjustments"
"""Given or taken by staff, with a reason."""
GOODS: Final = "goods"
"""What goods bought from suppliers have cost."""
OWNER: Final = "owner"
"""Put in by the owner: what he pays to suppliers in advance."""

_KINDS: Final = {
    "gateway": Kind.ASSET,
    "wallet": Kind.LIABILITY,
    ORDERS: Kind.LIABILITY,
    SUSPENSE: Kind.LIABILITY,
    RETURNING: Kind.LIABILITY,
    SALES: Kind.INCOME,
    REFUNDS: Kind.EXPENSE,
    ADJUSTMENTS: Kind.EXPENSE,
    GOODS: Kind.EXPENSE,
    OWNER: Kind.LIABILITY,
    "float": Kind.ASSET,
}


def wallet(person_id: int) -> str:
    """A customer's balance: what the shop owes him."""
    return f"wallet:{person_id}"


def gateway(name: str) -> str:
    """Money a gateway has taken for us."""
    return f"gateway:{name}"


def float_at(supplier: str) -> str:
    """What the shop has paid to a supplier in advance, in the supplier's money."""
    return f"float:{supplier}"


def kind_of(account: str) -> Kind:
    """The type of an account.

    Raises:
        KeyError: Not in the chart.
    """
    return _KINDS[account.partition(":")[0]]


def is_guarded(account: str) -> bool:
    """Whether the account has a balance row that must not go below zero."""
    return account.startswith("wallet:")
