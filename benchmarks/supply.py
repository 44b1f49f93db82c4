"""Goods bought on demand: from the order to the delivery, through a slow upstream, beside bare calls and bare commits."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import structlog
from sqlalchemy import bindparam, select

from benchmarks.bare_calls import BareBuyer, bare_buyer
from benchmarks.figures import Round, Summary, print_figure, print_progress
from benchmarks.history import CHANNEL, CURRENCY
from benchmarks.process import resident_mib
from benchmarks.recording import Recorder, Spoken
from benchmarks.upstream import FIRST_GOODS, KEY, SECRET, RemoteSite, upstream_process
from bot.config import load_config
from bot.metrics import Metrics
from bot.outside import Outside
from bot.timing import Timing
from bot.wiring import build_suppliers, open_shop
from bot.workers import Workers
from handlers.news import news_screen
from handlers.screen import Screen
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.conversations import keys
from shop_core.customers.people import Address, Customer, meet
from shop_core.db import outbox
from shop_core.db.connect import backend_of
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.invariants.verify import verify
from shop_core.kernel.money import Money
from shop_core.migrations.upgrade import upgrade
from shop_core.orders.buy import work_on
from shop_core.orders.models import Order
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.payments.gateway import Gateways
from shop_core.subscriptions import CONSUMERS
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.sync import read_list
from shop_core.vault.vault import new_key
from shop_core.wallet.balance import adjust

IN_FLIGHT: Final = 200
DELAY_S: Final = 0.3
RATIO_GOAL: Final = 0.3
PER_S_GOAL: Final = 60
GROWTH_GOAL_MIB: Final = 16
"""What the process may grow by over all measured purchases: the noise of an allocator, not a leak."""
_FORTUNE_MINOR: Final = 10**12
_LOOK_EVERY_S: Final = 0.02
_LATEST_S: Final = 600.0
_CONFIG: Final = """
[shop]
name = "云卡小铺"
[database]
url = "{database}"
[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"
[channels.web]
kind = "webchat"
session_secret = "file:session.key"
[suppliers.site]
protocol = "dujiao_next"
base_url = "{site}"
key = "{key}"
secret = "file:site.key"
at_once = {at_once}
per_minute = 60000
"""
_DELIVERED: Final = select(Order.number).where(
    Order.number.in_(bindparam("waiting", expanding=True)), Order.delivered_at.is_not(None)
)
_WRITES: Final = re.compile(r"(INSERT|UPDATE|DELETE|WITH)\b")


@dataclass(frozen=True, slots=True)
class Errand:
    """How much is bought: ``rounds`` of ``purchases`` each by the shop and by its floor."""

    rounds: int
    purchases: int


@dataclass(frozen=True, slots=True)
class _Silent:
    """A channel whose messages go nowhere."""

    name: str = CHANNEL

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass

    async def reply(self, letter: Letter, payload: bytes) -> None:
        raise AssertionError(f"nobody writes to this shop: {letter.id}, {len(payload)} bytes")

    async def send(self, address: Address, screen: Screen) -> None:
        pass


@dataclass(slots=True)
class _Deliveries:
    """Tells buyers that their goods are there, by one look at the database for all of them."""

    shop: Shop
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def of(self, number: str) -> None:
        self.waiting[number] = asyncio.get_running_loop().create_future()
        await self.waiting[number]

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self.waiting:
                for number in await self.shop.read(_delivered, list(self.waiting)):
                    self.waiting.pop(number).set_result(None)


@dataclass(frozen=True, slots=True)
class SuppliedShop:
    """A shop without any stock, whose only variant is bought at a site."""

    shop: Shop
    variant_id: int
    buyers: tuple[Customer, ...]

    def wish(self) -> Wish:
        return Wish(self.variant_id, 1, keys.new_key(self.shop.random))

    async def order(self, buyer: Customer) -> str:
        """Placed and paid; the rest is done by the workers."""
        number = await place_order(self.shop, buyer, self.wish())
        await pay_from_wallet(self.shop, buyer, number)
        return number


async def measure_supply(url: str, folder: Path, errand: Errand) -> None:
    """Measure an empty database's shop."""
    database = backend_of(url)
    print_progress(f"{database}: supply")
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.PrintLoggerFactory(None),
    )
    with upstream_process() as site:
        async with open_supplied(url, folder, site) as supplied:
            spoken = await record(supplied)
            print_figure(
                "statements_per_supplied_purchase",
                database=database,
                value=sum(map(len, spoken)),
                transactions=len(spoken),
            )
            site.set(delay_s=DELAY_S)
            async with bare_buyer(url, site.bare_url, written_by(spoken)) as bare:
                await _measure(supplied, bare, errand, database)


@asynccontextmanager
async def open_supplied(url: str, folder: Path, site: RemoteSite) -> AsyncIterator[SuppliedShop]:
    """Lay out a shop in an empty database: its config, its supplier's list, a variant, buyers with fortunes."""
    await upgrade(url)
    config = load_config(lay_config(url, folder, site))
    suppliers, clients = build_suppliers(config, Outside())
    shop = open_shop(config, Outside(), Gateways({}, {}), suppliers)
    try:
        await read_list(shop, "site")
        variant_id = await shop.write(_connect_goods)
        buyers = [await shop.write(_enrich, f"buyer-{number:04}") for number in range(IN_FLIGHT)]
        yield SuppliedShop(shop, variant_id, tuple(buyers))
    finally:
        for client in clients:
            await client.aclose()
        await shop.database.close()


def lay_config(url: str, folder: Path, site: RemoteSite) -> Path:
    """The owner's config, with caps as wide as they get: nobody waits for his turn."""
    folder.mkdir()
    told = _CONFIG.format(database=url, site=site.base_url, key=KEY, at_once=IN_FLIGHT)
    ours = {name: new_key() for name in ("k1.key", "fingerprint.key", "session.key")}
    files = ours | {"site.key": SECRET, "config.toml": told}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder / "config.toml"


async def record(supplied: SuppliedShop) -> list[list[Spoken]]:
    """What one purchase says to the database from the order to the delivery, nobody else being there."""
    await _buy_alone(supplied)
    with Recorder(supplied.shop.database.sync_engines()) as recorder:
        await _buy_alone(supplied)
    return [transaction for transaction in recorder.transactions if transaction]


async def _buy_alone(supplied: SuppliedShop) -> None:
    shop = supplied.shop
    number = await supplied.order(supplied.buyers[0])
    for news in await shop.write(outbox.claim_news, 10):
        await CONSUMERS[news.consumer](shop, news)
    for purchase in await shop.write(claim_purchases, 1):
        await work_on(shop, purchase)
    assert await shop.read(_delivered, [number]), "bought and not delivered"


def written_by(transactions: Sequence[Sequence[Spoken]]) -> list[int]:
    """How many rows each of the transactions that wrote anything has written."""
    counts = [
        sum(len(said.params) if said.many else 1 for said in transaction if _WRITES.match(said.sql))
        for transaction in transactions
    ]
    return [count for count in counts if count]


async def _measure(supplied: SuppliedShop, bare: BareBuyer, errand: Errand, database: str) -> None:
    shop, stop = supplied.shop, asyncio.Event()
    workers = Workers(shop, {CHANNEL: _Silent()}, news_screen, Metrics.new(), Timing())
    deliveries = _Deliveries(shop)
    working = [asyncio.create_task(workers.run(stop)), asyncio.create_task(deliveries.watch())]

    async def buy(buyer: Customer) -> None:
        await deliveries.of(await supplied.order(buyer))

    ours: list[Round] = []
    floor: list[Round] = []
    memory = [0.0]
    try:
        for number in range(errand.rounds + 1):
            ours.append(await _one_round(buy, supplied.buyers, errand.purchases))
            memory.append(_resident())
            floor.append(await _one_round(bare.buy, supplied.buyers, errand.purchases))
            print_progress(f"{database}: round {number}: {ours[-1].per_s:.0f}/s, {floor[-1].per_s:.0f}/s")
    finally:
        stop.set()
        working[1].cancel()
        await asyncio.wait(working)
    assert await shop.read(verify) == [], "the shop is not whole"
    _print(database, ours[1:], floor[1:], memory[1:])


async def _one_round(
    buy: Callable[[Customer], Awaitable[None]], buyers: Sequence[Customer], purchases: int
) -> Round:
    latencies: list[float] = []
    left = purchases

    async def keep_buying(buyer: Customer) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            start = time.perf_counter()
            await buy(buyer)
            latencies.append(time.perf_counter() - start)

    began, cpu_began = time.perf_counter(), time.process_time()
    async with asyncio.timeout(_LATEST_S), asyncio.TaskGroup() as crowd:
        for buyer in buyers:
            crowd.create_task(keep_buying(buyer))
    return Round(time.perf_counter() - began, time.process_time() - cpu_began, tuple(latencies))


def _resident() -> float:
    gc.collect()
    return resident_mib(os.getpid())


def _print(database: str, ours: Sequence[Round], floor: Sequence[Round], memory: Sequence[float]) -> None:
    shop, bare = Summary.of(ours), Summary.of(floor)
    ratio = median(one.per_s / other.per_s for one, other in zip(ours, floor, strict=True))
    print_figure(
        "supplied_purchases_per_s",
        database=database,
        in_flight=IN_FLIGHT,
        upstream_ms=DELAY_S * 1000,
        value=shop.per_s,
        floor=bare.per_s,
        ratio=ratio,
        p50_ms=shop.p50_ms,
        p99_ms=shop.p99_ms,
        cpu_ms=shop.cpu_ms,
        floor_p50_ms=bare.p50_ms,
        floor_cpu_ms=bare.cpu_ms,
        rounds=len(ours),
        load_1min=os.getloadavg()[0],
        is_met=ratio >= RATIO_GOAL and shop.per_s >= PER_S_GOAL,
    )
    print_figure(
        "supplied_purchases_memory",
        database=database,
        purchases=sum(one.done for one in ours),
        before_mib=memory[0],
        value=memory[-1] - memory[0],
        unit="MiB more",
        is_met=memory[-1] - memory[0] <= GROWTH_GOAL_MIB,
    )


def _connect_goods(tx: Tx) -> int:
    product = add_product(tx, NewProduct({"zh": "黄金会员", "en": "Gold member"}))
    variant = add_variant(tx, NewVariant(product, 1500))
    set_state(tx, product, ProductState.PUBLISHED)
    [offer] = find_offers(tx, "site", f"{FIRST_GOODS}:{FIRST_GOODS}", limit=1)
    connect_offer(tx, NewRoute(variant, offer.id))
    return variant


def _enrich(tx: Tx, external_id: str) -> Customer:
    buyer = meet(tx, channel=CHANNEL, external_id=external_id, name="顾客", language="zh-hans")
    adjust(tx, buyer.person_id, Money(_FORTUNE_MINOR, CURRENCY), key=f"adj:{external_id}")
    return buyer


def _delivered(view: View, numbers: list[str]) -> list[str]:
    return list(view.execute(_DELIVERED, {"waiting": numbers}).scalars())
