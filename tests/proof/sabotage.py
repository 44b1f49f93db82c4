"""Mistakes to build into a shop, to see that the proof finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import structlog

from handlers import buying
from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.ledger import accounts
from shop_core.orders.pay import WALLET
from shop_core.orders.read import OrderView, get_any, lock_own
from shop_core.orders.reveal import Revealed, reveal_codes
from shop_core.orders.steps import book_paid, close_payments, deliver_paid

CHARGED_FIRST = "charged_first"
TOLD_THE_LOG = "told_the_log"


async def _pay_in_two_transactions(shop: Shop, customer: Customer, number: str) -> OrderView:
    """The wallet is charged in one transaction, the goods follow in the next."""
    await shop.write(charge, customer.person_id, number)
    await shop.write(deliver, customer.person_id, number)
    return await shop.read(get_any, number)


def charge(tx: Tx, person_id: int, number: str) -> None:
    """The first half."""
    book_paid(tx, lock_own(tx, person_id, number), source=accounts.wallet(person_id))


def deliver(tx: Tx, person_id: int, number: str) -> None:
    """The second half."""
    order = lock_own(tx, person_id, number)
    deliver_paid(tx, order, paid_with=WALLET)
    close_payments(tx, order)


async def _reveal_to_the_log(shop: Shop, customer: Customer, number: str) -> Revealed:
    """Somebody was looking for a mistake, and left a line behind."""
    revealed = await reveal_codes(shop, customer, number)
    structlog.get_logger().info("revealed", lines=[code.reveal() for code in revealed.codes])
    return revealed


_SABOTAGES: Mapping[str, tuple[str, Callable[..., Any]]] = {
    CHARGED_FIRST: ("pay_from_wallet", _pay_in_two_transactions),
    TOLD_THE_LOG: ("reveal_codes", _reveal_to_the_log),
}


@contextmanager
def sabotaged(name: str | None) -> Iterator[None]:
    """Build a mistake into the customers' flows of this process, for the length of the block."""
    if name is None:
        yield
        return
    function, broken = _SABOTAGES[name]
    with patch.object(buying, function, broken):
        yield
