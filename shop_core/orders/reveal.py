"""The buyer looks at his codes. The look is recorded and committed before a code is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shop_core.catalog.goods import Names
from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import SealedCode, look
from shop_core.delivery.inputs import KeptInputs, look_at_inputs
from shop_core.delivery.top_ups import find_receipt
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import NotDelivered
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, lock_own
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Revealed:
    """An order and its codes, in the order they were delivered. Of a direct top-up: its receipt, and what was said for it.

    ``said``: the labels of the fields, with the answers.
    """

    order: OrderView
    codes: tuple[Secret, ...]
    said: tuple[tuple[Names, Secret], ...] = ()


async def reveal_codes(shop: Shop, customer: Customer, number: str) -> Revealed:
    """Open the codes of a delivered order for its buyer. Every call is a look of its own.

    Of a direct top-up he may see at any time what he said for it; its receipt once it is delivered.

    Raises:
        NoSuchOrder: Not his.
        NotDelivered: Unpaid, or refunded.
        CannotOpen: A sealed code was tampered with; the look stays recorded, a person must see to it.
    """
    order, sealed, kept = await shop.write(_look, customer, number)
    vault = shop.get(Vault)
    said = [answer for one in kept for answer in answers_of(one, vault)]
    return Revealed(order, tuple(code.open(vault) for code in sealed), tuple(said))


def answers_of(kept: KeptInputs, vault: Vault) -> Sequence[tuple[Names, Secret]]:
    """What was said, in the order in which it was asked. Empty once it is forgotten."""
    said = kept.open(vault)
    return [(field.labels, said[field.key]) for field in kept.fields if field.key in said]


def _look(
    tx: Tx, customer: Customer, number: str
) -> tuple[OrderView, Sequence[SealedCode], Sequence[KeptInputs]]:
    order = lock_own(tx, customer.person_id, number)
    by = f"{customer.channel}:{customer.external_id}"
    topped_up = [line for line in order.lines if line.is_top_up]
    if topped_up:
        kept = [one for line in topped_up if (one := look_at_inputs(tx, line.id, by=by)) is not None]
        receipts = [find_receipt(tx, line.id) for line in topped_up if order.state is OrderState.DELIVERED]
        return order, [one for one in receipts if one is not None], kept
    if order.state is not OrderState.DELIVERED:
        raise NotDelivered(state=order.state.value)
    return order, [code for line in order.lines for code in look(tx, line.id, by=by)], []
