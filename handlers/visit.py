"""One person's visit: who he is, and the words to speak to him with."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.words import Phrases
from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.insight.exposure import ExposureLog, Step
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Gateways


@dataclass(frozen=True, slots=True)
class Visit:
    """Passed to every flow."""

    shop: Shop
    customer: Customer
    say: Phrases

    @property
    def language(self) -> str:
        """The language the person reads."""
        return self.customer.language

    @property
    def gateways(self) -> tuple[str, ...]:
        """The ways to pay that his channel may show."""
        return self.shop.get(Gateways).names_on(self.customer.channel)

    @property
    def own_ways(self) -> frozenset[str] | None:
        """The gateways whose money alone may pay on his channel; None: any may."""
        return self.shop.get(Gateways).own_ways(self.customer.channel)

    @property
    def is_guest(self) -> bool:
        """Whether his browser is all that we know him by."""
        return self.customer.channel in self.shop.policy.guest_channels

    @property
    def only_types(self) -> bool:
        """Whether his channel has nothing to touch, and shows no file."""
        return self.customer.channel in self.shop.policy.textual_channels

    @property
    def has_channels(self) -> bool:
        """Whether the shop is elsewhere, too."""
        return len(self.shop.policy.channel_kinds) > 1

    def money(self, amount: Money) -> str:
        """An amount as he reads it."""
        return self.say.money(amount)

    def expose(self, step: Step, *product_ids: int) -> None:
        """Note what he was shown, for later numbers."""
        self.shop.get(ExposureLog).note(self.shop, self.customer, step, product_ids)
