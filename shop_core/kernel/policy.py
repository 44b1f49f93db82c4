"""The shop's own rules, read from the config once and never changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner decided for the whole shop.

    Attributes:
        currency: ISO 4217 code; every price and every wallet is in it.
        timezone: IANA name; deadlines are shown in it.
        languages: The first is the default.
        hold: How long an unpaid order keeps its codes.
        unpaid_cap: Unpaid orders one person may have at a time.
        low_stock: From how many codes down a screen says "only n left".
        guest_channels: Channel instances that know a person by his browser alone: losing it, he needs another way back
            to his orders.
    """

    name: str = "Kapu"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    languages: tuple[str, ...] = ("zh", "en")
    hold: timedelta = timedelta(minutes=15)
    unpaid_cap: int = 3
    low_stock: int = 5
    guest_channels: frozenset[str] = frozenset()
