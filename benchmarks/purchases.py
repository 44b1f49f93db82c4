"""Purchases a second beside their floor, in a small shop and in one with a long past; statements; growth."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.figures import Round, Summary, print_figure, print_progress
from benchmarks.floor import Floor, PostgresFloor, SqliteFloor
from benchmarks.recording import Purchase
from benchmarks.shop import MeasuredShop
from shop_core.customers.people import Customer
from shop_core.db.postgresql import CONNECTIONS

RATIO_GOAL = 0.3
PER_S_GOAL = {("sqlite", 50): 150}
GROWTH_GOAL = 1.2


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is measured: ``rounds`` of ``round_s`` seconds each for the shop and as many for its floor."""

    rounds: int
    round_s: float
    warm_up_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Side:
    """A shop and its floor over the same database."""

    shop: MeasuredShop
    purchase: Purchase
    floor: Floor

    @classmethod
    async def of(cls, shop: MeasuredShop) -> Side:
        purchase = await shop.record()
        if shop.database == "sqlite":
            return cls(shop, purchase, SqliteFloor(shop.url, purchase))
        return cls(shop, purchase, await PostgresFloor.connect(shop.url, purchase, connections=CONNECTIONS))


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was measured on one side with so many buyers: ``ours[i]`` and ``floor[i]`` ran one after the other."""

    ours: list[Round]
    floor: list[Round]

    @property
    def ratio(self) -> float:
        return median(ours.per_s / floor.per_s for ours, floor in zip(self.ours, self.floor, strict=True))


async def measure_purchases(sides: Sequence[Side], buyers: int, pace: Pace) -> None:
    """Measure shops of different size on the same database, taking turns, and print their figures and the growth."""
    print_progress(f"{sides[0].shop.database}: purchases, {buyers} buyers")
    sold_before = [await side.shop.count_sold() for side in sides]
    done = [0 for _ in sides]
    measured = [Rounds([], []) for _ in sides]
    for number in range(pace.rounds + 1):
        duration_s = pace.round_s if number else pace.warm_up_s
        for index, side in enumerate(sides):
            ours = await _one_round(side.shop.buy, side.shop.buyers[:buyers], duration_s)
            floor = await _one_round(side.floor.buy, side.shop.buyers[:buyers], duration_s)
            done[index] += ours.done + floor.done
            if number:
                measured[index].ours.append(ours)
                measured[index].floor.append(floor)
    for index, side in enumerate(sides):
        assert await side.shop.count_sold() - sold_before[index] == done[index], (
            "somebody lied about a purchase"
        )
        _print_purchases(side, buyers, measured[index])
    for side, rounds in zip(sides[1:], measured[1:], strict=True):
        _print_growth(side, buyers, measured[0], rounds)


def print_statements(side: Side) -> None:
    """Print how many statements one purchase is."""
    purchase = side.purchase
    print_figure(
        "statements_per_purchase",
        database=side.shop.database,
        value=purchase.statements,
        transactions=len(purchase.transactions),
    )


async def _one_round(
    buy: Callable[[Customer], Awaitable[None]], buyers: Sequence[Customer], duration_s: float
) -> Round:
    latencies: list[float] = []
    began, cpu_began = time.perf_counter(), time.process_time()
    until = began + duration_s

    async def keep_buying(buyer: Customer) -> None:
        while (start := time.perf_counter()) < until:
            await buy(buyer)
            latencies.append(time.perf_counter() - start)

    await asyncio.gather(*(keep_buying(buyer) for buyer in buyers))
    return Round(time.perf_counter() - began, time.process_time() - cpu_began, tuple(latencies))


def _print_purchases(side: Side, buyers: int, rounds: Rounds) -> None:
    ours, floor = Summary.of(rounds.ours), Summary.of(rounds.floor)
    database, ratio = side.shop.database, rounds.ratio
    per_s_goal = PER_S_GOAL.get((database, buyers), 0)
    print_figure(
        "purchases_per_s",
        database=database,
        buyers=buyers,
        codes=side.shop.size.codes,
        past_orders=side.shop.size.orders,
        value=ours.per_s,
        floor=floor.per_s,
        ratio=ratio,
        p50_ms=ours.p50_ms,
        p99_ms=ours.p99_ms,
        cpu_ms=ours.cpu_ms,
        floor_p50_ms=floor.p50_ms,
        floor_p99_ms=floor.p99_ms,
        floor_cpu_ms=floor.cpu_ms,
        statements=side.purchase.statements,
        rounds=len(rounds.ours),
        load_1min=os.getloadavg()[0],
        is_met=ratio >= RATIO_GOAL and ours.per_s >= per_s_goal,
    )


def _print_growth(side: Side, buyers: int, small: Rounds, large: Rounds) -> None:
    """How much longer a purchase takes in the larger shop: the shop's, and its floor's, which is the database's part."""
    value = _growth(small.ours, large.ours)
    print_figure(
        "growth",
        database=side.shop.database,
        buyers=buyers,
        codes=side.shop.size.codes,
        past_orders=side.shop.size.orders,
        value=value,
        floor=_growth(small.floor, large.floor),
        cpu=median(b.cpu_ms for b in large.ours) / median(a.cpu_ms for a in small.ours),
        is_met=value <= GROWTH_GOAL,
    )


def _growth(small: Sequence[Round], large: Sequence[Round]) -> float:
    return median(before.per_s / after.per_s for before, after in zip(small, large, strict=True))
