"""What the sandbox wholesalers sell, what they charge, and how they behave."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Goods:
    """One product with one SKU. Prices are fen (分). ``is_phantom``: listed, and refused whenever ordered."""

    id: int
    title_zh: str
    title_en: str
    price: int
    is_phantom: bool = False

    @property
    def sku_id(self) -> int:
        """What is ordered with."""
        return self.id + 1000


@dataclass(frozen=True, slots=True)
class Manner:
    """How a wholesaler behaves.

    Attributes:
        discount: What it takes less than the others, in percent.
        answers_after_s: How long an order takes.
        refuses_every: It refuses the first order, and each so many after that; 0 refuses none.
    """

    discount: int
    answers_after_s: float
    refuses_every: int


GOODS: Final[tuple[Goods, ...]] = (
    Goods(101, "Spotify 会员 月卡", "Spotify Premium, 1 month", 1290),
    Goods(102, "Xbox 会员 月卡", "Xbox Game Pass, 1 month", 4150),
    Goods(103, "Netflix 礼品卡 100 元", "Netflix gift card, ¥100", 9300, is_phantom=True),
)
MANNERS: Final[Mapping[str, Manner]] = MappingProxyType(
    {
        "bargain": Manner(discount=8, answers_after_s=1.5, refuses_every=2),
        "steady": Manner(discount=0, answers_after_s=0.2, refuses_every=0),
    }
)


def a_code() -> str:
    """A code that nobody can redeem."""
    groups = [
        "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(4)) for _ in range(4)
    ]
    return "-".join(groups)
