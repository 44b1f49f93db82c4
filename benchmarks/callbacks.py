"""From a gateway's callback to the message: inbox, payment, delivery, queue, drawing, hand-over to the channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from benchmarks.figures import percentile, print_figure, print_progress
from benchmarks.history import CHANNEL, CURRENCY, PRICE_MINOR
from benchmarks.shop import POLICY, MeasuredShop, Services
from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.notices import store_notice
from bot.workers import Workers
from handlers.news import news_screen
from handlers.screen import Screen
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.customers.people import Address, Customer
from shop_core.db.inbox import Letter
from shop_core.insight.exposure import ExposureLog
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.orders.pay import buy
from shop_core.payments.gateway import Begun, ForgedCallback, Gateways, Notice, PaymentRequest
from shop_core.vault.vault import FINGERPRINT_KEY, Vault, new_key
from shop_core.wire.callback import RawCallback

GATEWAY: Final = "cashier"
BURST: Final = 200
RATE_PER_S: Final = 20
_LATEST_S: Final = 60.0


class _Cashier:
    """A gateway that takes every order for a payment; its callbacks are made up by the benchmark."""

    name = GATEWAY
    callback_answer = "success"

    async def begin(self, request: PaymentRequest) -> Begun:
        return Begun(f"https://pay.example.com/{request.number}", None)

    async def query(self, number: str) -> Notice | None:  # noqa: ARG002 - the protocol's
        return None

    def read_callback(self, callback: RawCallback) -> Notice:
        raise ForgedCallback(gateway=self.name, problem=callback.method)


@dataclass(slots=True)
class _Clocking:
    """A channel that notes when news for whom is handed to it."""

    sent_at: dict[str, float] = field(default_factory=dict)
    all_sent: asyncio.Event = field(default_factory=asyncio.Event)
    expected: int = 0

    @property
    def name(self) -> str:
        return CHANNEL

    def expect(self, more: int) -> None:
        self.expected += more
        self.all_sent.clear()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass

    async def reply(self, letter: Letter, payload: bytes) -> None:
        raise NotImplementedError((letter, payload))

    async def send(self, address: Address, screen: Screen) -> None:  # noqa: ARG002 - the protocol's
        self.sent_at.setdefault(address.external_id, time.perf_counter())
        if len(self.sent_at) == self.expected:
            self.all_sent.set()


def callback_services() -> Services:
    """What the shop needs to be paid by a gateway and to draw the news of it."""
    vault = Vault("k1", {"k1": Secret(new_key()), FINGERPRINT_KEY: Secret(new_key())})
    return {
        Vault: vault,
        Gateways: Gateways({GATEWAY: _Cashier()}, {CHANNEL: (GATEWAY,)}),
        Words: Words(POLICY.languages, POLICY.timezone, (CUSTOMER_WORDS,)),
        ExposureLog: ExposureLog(),
    }


async def measure_callbacks(measured: MeasuredShop, *, steady_s: float) -> None:
    """Steadily for a while, then many at once. The shop's buyers must be fresh: each gets one message."""
    print_progress(f"{measured.database}: callbacks")
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.PrintLoggerFactory(None),
    )
    steady = int(steady_s * RATE_PER_S)
    assert len(measured.buyers) >= steady + BURST
    channel = _Clocking()
    workers = Workers(measured.shop, {CHANNEL: channel}, news_screen, Metrics.new(), Timing())
    stop = asyncio.Event()
    working = asyncio.create_task(workers.run(stop))
    try:
        await _measure(measured, channel, measured.buyers[:steady], RATE_PER_S)
        await _measure(measured, channel, measured.buyers[steady : steady + BURST], None)
    finally:
        stop.set()
        await working


async def _measure(
    measured: MeasuredShop, channel: _Clocking, buyers: Sequence[Customer], rate_per_s: int | None
) -> None:
    notices = {buyer.external_id: await _notice_for(measured, buyer) for buyer in buyers}
    channel.expect(len(notices))
    called_at: dict[str, float] = {}
    vault = measured.shop.get(Vault)

    async def call(address: str, notice: Notice, after_s: float) -> None:
        await asyncio.sleep(after_s)
        called_at[address] = time.perf_counter()
        await measured.shop.write(store_notice, GATEWAY, notice, vault)

    async with asyncio.timeout(_LATEST_S), asyncio.TaskGroup() as calls:
        for number, (address, notice) in enumerate(notices.items()):
            calls.create_task(call(address, notice, number / rate_per_s if rate_per_s else 0))
        await channel.all_sent.wait()
    took = [channel.sent_at[address] - called_at[address] for address in notices]
    print_figure(
        "callback_to_message",
        database=measured.database,
        load=f"{rate_per_s}/s" if rate_per_s else f"{len(notices)} at once",
        callbacks=len(notices),
        value=percentile(took, 0.99) * 1000,
        unit="p99_ms",
        p50_ms=percentile(took, 0.5) * 1000,
        max_ms=max(took) * 1000,
    )


async def _notice_for(measured: MeasuredShop, buyer: Customer) -> Notice:
    """The callback of a payment that waits for it."""
    _, payment = await buy(measured.shop, buyer, measured.wish(), GATEWAY, title="一个月")
    return Notice(payment.number, f"trade-{payment.number}", Money(PRICE_MINOR, CURRENCY), paid=True)
