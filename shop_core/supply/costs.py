"""What a supplier's price is to the shop, and what the shop may pay. Pure, in integers and decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from shop_core.kernel.money import MAX_MINOR, Money, minor_digits
from shop_core.kernel.policy import SupplierTerms

_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Earned:
    """What the buyer pays for so many pieces: what they may cost follows from it."""

    paid: Money
    quantity: int

    def allows(self, landed: Money, *, margin_percent: int) -> bool:
        """Whether a piece that costs the shop ``landed`` leaves the margin."""
        return landed.minor * self.quantity * (_PERCENT + margin_percent) <= self.paid.minor * _PERCENT

    def most_for_one(self, *, margin_percent: int) -> Money:
        """The highest cost of one piece that ``allows`` accepts."""
        most = self.paid.minor * _PERCENT // (self.quantity * (_PERCENT + margin_percent))
        return Money(most, self.paid.currency)


def landed(cost: Money, terms: SupplierTerms, currency: str) -> Money:
    """What a supplier's price costs the shop in its own money, rounded up: a guard must not round in favour of a loss."""
    return Money(_changed(cost, terms.rate, currency, ROUND_CEILING), currency)


def limit_abroad(most: Money, terms: SupplierTerms, currency: str) -> Money:
    """The same backwards, rounded down: the most that may be paid in the supplier's money."""
    return Money(_changed(most, 1 / terms.rate, currency, ROUND_FLOOR), currency)


def _changed(amount: Money, rate: Decimal, currency: str, rounding: str) -> int:
    shift = minor_digits(currency) - minor_digits(amount.currency)
    exact = (Decimal(amount.minor) * rate).scaleb(shift)
    return min(int(exact.to_integral_value(rounding)), MAX_MINOR)
