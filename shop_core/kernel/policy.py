"""The shop's own rules, read from the config once and never changed while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """What the owner decided about buying from one supplier.

    Attributes:
        rate: What one unit of the supplier's money costs the shop, in the shop's own, fees and all.
        at_once: How many purchases may be on their way to it at a time.
        per_minute: How many may be sent in a minute.
        timezone: IANA name; its midnight ends a day of the supplier's own list of purchases.
    """

    rate: Decimal = Decimal(1)
    at_once: int = 16
    per_minute: int = 600
    timezone: str = "Asia/Shanghai"


class Ask(StrEnum):
    """What somebody has to show that it is his own."""

    NOTHING = ""
    PHONE = "phone"
    EMAIL = "email"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class VerificationRules:
    """When people have to show that a phone number or an e-mail address is theirs.

    Attributes:
        first_contact: Of everybody, before he looks around.
        from_total_minor: From what total on an order asks for ``from_total_asks``; None: no order does.
        country: Two letters; numbers without a country code are numbers there.
        codes_per_hour: So many codes the whole shop sends in an hour. Each costs money, and there are people who make
            shops send them.
        owners: Who is never asked, as ``channel:id``.
    """

    first_contact: Ask = Ask.NOTHING
    from_total_minor: int | None = None
    from_total_asks: Ask = Ask.EITHER
    country: str = "CN"
    codes_per_hour: int = 60
    owners: frozenset[str] = frozenset()


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
        contact_channels: Channel instances that tell a person's own phone number, once he lets them.
        channel_kinds: Channel instance → what it is, as customers know it: ``telegram``.
        channel_names: Channel instance → what the shop is called there, where that is another name.
        textual_channels: Channel instances where people only type: nothing can be touched, no file shown; what would be
            one is text there.
        fileless_channels: Channel instances on which nobody can send the shop a picture or a file.
        margin_percent: Goods bought for an order have to leave at least so much of their cost as profit, unless the owner
            has said what a piece may cost.
        price_jump_percent: A price that follows its supplier and moves by more than this is not sold at before somebody has
            looked at it.
        suppliers: Whom the shop buys from, and on what terms.
    """

    name: str = "Kapu"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    languages: tuple[str, ...] = ("zh", "en")
    hold: timedelta = timedelta(minutes=15)
    unpaid_cap: int = 3
    low_stock: int = 5
    guest_channels: frozenset[str] = frozenset()
    textual_channels: frozenset[str] = frozenset()
    fileless_channels: frozenset[str] = frozenset()
    contact_channels: frozenset[str] = frozenset()
    channel_kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    channel_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    margin_percent: int = 0
    price_jump_percent: int = 20
    suppliers: Mapping[str, SupplierTerms] = field(default_factory=lambda: MappingProxyType({}))
    verification: VerificationRules = VerificationRules()
