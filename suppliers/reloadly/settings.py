"""One account at Reloadly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from shop_core.kernel.secret import Secret
from suppliers.checks import PATIENCE_S, Checks

Product = Literal["gift_cards", "airtime"]

PRODUCTS: Final[tuple[Product, ...]] = ("gift_cards", "airtime")
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where an environment answers. The address of a service is the audience of its tokens, too."""

    auth: str
    gift_cards: str
    airtime: str


PRODUCTION: Final = Hosts(
    "https://auth.reloadly.com", "https://giftcards.reloadly.com", "https://topups.reloadly.com"
)
SANDBOX: Final = Hosts(
    "https://auth.reloadly.com",
    "https://giftcards-sandbox.reloadly.com",
    "https://topups-sandbox.reloadly.com",
)
"""Tokens of both environments come from the same host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadlySettings:
    """What the owner was given by Reloadly.

    Attributes:
        name: The supplier's name in the config.
        key: The client's id.
        secret: The client's secret, of the environment that ``hosts`` names.
        hosts: ``PRODUCTION`` or ``SANDBOX``.
        sells: What of its goods the shop wants: ``gift_cards``, ``airtime``. The account's balance serves both.
        currency: The account's; goods priced in another are left out.
        sender_name: What a gift card says of whom it comes from.
        recipient_email: Where Reloadly sends a copy of each gift card; empty: to the account's own address.
        amounts: Of goods without fixed amounts, which are offered: gift cards in the currency of the card, airtime in the
            account's; those out of a product's range are left out.
        failed_statuses: Statuses that mean that it failed and the money came back. None is confirmed: without them such a
            purchase stays under way until a person looks.
        patience_s: How long a whole call may take.
    """

    name: str
    key: str
    secret: Secret
    hosts: Hosts = PRODUCTION
    sells: tuple[Product, ...] = PRODUCTS
    currency: str = "USD"
    sender_name: str = "Kapu"
    recipient_email: str = ""
    amounts: tuple[str, ...] = ()
    failed_statuses: tuple[str, ...] = ()
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        for address in (self.hosts.auth, self.hosts.gift_cards, self.hosts.airtime):
            checks.account(address, self.secret, self.currency, self.patience_s)
        checks.given("key", self.key)
        checks.given("sender_name", self.sender_name)
        checks.require(self.sells and set(self.sells) <= set(PRODUCTS), "sells is not gift_cards or airtime")
        wrong = [amount for amount in self.amounts if not _AMOUNT.fullmatch(amount)]
        checks.require(not wrong, f"amounts has no amount: {', '.join(wrong)[:40]}")
        is_done = "SUCCESSFUL" in self.failed_statuses
        checks.require(not is_done, "failed_statuses has SUCCESSFUL")
