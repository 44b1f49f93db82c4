"""Telegram Stars as a gateway: the price in Stars, the statement, refunds. The chat itself shows the bill.

Source: Bot API 10.0, sendInvoice, getStarTransactions, refundStarPayment, with what the reference says of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.channel import Unreachable
from bot.channels.telegram.errors import translate
from bot.channels.telegram.parse import STARS
from bot.channels.telegram.quiet import QuietRequest, keep_logs_quiet
from bot.channels.telegram.settings import API
from bot.channels.telegram.statement import Statement
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money, minor_digits
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import (
    Begun,
    ForgedCallback,
    GatewayRefused,
    Notice,
    PaymentRequest,
    Return,
    Tender,
)
from shop_core.wire.callback import RawCallback

BY_HAND: Final = "set by hand"
_ALREADY: Final = "charge_already_refunded"


@dataclass(frozen=True, slots=True)
class StarsSettings:
    """The Stars of one bot.

    Attributes:
        name: The gateway's name in the config.
        token: Of the bot that takes them: each bot has a balance of its own.
        rate: What one Star is worth in the shop's currency, above zero.
        rate_source: Where that was read.
        rate_at: When.
        prices: Variant → Stars for one, where the owner set that himself.
    """

    name: str
    token: Secret
    rate: Decimal
    rate_source: str
    rate_at: datetime
    prices: Mapping[int, int] = field(default_factory=dict)
    api_base_url: str = API
    httpx_kwargs: Mapping[str, Any] = field(default_factory=dict)


class StarsGateway:
    """A ``Gateway`` that ``HasOwnCurrency`` and ``GivesBack``. Telegram calls nobody back: what it says comes as updates.

    Attributes:
        bot: The line to Telegram; its own, beside the channel's.
    """

    def __init__(self, settings: StarsSettings) -> None:
        """Connect nothing yet."""
        keep_logs_quiet()
        self._settings = settings
        self._requests = QuietRequest(
            connection_pool_size=4, read_timeout=10.0, httpx_kwargs=settings.httpx_kwargs
        )
        self.bot = Bot(settings.token.reveal(), base_url=settings.api_base_url, request=self._requests)
        self._statement = Statement(self.bot.get_star_transactions)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def callback_answer(self) -> str:
        return ""

    def tender(self, amount: Money, goods: Mapping[int, int]) -> Tender:
        """So many Stars: the owner's own price where every variant has one, else by the rate.

        Rounded up to a whole Star, so that the shop never takes less than its price.
        """
        settings = self._settings
        if goods and all(variant in settings.prices for variant in goods):
            stars = sum(settings.prices[variant] * quantity for variant, quantity in goods.items())
            return Tender(Money(stars, STARS), None, BY_HAND, None)
        value = Decimal(amount.minor).scaleb(-minor_digits(amount.currency))
        stars = int((value / settings.rate).to_integral_value(ROUND_CEILING))
        return Tender(Money(max(1, stars), STARS), str(settings.rate), settings.rate_source, settings.rate_at)

    async def begin(self, request: PaymentRequest) -> Begun:
        """Nothing is asked for here: the screen of the payment is the bill, whenever and however often it is shown."""
        if request.tender is None:
            raise GatewayRefused(said="no price in Stars")
        return Begun(link=None, qr=None)

    async def query(self, number: str) -> Notice | None:
        """What the bot's statement says of a payment. Finds money whose update was lost."""
        try:
            return await self._statement.find(number)
        except TelegramError as error:
            raise self._trouble(error) from error

    async def give_back(self, wanted: Return) -> None:
        """Give all Stars of a payment back."""
        try:
            await self.bot.refund_star_payment(int(wanted.payer), wanted.external_ref)
        except BadRequest as error:
            if _ALREADY in error.message.lower():
                return
            raise GatewayRefused(said=error.message) from error
        except TelegramError as error:
            raise self._trouble(error) from error

    def read_callback(self, callback: RawCallback) -> Notice:  # noqa: ARG002 - the protocol's
        """Nothing that comes this way is Telegram's."""
        raise ForgedCallback

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._requests.shutdown()

    def _trouble(self, error: TelegramError) -> GatewayRefused | RetryLater | Unknown:
        ours = translate(error)
        if isinstance(ours, Unreachable):
            return GatewayRefused(said=error.message)
        if ours is None and isinstance(error, InvalidToken):
            return RetryLater("telegram: the token is not known", retry_after_s=60)
        return ours or Unknown(f"telegram: {error.message}")
