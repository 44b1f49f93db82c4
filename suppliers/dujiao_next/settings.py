"""One account at one dujiao-next site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import No
from suppliers.checks import PATIENCE_S, Checks

REFUSALS: Final[Mapping[str, No]] = MappingProxyType(
    {
        "bad_request": No.OTHER,
        "invalid_callback_url": No.OTHER,
        "insufficient_balance": No.BALANCE,
        "insufficient_stock": No.OUT_OF_STOCK,
        # A Kapu shop's word for an account that is none. All else in a request of ours is always well formed.
        "invalid_request": No.INPUT,
        "payment_failed": No.OTHER,
        "product_not_found": No.OFF_SALE,
        "product_unavailable": No.OFF_SALE,
        "sku_unavailable": No.OFF_SALE,
    }
)
"""Error codes of placing that mean: nothing was bought. Any other is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DujiaoNextSettings:
    """What the owner was given by the site.

    Attributes:
        name: The supplier's name in the config.
        base_url: The site, without ``/api/v1/upstream``. HTTPS: cards come in the clear.
        key: The API key.
        secret: Its secret.
        currency: The site's; answers in another are not understood.
        finds_numbers: The site can be asked by our own number: a Kapu shop can, dujiao-next itself cannot.
        refusals: More error codes that mean that nothing was bought, where the site has some of its own.
        patience_s: How long a whole call may take.
    """

    name: str
    base_url: str
    key: str
    secret: Secret
    currency: str = "CNY"
    finds_numbers: bool = False
    refusals: Mapping[str, No] = field(default_factory=dict)
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        checks.account(self.base_url, self.secret, self.currency, self.patience_s)
        checks.given("key", self.key)

    def why(self, code: str) -> No | None:
        """Why an error code refuses; None: it does not say that nothing was bought."""
        return self.refusals.get(code) or REFUSALS.get(code)
