"""The desk: everything that a payer, a merchant or a test can make happen, over one set of orders."""

import dataclasses
import datetime as dt

from bot.sandbox.cashier import signing
from bot.sandbox.cashier.faults import Faults
from bot.sandbox.cashier.notify import PAID, WRONG_SIGN, Notifier, letter, notification
from bot.sandbox.cashier.orders import Order, OrderBook, fen_of
from bot.sandbox.cashier.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How a merchant hears of a payment.

    Attributes:
        notify: Whether it is told at all; without, only a query shows the payment.
        repeats: How many times the same notification is sent, side by side.
        delay_s: Wait before the first try, in seconds.
        status: Text of ``trade_status``; anything but ``TRADE_SUCCESS`` is news of no payment.
        wrong_sign: Forge: the signature is not ours.
        wrong_pid: Forge: rightly signed, but for another merchant number.
    """

    notify: bool = True
    repeats: int = 1
    delay_s: float = 0.0
    status: str = PAID
    wrong_sign: bool = False
    wrong_pid: bool = False

    @property
    def is_of_money(self) -> bool:
        """Whether money moved: a forgery, or news of another status, pays nothing."""
        return self.status == PAID and not self.wrong_sign and not self.wrong_pid


class Desk:
    """The running vendor: settings, orders, faults to come, notifications under way."""

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        """Open with no orders; ``settings`` are also what ``reset`` goes back to."""
        self.settings = settings
        self.orders = OrderBook(clock=lambda: dt.datetime.now(dt.UTC))
        self.faults = Faults()
        self.notifier = notifier
        self._first_settings = settings

    def pay(self, order: Order, telling: Telling, *, money: str | None = None, method: str = "") -> Order:
        """Take the payer's money (unless the news is forged) and tell the merchant as asked.

        Returns:
            The order that the money went to: a new one, if this one was paid already.

        Raises:
            Refused: The amount is not one; nothing was paid.
        """
        if money is not None:
            fen_of(money)
        if telling.is_of_money:
            order = self.orders.pay(order, money=money, method=method)
        if telling.notify:
            self.tell(order, telling)
        return order

    def tell(self, order: Order, telling: Telling) -> None:
        """Notify the merchant about an order as it stands now."""
        settings = self.settings
        if not telling.is_of_money:
            # Who forges has no reason to keep to the site's schedule.
            settings = dataclasses.replace(settings, retry_after_s=(0.0,))
        params = notification(order, settings, telling.status)
        if telling.wrong_pid:
            params = signing.with_signature({**params, "pid": f"{settings.pid}9"}, settings.key)
        if telling.wrong_sign:
            params["sign"] = WRONG_SIGN
        for _ in range(telling.repeats):
            self.notifier.send(letter(order, params, settings, delay_s=telling.delay_s))

    async def reset(self) -> None:
        """Be as freshly started."""
        await self.notifier.clear()
        self.orders.clear()
        self.faults.clear()
        self.settings = self._first_settings
