"""Types of arguments, as people type them.

A refusal of the shop (no amount, no order) says more than "invalid value": it passes through click as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import click

from shop_core.kernel.money import Money, parse_money
from shop_core.kernel.numbers import parse_number
from shop_core.kernel.policy import Policy
from shop_core.orders.errors import NoSuchOrder
from shop_core.pricing.markup import Ending
from shop_core.pricing.rules import Scope
from shop_core.staff.roles import Role

_MAX_ID: Final = 2**63 - 1
_MOST: Final = 10_000
_BP_DIGITS: Final = 2


class _Typed(click.ParamType[Any]):
    """Reads a text, its full-width characters as plain ones: Chinese keyboards mix them."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        if not isinstance(value, str):
            return value
        try:
            return self._read(_plain(value))
        except ValueError:
            self.fail(value, param, ctx)


class _Amount(click.ParamType[Money]):
    """Money in the shop's currency, which the context knows."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Money:  # noqa: ANN401, ARG002 - click's signature
        if isinstance(value, Money):
            return value
        policy = None if ctx is None else ctx.find_object(Policy)
        if policy is None:
            raise RuntimeError("amounts are read in a context that knows the shop's rules")
        return self.read(_plain(str(value)), policy.currency)

    def read(self, text: str, currency: str) -> Money:
        """The amount of a plain text."""
        return parse_money(text, currency)


class _SignedAmount(_Amount):
    """Money with a plus or a minus before it."""

    def read(self, text: str, currency: str) -> Money:
        """The amount of a plain text."""
        amount = parse_money(text[1:] if text[:1] in {"+", "-"} else text, currency)
        return amount * -1 if text.startswith("-") else amount


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Whom somebody means: a person by his own number, or the buyer of an order."""

    person_id: int | None = None
    order: str | None = None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _whole(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ValueError(text)
    return int(text)


def _read_id(text: str) -> int:
    return _whole(text.removeprefix("#"), _MAX_ID)


def read_id(words: tuple[str, ...]) -> int | None:
    """The id that words are, if they are one and nothing else."""
    try:
        return _read_id(_plain(words[0])) if len(words) == 1 else None
    except ValueError:
        return None


def _read_count(text: str) -> int:
    return _whole(text, _MOST)


def _read_order_number(text: str) -> str:
    number = parse_number(text)
    if number is None:
        raise NoSuchOrder
    return number


def _read_person(text: str) -> PersonRef:
    number = parse_number(text)
    if number is not None:
        return PersonRef(order=number)
    if text.removeprefix("#").isdigit():
        return PersonRef(person_id=_read_id(text))
    raise NoSuchOrder


def read_percent(text: str) -> int:
    """Basis points of ``20``, ``12.5``, ``20%``.

    Raises:
        ValueError: It is no such number.
    """
    whole, _, rest = _plain(text).removesuffix("%").strip().partition(".")
    if len(rest) > _BP_DIGITS:
        raise ValueError(text)
    return _whole(whole, _MOST) * 100 + (_whole(rest.ljust(_BP_DIGITS, "0"), 99) if rest else 0)


def _read_role(text: str) -> Role:
    return Role(text.lower())


ID: Final = _Typed("id", _read_id)
"""``12`` or ``#12``."""
COUNT: Final = _Typed("count", _read_count)
"""0 to 10,000."""
AMOUNT: Final = _Amount()
"""``15``, ``15.00``, ``¥15``."""
SIGNED_AMOUNT: Final = _SignedAmount()
"""``5``, ``+5``, ``-5``."""
ORDER_NUMBER: Final = _Typed("order", _read_order_number)
"""With or without dash, with or without a payment's attempt."""
PERSON: Final = _Typed("person", _read_person)
"""``#12``, or an order's number for its buyer."""
ROLE: Final = _Typed("role", _read_role)
"""``admin``, ``finance``, ``support``; that of the owner is nobody's to give."""
PERCENT: Final = _Typed("percent", read_percent)
"""``20`` or ``12.5``, in basis points."""
SCOPE: Final = _Typed("scope", lambda text: Scope(text.lower()))
"""``supplier``, ``category`` or ``variant``."""
ENDING: Final = _Typed("ending", lambda text: Ending(text.lower().removeprefix(".")))
"""``00``, ``50``, ``90``, ``99``, or ``any`` for whatever comes out."""
DAY: Final = _Typed("day", date.fromisoformat)
"""``2027-03-31``."""
