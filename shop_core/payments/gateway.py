"""What a gateway is to the shop. One module each in ``shop_core.gateways``, or beside its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money


class ForgedCallback(ShopError):
    """The callback does not prove that it comes from the gateway. Nothing of it is kept."""

    code = "payments.forged"


class GatewayRefused(ShopError):
    """The gateway said no, definitely and readably: nothing was begun there."""

    code = "payments.gateway_refused"


class NoSuchGateway(ShopError):
    """No gateway of that name is set up, or this channel may not show it."""

    code = "payments.no_gateway"


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What a gateway is asked for.

    Attributes:
        number: Ours, 8 to 10 of the characters of ``kernel.numbers``; repeating a request under it is one payment.
        title: What the payer reads.
    """

    number: str
    amount: Money
    title: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A way to pay: a link to open, a text to draw as a QR code, or both."""

    link: str | None
    qr: str | None
    gateway_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a gateway says of one payment, in a verified callback or as the answer to a question.

    Attributes:
        number: Ours, as the gateway repeats it.
        external_ref: The gateway's own number of the money; the same for every repeat of the same money.
        paid: Whether the money is in. If not, nothing else counts.
    """

    number: str
    external_ref: str
    amount: Money
    paid: bool


class Gateway(Protocol):
    """A way to get money from outside."""

    @property
    def name(self) -> str:
        """The name in the config."""
        ...

    async def begin(self, request: PaymentRequest) -> Begun:
        """Ask for money. Under the same number it may be repeated.

        Raises:
            GatewayRefused: A definite no.
            RetryLater: Certainly not begun; again later.
            Unknown: Perhaps begun: ask before repeating.
        """
        ...

    async def query(self, number: str) -> Notice | None:
        """What the gateway knows under our number; None if it does not know it.

        Raises:
            RetryLater, Unknown: No readable answer.
        """
        ...

    def read_callback(self, params: Mapping[str, str]) -> Notice:
        """Verify a callback in constant time and read it.

        Raises:
            ForgedCallback: Wrong or missing signature, another merchant, unreadable facts.
        """
        ...

    @property
    def callback_answer(self) -> str:
        """What the gateway wants to hear when we have stored its callback."""
        ...


class Gateways:
    """The gateways that are set up, and which of them each channel may show."""

    def __init__(self, gateways: Mapping[str, Gateway], shown_on: Mapping[str, tuple[str, ...]]) -> None:
        """Keep both tables.

        Args:
            gateways: Name → gateway.
            shown_on: Channel instance → names of the gateways to offer there, in order.
        """
        self._gateways = dict(gateways)
        self._shown_on = dict(shown_on)

    def get(self, name: str) -> Gateway:
        """A gateway by its name.

        Raises:
            NoSuchGateway: Not set up.
        """
        try:
            return self._gateways[name]
        except KeyError:
            raise NoSuchGateway(gateway=name[:40]) from None

    def names_on(self, channel: str) -> tuple[str, ...]:
        """The ways to pay that a channel may show."""
        return self._shown_on.get(channel, ())

    def require_on(self, channel: str, name: str) -> None:
        """Insist that a channel may show a gateway.

        Raises:
            NoSuchGateway: It may not, whatever a forged link says.
        """
        if name not in self.names_on(channel):
            raise NoSuchGateway(gateway=name[:40])
