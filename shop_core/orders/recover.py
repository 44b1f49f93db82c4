"""A guest gets his orders back in another browser: by one order's number and his password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import exists, select

from shop_core.customers.passwords import (
    NOBODYS,
    Digest,
    count_try,
    find_digest,
    forget_tries,
    is_right,
)
from shop_core.customers.people import Customer, find_customer, lock_person, move_identity
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import Order
from shop_core.orders.read import get_any
from shop_core.payments.models import Payment
from shop_core.staff import audit
from shop_core.wallet.balance import balance_of

RECOVER: Final = "recover"
"""What the audit log calls it. Its actor is the browser."""


class NotRecovered(ShopError):
    """Number and password do not belong together: whether there is such an order is not told."""

    code = "orders.not_recovered"


class HasOwnOrders(ShopError):
    """This browser has bought something itself; what two people did is not made one here."""

    code = "orders.has_own"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Whose order it is, and what his password is compared with."""

    person_id: int | None
    digest: Digest


async def recover_orders(shop: Shop, customer: Customer, number: str, password: Secret) -> None:
    """Make this browser known as the one that placed an order. Twice finds it so already.

    Raises:
        NotRecovered: No such order, no password, or the wrong one.
        TooManyTries: For this order, or from this browser.
        HasOwnOrders: This browser cannot become somebody else's.
    """
    subjects = (f"order:{number}", f"{customer.channel}:{customer.external_id}")
    claimed = await shop.write(_count_and_find, number, subjects)
    if not await is_right(password, claimed.digest) or claimed.person_id is None:
        raise NotRecovered
    await shop.write(_move, customer, claimed.person_id, number, subjects)


def _count_and_find(tx: Tx, number: str, subjects: tuple[str, str]) -> _Claimed:
    count_try(tx, *subjects)
    try:
        person_id = get_any(tx, number).person_id
    except NoSuchOrder:
        return _Claimed(None, NOBODYS)
    digest = find_digest(tx, person_id)
    return _Claimed(None, NOBODYS) if digest is None else _Claimed(person_id, digest)


def _move(tx: Tx, customer: Customer, person_id: int, number: str, subjects: tuple[str, str]) -> None:
    now = find_customer(tx, channel=customer.channel, external_id=customer.external_id)
    if now is None or now.person_id == person_id:
        forget_tries(tx, *subjects)
        return
    # He must not buy while he becomes somebody else.
    for locked in sorted((now.person_id, person_id)):
        lock_person(tx, locked)
    if _has_traded(tx, now.person_id):
        raise HasOwnOrders
    forget_tries(tx, *subjects)
    move_identity(tx, customer, person_id)
    actor = f"{customer.channel}:{customer.external_id}"
    audit.record(tx, actor=actor, command=RECOVER, details={"number": number, "person": person_id})


def _has_traded(view: View, person_id: int) -> bool:
    ordered = exists().where(Order.person_id == person_id)
    paid = exists().where(Payment.person_id == person_id)
    return bool(view.execute(select(ordered | paid)).scalar_one()) or balance_of(view, person_id).minor != 0
