"""Whether a balance may pay where its owner talks: on a closed channel only if none of it came in by another way."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Select, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import aliased

from shop_core.customers.models import Person
from shop_core.db.tx import View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.models import Entry, Posting
from shop_core.orders.models import Order
from shop_core.wallet.balance import balance_of

_OWN_MONEY: Final = ("wallet", "")
"""What ``Order.paid_with`` says where a refund brings nothing new into a wallet."""


class SpendElsewhere(ShopError):
    """The balance holds money that came in another way than this channel allows. Nothing was taken."""

    code = "wallet.elsewhere"


def spendable(view: View, person_id: int, ways: Collection[str] | None) -> Money:
    """What a person's balance can pay on a channel.

    Args:
        ways: Gateways whose money may pay there (``Gateways.own_ways``); None: any.
    """
    balance = balance_of(view, person_id)
    if ways is None or not balance.minor or not _has_other_money(view, person_id, ways):
        return balance
    return Money(0, balance.currency)


def require_spendable(view: View, person_id: int, ways: Collection[str] | None) -> None:
    """Insist that a balance may pay.

    Raises:
        SpendElsewhere: It holds money of other ways.
    """
    if ways is not None and _has_other_money(view, person_id, ways):
        raise SpendElsewhere


def _has_other_money(view: View, person_id: int, ways: Collection[str]) -> bool:
    """Whether anything ever came into the wallet from a gateway that is not one of these.

    What somebody brought along who was merged into him counts as if it had come to him. Gifts of staff are no way to pay.
    What was spent since does not count: money has no label, and this errs on the safe side of the platform's rule.
    """
    return view.execute(_other_money(person_id, ways).limit(1)).first() is not None


def _other_money(person_id: int, ways: Collection[str]) -> Select[int]:
    own, other = aliased(Posting), aliased(Posting)
    of_gateway = and_(
        other.account.startswith("gateway:"), other.account.not_in([accounts.gateway(way) for way in ways])
    )
    refund_key = literal("order:") + cast(Order.id, String) + literal(":refunded")
    of_refund = and_(
        Entry.kind == "order_refunded",
        func.coalesce(Order.paid_with, "").not_in([*_OWN_MONEY, *ways]),
    )
    return (
        select(own.id)
        .join(Entry, Entry.id == own.entry_id)
        .join(other, and_(other.entry_id == own.entry_id, other.id != own.id))
        .outerjoin(Order, and_(Order.person_id == person_id, Entry.key == refund_key))
        .where(
            own.account.in_(_wallets_of(person_id)),
            own.amount_minor < 0,
            or_(of_gateway, other.account == accounts.SUSPENSE, of_refund),
        )
    )


def _wallets_of(person_id: int) -> Select[str]:
    """His wallet, and those that were emptied into it."""
    his = or_(Person.id == person_id, Person.merged_into == person_id)
    return select(literal("wallet:") + cast(Person.id, String)).where(his)
