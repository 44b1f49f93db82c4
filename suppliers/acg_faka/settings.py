"""One account at one acg-faka shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from shop_core.kernel.secret import Secret
from suppliers.checks import PATIENCE_S, Checks
from suppliers.words import Words

PENDING: Final = (
    "发货中",
    "未发货",
    "没有发货",
    "无发货",
    "请联系客服",
    "抢走",
    "being delivered",
    "no delivery",
)
"""Parts of what stands where the cards belong while there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcgFakaSettings:
    """What the owner was given by the shop.

    Attributes:
        name: The supplier's name in the config.
        base_url: The shop. HTTPS: the key is in every request.
        key: The merchant's number (``app_id``).
        secret: The key (``app_key``).
        currency: What the shop's amounts are in.
        contact: What the shop notes as the buyer's contact; empty: our number of the purchase, by which a person finds it
            in the shop's back office, as no question does.
        pending: Parts of the text that stands in place of the cards while there are none.
        words: What its messages mean.
        patience_s: How long a whole call may take.
    """

    name: str
    base_url: str
    key: str
    secret: Secret
    currency: str = "CNY"
    contact: str = ""
    pending: tuple[str, ...] = PENDING
    words: Words = field(default_factory=Words)
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        checks.account(self.base_url, self.secret, self.currency, self.patience_s)
        checks.given("key", self.key)

    def is_pending(self, text: str) -> bool:
        """Tell whether a text stands where cards are not yet."""
        lowered = text.lower()
        return not text.strip() or any(part in lowered for part in self.pending)
