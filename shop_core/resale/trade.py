"""What another shop does here: it orders under a number of its own, and asks what became of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, insert, select

from shop_core.catalog.read import get_variant_for_sale
from shop_core.conversations.keys import new_key
from shop_core.customers.people import PersonMerged, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.hand_over import SealedCode, look
from shop_core.delivery.inputs import SealedInputs, seal_inputs
from shop_core.delivery.top_ups import find_receipt
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_waiting_from_wallet
from shop_core.orders.place import Wish, place_unasked
from shop_core.orders.read import OrderView, get_by_id
from shop_core.resale.keys import CHANNEL, ResellerView, get_reseller
from shop_core.resale.models import DownstreamOrder
from shop_core.vault.vault import Vault

ANSWERED_FIRST: Final = timedelta(seconds=2)
"""The other shop should have our answer to its order before it hears of its delivery."""

_MINE: Final = select(*DownstreamOrder.__table__.columns).where(
    DownstreamOrder.reseller_id == bindparam("reseller")
)
_BY_NUMBER: Final = _MINE.where(DownstreamOrder.number == bindparam("wanted"))
_BY_ORDER: Final = _MINE.where(DownstreamOrder.order_id == bindparam("wanted"))
_NOTE: Final = insert(table_of(DownstreamOrder))


@dataclass(frozen=True, slots=True)
class Asked:
    """What another shop asks for. All of it is its word.

    Attributes:
        number: Its own, the same for every repeat.
        callback_url: Where it wants to be told.
        said: For a direct top-up, field → answer, as its own buyer gave it.
    """

    number: str
    variant_id: int
    quantity: int
    callback_url: str | None = None
    said: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resold:
    """An order and what the other shop calls it."""

    order: OrderView
    number: str
    callback_url: str | None


async def order_downstream(shop: Shop, reseller: ResellerView, asked: Asked) -> Resold:
    """Order and pay from the wallet, all in one transaction with the other shop's number.

    May run as often as it likes: under the person's lock the number is found, and whatever was asked for the second time is
    answered with the first order as it stands.

    Raises:
        ShopError: Not for sale, out of stock, over a limit, too little in the wallet, an account that is none: nothing was
            bought, nothing is kept.
    """
    key = new_key(shop.random)
    try:
        return await shop.write(_place, reseller, asked, key, await _seal(shop, reseller, asked, key))
    except PersonMerged:
        # Since the request was proved, its person was linked with another: the keys are that one's now.
        return await order_downstream(shop, await shop.read(get_reseller, reseller.key), asked)


async def _seal(
    shop: Shop, reseller: ResellerView, asked: Asked, key: str
) -> SealedInputs | ShopError | None:
    """Check and seal what is said. A no is not final here: the number may be that of an order, placed when it was a yes."""
    if not asked.said:
        return None
    told = {name: answer.reveal() for name, answer in asked.said.items()}
    try:
        variant = await shop.read(get_variant_for_sale, asked.variant_id)
        return seal_inputs(shop.get(Vault), reseller.person_id, key, variant.fields, told)
    except ShopError as refusal:
        return refusal


def _place(
    tx: Tx, reseller: ResellerView, asked: Asked, key: str, said: SealedInputs | ShopError | None
) -> Resold:
    lock_person(tx, reseller.person_id)
    known = find_by_number(tx, reseller, asked.number)
    if known is not None:
        return known
    if isinstance(said, ShopError):
        raise said
    number = place_unasked(tx, reseller.as_customer(tx), Wish(asked.variant_id, asked.quantity, key, said))
    order = pay_waiting_from_wallet(tx, reseller.person_id, number, told_in=ANSWERED_FIRST)
    tx.execute(
        _NOTE,
        {
            "reseller_id": reseller.id,
            "number": asked.number,
            "order_id": order.id,
            "callback_url": asked.callback_url,
        },
    )
    return Resold(order, asked.number, asked.callback_url)


def find_by_number(view: View, reseller: ResellerView, number: str) -> Resold | None:
    """The order under a number of the other shop's own."""
    row = view.execute(_BY_NUMBER, {"reseller": reseller.id, "wanted": number}).first()
    return None if row is None else Resold(get_by_id(view, row.order_id), row.number, row.callback_url)


def get_resold(view: View, reseller: ResellerView, order_id: int) -> Resold:
    """An order that this shop placed.

    Raises:
        NoSuchOrder: Not there, or somebody else's.
    """
    row = view.execute(_BY_ORDER, {"reseller": reseller.id, "wanted": order_id}).first()
    if row is None:
        raise NoSuchOrder
    return Resold(get_by_id(view, row.order_id), row.number, row.callback_url)


def look_at_goods(tx: Tx, reseller: ResellerView, resold: Resold) -> Sequence[SealedCode]:
    """Record a look at what was delivered, and fetch it sealed; nothing for an order that is not delivered.

    Of a direct top-up that is its receipt, if there is one.
    """
    if resold.order.state is not OrderState.DELIVERED:
        return []
    by = f"{CHANNEL}:{reseller.key}"
    codes = [code for line in resold.order.lines for code in look(tx, line.id, by=by)]
    receipts = [find_receipt(tx, line.id) for line in resold.order.lines if line.is_top_up]
    return [*codes, *(receipt for receipt in receipts if receipt is not None)]
