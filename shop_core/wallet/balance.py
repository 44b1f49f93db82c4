"""Reading a customer's balance, and the two ways it changes outside of orders."""

from __future__ import annotations

from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, balance_minor, post


def balance_of(view: View, person_id: int) -> Money:
    """What a person can spend."""
    return Money(balance_minor(view, accounts.wallet(person_id)), view.policy.currency)


def adjust(tx: Tx, person_id: int, amount: Money, *, key: str) -> None:
    """Give (above zero) or take (below) by a decision of staff.

    Raises:
        InsufficientBalance: More to take than there is.
    """
    own = accounts.wallet(person_id)
    given, taken = Move(own, accounts.ADJUSTMENTS, amount), Move(accounts.ADJUSTMENTS, own, amount * -1)
    move = given if amount.minor > 0 else taken
    post(tx, key=key, kind="adjustment", moves=[move])
