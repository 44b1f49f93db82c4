"""Reading a customer's balance, and the two ways it changes outside of orders."""

from __future__ import annotations

from sqlalchemy import select

from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.models import Balance
from shop_core.ledger.post import Move, balance_minor, post


def balance_of(view: View, person_id: int) -> Money:
    """What a person can spend."""
    return Money(balance_minor(view, accounts.wallet(person_id)), view.policy.currency)


class CurrencyChanged(ShopError):
    """The books hold money in another currency than the shop's. It would be shown, and spent, as if it were the same."""

    code = "wallet.currency_changed"


def require_same_currency(view: View) -> None:
    """Insist that customers' balances are in the shop's currency; asked when the shop starts.

    Raises:
        CurrencyChanged: They are not: the config's currency was changed after the first sale.
    """
    kept = view.execute(
        select(Balance.currency).where(Balance.currency != view.policy.currency).limit(1)
    ).scalar()
    if kept is not None:
        raise CurrencyChanged(kept=str(kept), configured=view.policy.currency)


def adjust(tx: Tx, person_id: int, amount: Money, *, key: str) -> None:
    """Give (above zero) or take (below) by a decision of staff.

    Raises:
        InsufficientBalance: More to take than there is.
    """
    own = accounts.wallet(person_id)
    given, taken = Move(own, accounts.ADJUSTMENTS, amount), Move(accounts.ADJUSTMENTS, own, amount * -1)
    move = given if amount.minor > 0 else taken
    post(tx, key=key, kind="adjustment", moves=[move])
