"""Money as integers: an amount in the currency's minor unit, and the currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shop_core.kernel.errors import ShopError

MAX_MINOR: Final = 2**63 - 1
"""The largest amount a 64-bit column holds; anything above it is a mistake or an attack."""

_DIGITS: Final[dict[str, int]] = {
    "CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "SGD": 2, "MYR": 2, "THB": 2, "RUB": 2, "INR": 2,
    "PHP": 2, "AUD": 2, "CAD": 2, "CHF": 2, "BRL": 2, "TRY": 2, "UAH": 2, "AED": 2, "MOP": 2,
    "JPY": 0, "KRW": 0, "VND": 0, "IDR": 2, "XTR": 0,
}  # fmt: skip
"""Digits after the point of each currency that a shop may use (ISO 4217; XTR is Telegram Stars)."""

_TYPED = re.compile(r"(?:[¥￥$€£]\s*)?([0-9]{1,15})(?:[.。．]([0-9]{1,4}))?\s*(?:元|块)?")


class BadAmount(ShopError):
    """The text is no amount of money in this currency: words, a sign, too many digits after the point."""

    code = "money.bad_amount"


class CurrencyMismatch(ShopError):
    """Two amounts in different currencies met. Nothing was computed."""

    code = "money.currency_mismatch"


def minor_digits(currency: str) -> int:
    """Digits after the point of a currency.

    Raises:
        BadAmount: The shop does not know this currency.
    """
    try:
        return _DIGITS[currency]
    except KeyError:
        raise BadAmount(currency=currency) from None


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in the minor unit (分, cent) of one currency. May be negative; never a fraction."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError(f"money is an integer, not {type(self.minor).__name__}")
        if not -MAX_MINOR <= self.minor <= MAX_MINOR:
            raise BadAmount(amount=str(self.minor))

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other.minor

    def split(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Divide by weights without losing or making a single minor unit.

        Args:
            weights: One non-negative weight a part, at least one above zero.

        Returns:
            One part a weight, summing to this amount. Each part is rounded towards zero; the units left over go, one
            each, to the parts with the largest remainders, earlier parts first.
        """
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.minor < 0 else 1
        amount = abs(self.minor)
        parts = [amount * weight // total for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
        for i in order[: amount - sum(parts)]:
            parts[i] += 1
        return tuple(Money(sign * part, self.currency) for part in parts)

    def decimal_text(self) -> str:
        """The amount with exactly the currency's digits after the point, as gateways sign it: ``9.90``, never ``9.9``."""
        digits = minor_digits(self.currency)
        if digits == 0:
            return str(self.minor)
        return str(Decimal(self.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits)))


def parse_money(text: str, currency: str) -> Money:
    """Read an amount as a person or a gateway writes it: ``15``, ``15.0``, ``¥15.00``, ``15元``, full-width digits.

    Raises:
        BadAmount: Negative, more digits after the point than the currency has (unless zeros), or no number at all.
    """
    digits = minor_digits(currency)
    plain = text.strip().translate(_FULL_WIDTH)
    match = _TYPED.fullmatch(plain)
    if match is None:
        raise BadAmount(amount=text[:40])
    whole, fraction = match[1], match[2] or ""
    if fraction[digits:].strip("0"):
        raise BadAmount(amount=text[:40])
    return Money(int(whole) * 10**digits + int(fraction[:digits].ljust(digits, "0") or "0"), currency)


_FULL_WIDTH: Final = {ord("０") + i: ord("0") + i for i in range(10)}
