"""Placing an order: the codes are held, the price is fixed, and money is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import Insert, bindparam, func, insert, literal_column, select

from shop_core.catalog.errors import PriceChecked
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import VariantView, get_variant_for_sale
from shop_core.conversations import keys
from shop_core.customers.people import Customer, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_into
from shop_core.delivery.inputs import SealedInputs, keep_inputs
from shop_core.kernel.numbers import new_number
from shop_core.kernel.policy import Ask
from shop_core.orders.errors import BadQuantity, InputsNeeded, OverPersonLimit, TooManyUnpaid
from shop_core.orders.models import COUNTS, Order, OrderLine, OrderState
from shop_core.orders.steps import hold_line
from shop_core.verification.need import require_for_order

MOST_IN_ONE_ORDER: Final = 100
"""The most codes one order holds where the variant sets no limit: what one person can look at, and a cap on hoarding."""

_UNPAID: Final = select(func.count()).where(
    Order.person_id == bindparam("person"),
    # Spelled out: from a parameter PostgreSQL's generic plan could not tell that the partial index applies.
    Order.state == literal_column("'awaiting'"),
    Order.expires_at > bindparam("moment", type_=Order.expires_at.type),
)
_BOUGHT: Final = (
    select(func.coalesce(func.sum(OrderLine.quantity), 0))
    .join(Order, Order.id == OrderLine.order_id)
    .where(
        OrderLine.person_id == bindparam("person"),
        OrderLine.variant_id == bindparam("variant"),
        Order.state.in_([state.value for state in COUNTS]),
    )
)
_LINE: Final = insert(table_of(OrderLine)).returning(OrderLine.id)
_NUMBER: Final = select(Order.number).where(Order.id == bindparam("wanted"))


@cache
def _new_order(*, is_postgresql: bool) -> Insert:
    return insert_into(Order, is_postgresql=is_postgresql).on_conflict_do_nothing().returning(Order.id)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer pressed. Everything in it is his word; price and limits come from the database.

    Attributes:
        key: The button's one-time key.
        inputs: What he said for a direct top-up, checked and sealed by ``orders.say``.
    """

    variant_id: int
    quantity: int
    key: str
    inputs: SealedInputs | None = None


async def place_order(shop: Shop, customer: Customer, wish: Wish) -> str:
    """Place an order for one variant, holding its codes until the shop's deadline.

    Pressing the same button twice places one order and returns the same number.

    Returns:
        The order's number.

    Raises:
        NoSuchVariant: Not for sale (any more).
        PriceChecked: Its price is being checked.
        VerificationNeeded: He has to show a contact of his own first.
        BadQuantity: Not from 1 to what one order may hold.
        OverPersonLimit, TooManyUnpaid: This person holds enough.
        OutOfStock: Fewer left.
        InputsNeeded: A direct top-up, and what was said is not what is asked.
        BadAmount: So many of so dear a thing that the total does not fit 64 bits.
    """
    return await shop.write(place, customer, wish)


def place(tx: Tx, customer: Customer, wish: Wish) -> str:
    """The step: under the person's lock, so that his limits hold however fast he presses."""
    return _place(tx, customer, wish, require_for_order)


def place_unasked(tx: Tx, customer: Customer, wish: Wish) -> str:
    """The same for who orders by program, under keys that staff gave him: nobody is there to be asked for a contact."""
    return _place(tx, customer, wish, lambda *_: None)


def _place(tx: Tx, customer: Customer, wish: Wish, require: Callable[[Tx, Customer, Ask, int], None]) -> str:
    lock_person(tx, customer.person_id)
    earlier = keys.result_of(tx, customer.person_id, wish.key)
    if earlier is not None:
        return str(tx.execute(_NUMBER, {"wanted": earlier}).scalar_one())
    variant = get_variant_for_sale(tx, wish.variant_id)
    if variant.price_held:
        raise PriceChecked
    _check_inputs(customer, variant, wish)
    _check_limits(tx, customer, variant, wish.quantity)
    _check_unpaid(tx, customer)
    total_minor = (variant.price * wish.quantity).minor
    require(tx, customer, variant.verify, total_minor)
    order_id, number = _insert_order(tx, customer, total_minor)
    line_id = _insert_line(tx, customer, variant, wish.quantity, order_id)
    hold_line(tx, variant, wish.quantity, line_id)
    if wish.inputs is not None:
        keep_inputs(tx, line_id, wish.inputs)
    keys.use(tx, customer.person_id, wish.key, order_id)
    return number


def find_placed(view: View, person_id: int, key: str) -> str | None:
    """The order that a button has placed; None: it has not been pressed to the end yet.

    Raises:
        BadKey: Not a key.
    """
    earlier = keys.result_of(view, person_id, key)
    return None if earlier is None else str(view.execute(_NUMBER, {"wanted": earlier}).scalar_one())


def _check_inputs(customer: Customer, variant: VariantView, wish: Wish) -> None:
    """Insist on answers to exactly what is asked now, said by who places the order."""
    if variant.kind is not GoodsKind.TOP_UP:
        if wish.inputs is not None:
            raise InputsNeeded
        return
    said = wish.inputs
    is_his = said is not None and (said.said_by, said.key) == (customer.person_id, wish.key)
    if said is None or not is_his or said.fields != variant.fields or not variant.fields:
        raise InputsNeeded


def check_quantity(variant: VariantView, quantity: int) -> None:
    """Insist on a number of pieces that one order may hold.

    Raises:
        BadQuantity: It is not.
    """
    if type(quantity) is not int:
        raise TypeError(f"a quantity is an integer, not {type(quantity).__name__}")
    most = min(variant.per_order or MOST_IN_ONE_ORDER, MOST_IN_ONE_ORDER)
    if not 1 <= quantity <= most:
        raise BadQuantity(most=most)


def _check_limits(tx: Tx, customer: Customer, variant: VariantView, quantity: int) -> None:
    check_quantity(variant, quantity)
    if variant.per_person is None:
        return
    bought = tx.execute(_BOUGHT, {"person": customer.person_id, "variant": variant.id}).scalar_one()
    if bought + quantity > variant.per_person:
        raise OverPersonLimit(limit=variant.per_person, left=max(0, variant.per_person - bought))


def _check_unpaid(tx: Tx, customer: Customer) -> None:
    unpaid = tx.execute(_UNPAID, {"person": customer.person_id, "moment": tx.now}).scalar_one()
    if unpaid >= tx.policy.unpaid_cap:
        raise TooManyUnpaid(cap=tx.policy.unpaid_cap)


def _insert_order(tx: Tx, customer: Customer, total_minor: int) -> tuple[int, str]:
    while True:
        number = new_number(tx.random)
        order_id = tx.execute(
            _new_order(is_postgresql=tx.is_postgresql),
            {
                "number": number,
                "person_id": customer.person_id,
                "channel": customer.channel,
                "external_id": customer.external_id,
                "state": OrderState.AWAITING.value,
                "currency": tx.policy.currency,
                "total_minor": total_minor,
                "placed_at": tx.now,
                "expires_at": tx.now + tx.policy.hold,
            },
        ).scalar()
        if order_id is not None:
            return order_id, number


def _insert_line(tx: Tx, customer: Customer, variant: VariantView, quantity: int, order_id: int) -> int:
    total = variant.price.minor * quantity
    return int(
        tx.execute(
            _LINE,
            {
                "order_id": order_id,
                "person_id": customer.person_id,
                "variant_id": variant.id,
                "names": {language: variant.full_name(language) for language in tx.policy.languages},
                "quantity": quantity,
                "list_minor": total,
                "discount_minor": 0,
                "paid_minor": total,
                "cost_minor": 0,
                "kind": variant.kind.value,
            },
        ).scalar_one()
    )
