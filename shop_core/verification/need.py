"""When somebody has to show that a contact is his: by the rules of the shop, and of the product."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import bindparam, select

from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.customers.people import Address, Customer
from shop_core.db.tx import View
from shop_core.kernel.policy import Ask
from shop_core.staff.roles import Roster
from shop_core.verification.errors import VerificationNeeded
from shop_core.verification.models import VerifiedContact

_KINDS: Final = select(VerifiedContact.kind).where(VerifiedContact.person_id == bindparam("person"))


def require_for_order(view: View, customer: Customer, product_asks: Ask, total_minor: int) -> None:
    """Insist on what an order asks for. Reads nothing where nothing is asked.

    Raises:
        VerificationNeeded: He has not shown it yet.
    """
    missing = find_missing_for_order(view, customer, product_asks, total_minor)
    if missing is not Ask.NOTHING:
        raise VerificationNeeded(ask=missing.value)


def find_missing_for_order(view: View, customer: Customer, product_asks: Ask, total_minor: int) -> Ask:
    """What he would be asked for by an order, to tell him before. Reads nothing where nothing is asked."""
    rules = view.policy.verification
    is_large = rules.from_total_minor is not None and total_minor >= rules.from_total_minor
    asks = (rules.first_contact, product_asks, rules.from_total_asks if is_large else Ask.NOTHING)
    return find_missing(view, customer, asks)


def find_missing(view: View, customer: Customer, asks: Iterable[Ask]) -> Ask:
    """The first of these that he has not shown; staff are not asked."""
    wanted = [ask for ask in asks if ask is not Ask.NOTHING]
    if not wanted:
        return Ask.NOTHING
    shown = set(view.execute(_KINDS, {"person": customer.person_id}).scalars())
    missing = next((ask for ask in wanted if not is_met(ask, shown)), Ask.NOTHING)
    if missing is Ask.NOTHING or _is_staff(view, customer):
        return Ask.NOTHING
    return missing


def is_met(ask: Ask, shown: Collection[str]) -> bool:
    """Whether these kinds of contacts are enough."""
    return ask is Ask.NOTHING or (bool(shown) if ask is Ask.EITHER else ask.value in shown)


def _is_staff(view: View, customer: Customer) -> bool:
    roster = Roster(view.policy.verification.owners)
    return find_at_desk(view, roster, Address(customer.channel, customer.external_id)) is not None
