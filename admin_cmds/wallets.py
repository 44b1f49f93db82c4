"""Giving to a customer's balance, or taking from it, by decision of staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from admin_cmds.arguments import PersonRef
from admin_cmds.command import Desk, TooLong, ask_first
from handlers.screen import Line, Screen, Style
from shop_core.conversations import keys
from shop_core.customers.people import PersonErased, list_addresses, lock_as_now, survivor_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import BadAmount, Money
from shop_core.ledger.post import is_booked
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.read import get_any
from shop_core.staff import audit
from shop_core.wallet import balance

LONGEST_REASON: Final = 50


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is to be done to one balance, once for its one-time key however often it is asked for.

    ``person_id``: as he was called in the question. It is part of the cause, so it stays that, whoever he is by now.
    """

    person_id: int
    amount: Money
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class _Holder:
    person_id: int
    balance: Money


async def wallet(  # noqa: PLR0913 - one parameter for each of the command's
    desk: Desk, person: PersonRef, amount: Money, reason: tuple[str, ...], *, yes: bool, key: str | None
) -> Screen:
    """Change a balance. Asks first; what was asked is done under the question's key."""
    if amount.minor == 0:
        raise BadAmount(amount="0")
    why = " ".join(reason)
    if len(why) > LONGEST_REASON:
        raise TooLong
    holder = await desk.shop.read(_find_holder, person)
    if key is None and not (yes and desk.is_shell):
        return _ask(desk, holder, amount, why)
    if key is not None and not (len(key) == keys.LENGTH and key.isascii() and key.isalnum()):
        raise keys.BadKey
    change = Adjustment(holder.person_id, amount, why, key or keys.new_key(desk.shop.random))
    left = await adjust_once(desk.shop, change, by=desk.actor)
    text = desk.say(
        "admin.wallet.done", person=holder.person_id, amount=_signed(desk, amount), balance=desk.money(left)
    )
    return Screen((Line(text, Style.TITLE), Line(why, Style.MUTED)), ((desk.home_button(),),))


def person_of(view: View, person: PersonRef) -> int:
    """Whom somebody means.

    Raises:
        NoSuchOrder, NoSuchPerson: Nobody.
    """
    return survivor_of(view, _named(view, person))


def _named(view: View, person: PersonRef) -> int:
    return get_any(view, person.order).person_id if person.order is not None else person.person_id or 0


def _find_holder(view: View, person: PersonRef) -> _Holder:
    named = _named(view, person)
    return _Holder(named, balance.balance_of(view, survivor_of(view, named)))


def _ask(desk: Desk, holder: _Holder, amount: Money, why: str) -> Screen:
    after = holder.balance + amount
    title = desk.say("admin.wallet.ask", person=holder.person_id, amount=_signed(desk, amount))
    facts = desk.say("admin.wallet.facts", balance=desk.money(holder.balance), after=desk.money(after))
    lines = (
        Line(title, Style.TITLE),
        Line(facts),
        Line(desk.say("admin.wallet.reason", reason=why), Style.MUTED),
    )
    key = keys.new_key(desk.shop.random)
    held = ("wallet", str(holder.person_id), amount.decimal_text(), *why.split(), f"--key={key}")
    yes = desk.say("admin.wallet.yes", amount=_signed(desk, amount))
    return ask_first(lines, yes, held, key, desk.home_button())


def _signed(desk: Desk, amount: Money) -> str:
    sign = "+" if amount.minor > 0 else "−"
    return f"{sign}{desk.money(Money(abs(amount.minor), amount.currency))}"


async def adjust_once(shop: Shop, change: Adjustment, *, by: str) -> Money:
    """Book an adjustment under its key. May run twice: the second finds it in the books and changes nothing.

    Returns:
        The balance afterwards.

    Raises:
        NoSuchPerson, PersonErased: Nothing was booked.
        InsufficientBalance: More to take than there is.
    """
    return await shop.write(_adjust_once, change, by)


def _adjust_once(tx: Tx, change: Adjustment, by: str) -> Money:
    holder = lock_as_now(tx, change.person_id)
    if holder.is_erased:
        raise PersonErased
    person_id = holder.person_id
    cause = f"adjust:{change.person_id}:{change.key}"
    if not is_booked(tx, cause):
        balance.adjust(tx, person_id, change.amount, key=cause)
        details: dict[str, str | int] = {
            "person": person_id,
            "amount": change.amount.decimal_text(),
            "reason": change.reason,
        }
        audit.record(tx, actor=by, command="wallet", details=details)
        _tell(tx, person_id, change, cause)
    return balance.balance_of(tx, person_id)


def _tell(tx: Tx, person_id: int, change: Adjustment, cause: str) -> None:
    """Money that was given is news; for money that was taken a person writes himself."""
    addresses = list_addresses(tx, person_id)
    if change.amount.minor > 0 and addresses:
        args: dict[str, int | str] = {"amount_minor": change.amount.minor, "order_id": 0}
        queue_message(tx, addresses[0], NewsKind.TOPPED_UP, args, cause=cause)
