"""What a gateway is to the shop. One module each in ``shop_core.gateways``, or beside its channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from shop_core.customers.people import Address
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.wire.callback import RawCallback


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
class Tender:
    """An amount of the shop's currency in a gateway's own, and why it is so much.

    Attributes:
        rate: What one unit of ``amount``'s currency is worth in the shop's, in decimals; None: the price was set by hand.
        source: Where the rate comes from.
        at: When it was read there; None with a price set by hand.
    """

    amount: Money
    rate: str | None
    source: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What a gateway is asked for.

    Attributes:
        number: Ours, 8 to 10 of the characters of ``kernel.numbers``; repeating a request under it is one payment.
        title: What the payer reads.
        buyer: Whom it is asked of; a gateway that knows its channel's people has the very one pay.
        tender: For how much of its own currency, where it has one.
    """

    number: str
    amount: Money
    title: str
    expires_at: datetime
    buyer: Address
    tender: Tender | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A way to pay: a link to open, a text to draw as a QR code, or both.

    Neither: the channel itself asks, by a bill, or the shop's pay page does (``PaysOnPage``).
    """

    link: str | None
    qr: str | None
    gateway_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a gateway says of one payment, in a verified callback or as the answer to a question.

    Attributes:
        number: Ours, as the gateway repeats it.
        external_ref: The gateway's own number of the money; the same for every repeat of the same money.
        amount: In the currency that the gateway asked for.
        paid: Whether the money is in. If not, nothing else counts.
        payer: Who paid, as the gateway knows him, where it can give him the money back (``GivesBack``); else None.
        from_anyone: Whoever sees the way to pay may pay, and friends do so for each other. Else only whom it was asked of.
    """

    number: str
    external_ref: str
    amount: Money
    paid: bool
    payer: str | None = None
    from_anyone: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """Money to be given back: all that came under one of the gateway's numbers, to the one who paid it."""

    external_ref: str
    payer: str
    amount: Money


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

    def read_callback(self, callback: RawCallback) -> Notice:
        """Verify a callback in constant time and read it.

        Raises:
            ForgedCallback: Wrong or missing signature, another merchant, unreadable facts.
        """
        ...

    @property
    def callback_answer(self) -> str:
        """What the gateway wants to hear when we have stored its callback."""
        ...


@runtime_checkable
class HasOwnCurrency(Protocol):
    """A gateway that asks in another currency than the shop's."""

    def tender(self, amount: Money, goods: Mapping[int, int]) -> Tender:
        """For how much it asks.

        Args:
            amount: In the shop's currency.
            goods: Variant → quantity, where the amount is the price of exactly these; else empty.
        """
        ...


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """Money that the gateway gives back and that is not there yet.

    Attributes:
        trouble: What a person has to see to at the gateway, in its own words; None: it only takes its time.
    """

    trouble: str | None = None


@runtime_checkable
class GivesBack(Protocol):
    """A gateway that gives money back to its payer: all of it or nothing."""

    async def give_back(self, wanted: Return) -> OnItsWay | None:
        """Give it back. It may be repeated: what has been given back counts as done.

        Returns:
            None: It is back. ``OnItsWay``: not yet; again later.

        Raises:
            GatewayRefused: It never will.
            RetryLater: Certainly not given back; again later.
            Unknown: Perhaps given back; again later.
        """
        ...


@runtime_checkable
class PaysOnPage(Protocol):
    """A gateway that may be paid on the shop's own pay page, inside an app whose browser asks for the money."""

    def page_call(self, gateway_ref: str) -> Mapping[str, str]:
        """What the browser is called with: names and values, signed anew at each call.

        Args:
            gateway_ref: What ``begin`` answered with, beside neither link nor code.
        """
        ...


class Gateways:
    """The gateways that are set up, and which of them each channel may show."""

    def __init__(
        self,
        gateways: Mapping[str, Gateway],
        shown_on: Mapping[str, tuple[str, ...]],
        closed: Collection[str] = (),
        in_chat: Collection[str] = (),
    ) -> None:
        """Keep the tables.

        Args:
            gateways: Name → gateway.
            shown_on: Channel instance → names of the gateways to offer there, in order.
            closed: Channels whose platform allows no other money than that of their own gateways.
            in_chat: Gateways whose money the chat itself takes: there is nothing to open or to scan.
        """
        self._gateways = dict(gateways)
        self._shown_on = dict(shown_on)
        self._closed = frozenset(closed)
        self._in_chat = frozenset(in_chat)

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

    def names_on_page(self, channel: str) -> tuple[str, ...]:
        """The ways to pay that a channel may show, as far as a page outside the chat can."""
        return tuple(name for name in self.names_on(channel) if name not in self._in_chat)

    def takes_in_chat(self, name: str) -> bool:
        """Whether the chat itself takes a gateway's money."""
        return name in self._in_chat

    def require_on(self, channel: str, name: str) -> None:
        """Insist that a channel may show a gateway.

        Raises:
            NoSuchGateway: It may not, whatever a forged link says.
        """
        if name not in self.names_on(channel):
            raise NoSuchGateway(gateway=name[:40])

    def own_ways(self, channel: str) -> frozenset[str] | None:
        """The gateways whose money may pay on a closed channel, from a wallet too; None: any money may."""
        return frozenset(self.names_on(channel)) if channel in self._closed else None

    def tender(self, name: str, amount: Money, goods: Mapping[int, int]) -> Tender | None:
        """For how much a gateway asks in its own currency; None if it has none.

        Raises:
            NoSuchGateway: Not set up.
        """
        gateway = self.get(name)
        return gateway.tender(amount, goods) if isinstance(gateway, HasOwnCurrency) else None

    def page_call(self, name: str, gateway_ref: str) -> Mapping[str, str] | None:
        """What the browser of the pay page is called with; None if the gateway is not paid there.

        Raises:
            NoSuchGateway: Not set up.
        """
        gateway = self.get(name)
        if not isinstance(gateway, PaysOnPage):
            return None
        return gateway.page_call(gateway_ref)

    def giving_back(self, name: str) -> GivesBack:
        """A gateway that gives money back by itself.

        Raises:
            NoSuchGateway: Not set up, or it does not.
        """
        gateway = self.get(name)
        if not isinstance(gateway, GivesBack):
            raise NoSuchGateway(gateway=name[:40])
        return gateway
