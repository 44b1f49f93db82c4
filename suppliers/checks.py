"""What every account's settings must fulfil before the shop starts."""

from __future__ import annotations

from typing import Final

from shop_core.kernel.money import BadAmount, minor_digits
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import BadSupplierSettings
from shop_core.wire.address import is_plain, is_web_address, keeps_secrets

PATIENCE_S: Final = 30.0
"""How long a whole call may take unless the settings say otherwise: buying takes some suppliers a while."""


class Checks:
    """Refuses settings by name. The key is never in what it says."""

    def __init__(self, supplier: str) -> None:
        """Take the supplier's name in the config."""
        self._supplier = supplier

    def require(self, holds: object, problem: str) -> None:
        """Refuse unless it holds.

        Raises:
            BadSupplierSettings: It does not.
        """
        if not holds:
            raise BadSupplierSettings(supplier=self._supplier, problem=problem)

    def account(self, base_url: str, key: Secret, currency: str, patience_s: float) -> None:
        """Check what every account has; the address must keep what is sent there to itself."""
        self.require(keeps_secrets(base_url), "base_url is not https://")
        self.account_anywhere(base_url, key, currency, patience_s)

    def account_anywhere(self, base_url: str, key: Secret, currency: str, patience_s: float) -> None:
        """Check what every account has, where the owner allows that everybody on the way reads along."""
        self.require(is_web_address(base_url), "base_url is no web address")
        self.require(is_plain(base_url), "base_url is not a plain address")
        self.given("secret", key.reveal())
        self.require(patience_s > 0, "patience_s is not above zero")
        try:
            minor_digits(currency)
        except BadAmount:
            self.require(holds=False, problem="currency is not known")

    def given(self, name: str, text: str) -> None:
        """Refuse what is empty or has space around it."""
        self.require(text and text == text.strip(), f"{name} is missing or has space around it")
