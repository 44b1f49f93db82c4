"""The buyer looks at his codes. The look is recorded and committed before a code is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import SealedCode, look
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import NotDelivered
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, lock_own
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Revealed:
    """An order and its codes, in the order they were delivered."""

    order: OrderView
    codes: tuple[Secret, ...]


async def reveal_codes(shop: Shop, customer: Customer, number: str) -> Revealed:
    """Open the codes of a delivered order for its buyer. Every call is a look of its own.

    Raises:
        NoSuchOrder: Not his.
        NotDelivered: Unpaid, or refunded.
        CannotOpen: A sealed code was tampered with; the look stays recorded, a person must see to it.
    """
    order, sealed = await shop.write(_look, customer, number)
    vault = shop.get(Vault)
    return Revealed(order, tuple(code.open(vault) for code in sealed))


def _look(tx: Tx, customer: Customer, number: str) -> tuple[OrderView, Sequence[SealedCode]]:
    order = lock_own(tx, customer.person_id, number)
    if order.state is not OrderState.DELIVERED:
        raise NotDelivered(state=order.state.value)
    by = f"{customer.channel}:{customer.external_id}"
    return order, [code for line in order.lines for code in look(tx, line.id, by=by)]
