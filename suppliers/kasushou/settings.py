"""One account at one kasushou site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from shop_core.kernel.secret import Secret
from suppliers.checks import PATIENCE_S, Checks
from suppliers.words import Standing, Words

STATES: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "-1": Standing.UNDER_WAY,
        "1": Standing.UNDER_WAY,
        "2": Standing.UNDER_WAY,
        "3": Standing.DONE,
        "4": Standing.FAILED,
        "5": Standing.FAILED,
    }
)
"""Unpaid, waiting, processing, success, cancelled, refunded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KasushouSettings:
    """What the owner was given by the site.

    Attributes:
        name: The supplier's name in the config.
        base_url: The site, without ``/api/v1``. HTTPS: cards come in the clear.
        key: The user's number (``UserId``).
        secret: The API key.
        currency: What the site's amounts are in.
        safe_price_is: What the price guard is compared with: the price of a ``piece``, or the ``total``. Not confirmed;
            a wrong ``piece`` refuses too much, a wrong ``total`` too little.
        states: An order's status → how it stands; what is not in it is unknown.
        words: What its messages mean.
        patience_s: How long a whole call may take.
    """

    name: str
    base_url: str
    key: str
    secret: Secret
    currency: str = "CNY"
    safe_price_is: Literal["piece", "total"] = "piece"
    states: Mapping[str, Standing] = field(default_factory=lambda: STATES)
    words: Words = field(default_factory=Words)
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        checks.account(self.base_url, self.secret, self.currency, self.patience_s)
        checks.given("key", self.key)
        checks.require(self.safe_price_is in {"piece", "total"}, "safe_price_is is neither piece nor total")
