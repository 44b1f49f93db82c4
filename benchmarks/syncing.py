"""A supplier's list of many offers: how long it takes to read and to price, what memory, and how long a buyer waits."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import insert, literal, select, update

from benchmarks.figures import percentile, print_figure, print_progress
from benchmarks.process import resident_mib
from benchmarks.supply import SuppliedShop, open_supplied
from benchmarks.upstream import RemoteSite, upstream_process
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.models import Variant
from shop_core.catalog.read import ProductState
from shop_core.conversations import keys
from shop_core.db import outbox
from shop_core.db.base import table_of
from shop_core.db.connect import backend_of
from shop_core.db.tx import Tx, View
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.pricing.markup import Markup
from shop_core.pricing.models import FollowedPrice
from shop_core.pricing.rules import Scope, Subject, put_rule
from shop_core.stock.import_codes import Import, import_codes
from shop_core.subscriptions import CONSUMERS
from shop_core.supply.models import ListReading, Route, SupplyOffer
from shop_core.supply.sync import read_list

CHUNK: Final = 5_000
PAUSE_S: Final = 0.02
"""Between two purchases of the buyer who goes on buying."""
MINUTES_GOAL: Final = 5
GROWTH_GOAL_MIB: Final = 16
WAIT_GOAL_MS: Final = 250
_SITE: Final = "site"


@dataclass(frozen=True, slots=True)
class Lists:
    """How much there is: ``offers`` on the list, each sold as a variant that follows it; ``changed`` in between."""

    offers: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Took:
    """One stretch of work beside which somebody went on buying."""

    seconds: float
    waits_s: tuple[float, ...]


async def measure_sync(url: str, folder: Path, lists: Lists) -> None:
    """Measure an empty database's shop."""
    database = backend_of(url)
    print_progress(f"{database}: sync")
    with upstream_process(goods=lists.offers) as site:
        async with open_supplied(url, folder, site) as supplied:
            shelf = await _stock(supplied)
            await supplied.shop.write(_follow_everything, lists.offers)
            await _measure(supplied, site, shelf, lists, database)


async def _measure(supplied: SuppliedShop, site: RemoteSite, shelf: int, lists: Lists, database: str) -> None:
    quiet = await _buying(supplied, shelf, asyncio.sleep(2))
    before = _resident()
    full = await _buying(supplied, shelf, _read(supplied, site, full=True))
    first = _resident()
    priced = await _buying(supplied, shelf, _price(supplied))
    site.set(raised_percent=10)
    again = await _buying(supplied, shelf, _read(supplied, site, full=True))
    repriced = await _buying(supplied, shelf, _price(supplied))
    site.set(changed=lists.changed, raised_percent=15)
    few = await _buying(supplied, shelf, _read(supplied, site, full=False))
    last = await _buying(supplied, shelf, _price(supplied))
    moved = await supplied.shop.read(_count_moved)
    assert moved >= lists.offers, f"{moved} prices of {lists.offers} followed"
    both = again.seconds + repriced.seconds
    print_figure(
        "sync_s",
        database=database,
        offers=lists.offers,
        value=both,
        first_reading=full.seconds,
        first_pricing=priced.seconds,
        reading=again.seconds,
        pricing=repriced.seconds,
        changed=lists.changed,
        incremental_reading=few.seconds,
        incremental_pricing=last.seconds,
        load_1min=os.getloadavg()[0],
        is_met=both <= MINUTES_GOAL * 60,
    )
    growth = _resident() - first
    print_figure(
        "sync_memory",
        database=database,
        before_mib=before,
        after_first_mib=first,
        value=growth,
        unit="MiB more",
        is_met=growth <= GROWTH_GOAL_MIB,
    )
    waits = [wait for took in (again, repriced) for wait in took.waits_s]
    print_figure(
        "purchase_wait_during_sync",
        database=database,
        value=max(waits) * 1000,
        unit="ms",
        p50_ms=percentile(waits, 0.5) * 1000,
        p99_ms=percentile(waits, 0.99) * 1000,
        quiet_p50_ms=percentile(quiet.waits_s, 0.5) * 1000,
        quiet_max_ms=max(quiet.waits_s) * 1000,
        purchases=len(waits),
        is_met=max(waits) * 1000 <= WAIT_GOAL_MS,
    )


async def _read(supplied: SuppliedShop, site: RemoteSite, *, full: bool) -> None:
    if full:
        await supplied.shop.write(_forget_reading)
    read = await read_list(supplied.shop, _SITE)
    print_progress(f"{read} offers read from {site.base_url}")


async def _price(supplied: SuppliedShop) -> None:
    """The news of the reading, as the worker takes it."""
    for news in await supplied.shop.write(outbox.claim_news, 10):
        await CONSUMERS[news.consumer](supplied.shop, news)


async def _buying(supplied: SuppliedShop, shelf: int, work: Awaitable[None]) -> _Took:
    """Do it while one buyer buys from the shelf, one code after another."""
    waits: list[float] = []
    began = time.perf_counter()
    async with _buyer(supplied, shelf, waits):
        await work
    return _Took(time.perf_counter() - began, tuple(waits))


@asynccontextmanager
async def _buyer(supplied: SuppliedShop, shelf: int, waits: list[float]) -> AsyncIterator[None]:
    over = asyncio.Event()

    async def buy() -> None:
        while not over.is_set():
            start = time.perf_counter()
            wish = Wish(shelf, 1, keys.new_key(supplied.shop.random))
            number = await place_order(supplied.shop, supplied.buyers[0], wish)
            await pay_from_wallet(supplied.shop, supplied.buyers[0], number)
            waits.append(time.perf_counter() - start)
            await asyncio.sleep(PAUSE_S)

    buying = asyncio.create_task(buy())
    try:
        yield
    finally:
        over.set()
        await buying


def _resident() -> float:
    gc.collect()
    return resident_mib(os.getpid())


async def _stock(supplied: SuppliedShop) -> int:
    """A variant with codes enough for whoever buys meanwhile."""
    shelf = await supplied.shop.write(_add_shelf)
    lines = "\n".join(f"KAPU-SHELF-{number:08}" for number in range(20_000))
    await import_codes(supplied.shop, Import(shelf, "bench.txt", lines.encode(), "shell:bench"))
    return shelf


def _add_shelf(tx: Tx) -> int:
    product = add_product(tx, NewProduct({"zh": "季卡", "en": "Season card"}))
    variant = add_variant(tx, NewVariant(product, 1500, cost_minor=1200))
    set_state(tx, product, ProductState.PUBLISHED)
    return variant


def _follow_everything(tx: Tx, offers: int) -> None:
    """A variant for each offer, connected and following: as an owner would have them who sells all of a supplier's list."""
    put_rule(tx, Subject(Scope.SUPPLIER, _SITE), Markup(percent_bp=2000))
    product = add_product(tx, NewProduct({"zh": "全部", "en": "Everything"}))
    ids = list(tx.execute(select(SupplyOffer.id).order_by(SupplyOffer.id)).scalars())
    assert len(ids) == offers, f"{len(ids)} offers of {offers} on the list"
    for start in range(0, offers, CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = [
            {
                "product_id": product,
                "names": {"zh": f"规格 {offer}"},
                "price_minor": 1,
                "cost_minor": 0,
                "sell_until_days": 0,
                "position": offer,
                "hidden": False,
            }
            for offer in chunk
        ]
        tx.execute(insert(table_of(Variant)), rows)
    tx.execute(
        insert(table_of(Route)).from_select(
            ["variant_id", "offer_id", "priority"],
            select(Variant.id, Variant.position, literal(1)).where(Variant.product_id == product),
        )
    )
    tx.execute(
        insert(table_of(FollowedPrice)).from_select(
            ["variant_id", "cost_minor", "since"],
            select(Variant.id, literal(1), literal(0)).where(Variant.product_id == product),
        )
    )
    # As the first pricing would leave them: what is measured afterwards are moves within bounds.
    offer_cost = select(SupplyOffer.cost_minor).where(SupplyOffer.id == Variant.position).scalar_subquery()
    tx.execute(
        update(table_of(Variant))
        .where(Variant.product_id == product)
        .values(price_minor=offer_cost * 12 // 10)
    )


def _forget_reading(tx: Tx) -> None:
    """Everything is due."""
    tx.execute(update(table_of(ListReading)).values(full_at=tx.now.replace(year=2020)))


def _count_moved(view: View) -> int:
    """Variants whose price has followed the last full reading, or the changes after it."""
    cost = select(SupplyOffer.cost_minor).where(SupplyOffer.id == Variant.position).scalar_subquery()
    following = select(FollowedPrice.variant_id)
    moved = select(Variant.id).where(
        Variant.id.in_(following), Variant.price_minor >= cost * 12 // 10, Variant.price_held.is_(False)
    )
    return len(view.execute(moved).all())
