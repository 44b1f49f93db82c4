"""From what a piece costs the shop to what its buyer pays. Pure, in integers; whatever is rounded is rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import MAX_MINOR, Money

WHOLE_BP: Final = 10_000
"""Basis points (hundredths of a percent) in a whole."""
MOST_BP: Final = 1_000_000
_CYCLE: Final = 100


class BadMarkup(ShopError):
    """A percentage, an amount or an ending that no rule has. Nothing was changed."""

    code = "pricing.bad_markup"


class Ending(StrEnum):
    """The last two digits of a price: cents where the currency has them, else its last two digits whole."""

    ANY = "any"
    ROUND = "00"
    HALF = "50"
    NINETY = "90"
    NINETY_NINE = "99"


@dataclass(frozen=True, slots=True)
class Markup:
    """A rule.

    Attributes:
        percent_bp: Over the landed cost, in basis points.
        plus_minor: And so much more.
        ending: The next higher price that ends so.
        floor_bp: At least so much over the landed cost, in basis points, whatever the rest comes to.
    """

    percent_bp: int = 0
    plus_minor: int = 0
    ending: Ending = Ending.ANY
    floor_bp: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.percent_bp <= MOST_BP and 0 <= self.floor_bp <= MOST_BP):
            raise BadMarkup(field="percent")
        if not 0 <= self.plus_minor <= MAX_MINOR:
            raise BadMarkup(field="plus")


def price_of(landed: Money, markup: Markup) -> Money:
    """The price of one piece.

    Never below the landed cost with the floor over it, never zero; a higher cost never makes a lower price.

    Args:
        landed: What one piece costs the shop, in its own money; not negative.

    Raises:
        BadAmount: It does not fit 64 bits.
    """
    marked = _over(landed.minor, markup.percent_bp) + markup.plus_minor
    least = max(marked, _over(landed.minor, markup.floor_bp), 1)
    return Money(_ending(least, markup.ending), landed.currency)


def is_jump(old: Money, new: Money, percent: int) -> bool:
    """Whether a price moves by more than so many percent of what it was, up or down."""
    return abs(new.minor - old.minor) * 100 > old.minor * percent


def _over(minor: int, bp: int) -> int:
    return -(-minor * (WHOLE_BP + bp) // WHOLE_BP)


def _ending(minor: int, ending: Ending) -> int:
    if ending is Ending.ANY:
        return minor
    return minor + (int(ending.value) - minor) % _CYCLE
