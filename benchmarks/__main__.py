"""``python -m benchmarks``: measure, and print one JSON line for each figure."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import asyncpg
import uvloop

from benchmarks.callbacks import BURST, RATE_PER_S, callback_services, measure_callbacks
from benchmarks.figures import print_figure, print_progress, print_skipped
from benchmarks.journeys import Outing, measure_journeys
from benchmarks.process import measure_process
from benchmarks.purchases import Pace, Side, measure_purchases, print_statements
from benchmarks.shop import MeasuredShop, Services, Size, open_shop
from benchmarks.supply import Errand, measure_supply
from benchmarks.syncing import Lists, measure_sync
from tests.postgres import PostgresServer, PostgresUnavailable, run_postgres

FIGURES: Final = ("purchases", "callbacks", "supply", "sync", "journeys", "process")
DATABASES: Final = ("sqlite", "postgresql")
_SMALL: Final = Size(codes=50_000, orders=1_000)
_BUYERS: Final = (1, 50)
_SERVER: Final = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
"""Of the measured PostgreSQL. Room for the past, and no checkpoint in the middle of a round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and for how long. ``large``: codes in stock, and past orders, of the large shop."""

    figures: Sequence[str]
    databases: Sequence[str]
    pace: Pace
    large: int
    steady_s: float
    starts: int
    outing: Outing
    errand: Errand
    lists: Lists


Make = Callable[[str], Awaitable[str]]
"""Makes an empty database of a name and returns its URL."""


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="under a minute, with a shorter past: for a first look"
    )
    parser.add_argument("--only", choices=FIGURES, help="one group of figures")
    parser.add_argument("--database", choices=DATABASES, help="one database")
    parser.add_argument(
        "--past", type=int, help="codes and past orders of the large shop (1000000; quick: 50000)"
    )
    arguments = parser.parse_args()
    quick = bool(arguments.quick)
    plan = Plan(
        figures=[arguments.only] if arguments.only else FIGURES,
        databases=[arguments.database] if arguments.database else DATABASES,
        pace=Pace(rounds=5, round_s=0.25 if quick else 1.0),
        large=arguments.past or (50_000 if quick else 1_000_000),
        steady_s=2.0 if quick else 5.0,
        starts=1 if quick else 5,
        outing=Outing(rounds=1, round_s=1.0, codes=1_000) if quick else Outing(5, round_s=3.0, codes=10_000),
        errand=Errand(rounds=1, purchases=400) if quick else Errand(rounds=4, purchases=1000),
        lists=Lists(5_000, 100) if quick else Lists(50_000, 1_000),
    )
    uvloop.run(_measure(plan))


async def _measure(plan: Plan) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kapu-bench-")))
        makers: dict[str, Make] = {}
        server = None
        if "sqlite" in plan.databases:
            makers["sqlite"] = _sqlite_in(folder)
        if "postgresql" in plan.databases:
            try:
                server = stack.enter_context(run_postgres(durable=True, settings=_SERVER))
            except PostgresUnavailable as error:
                print_skipped("purchases_per_s", str(error), database="postgresql")
            else:
                makers["postgresql"] = _postgresql_on(server)
        await _print_machine(folder, server)
        if "purchases" in plan.figures:
            await _measure_purchases(plan, makers)
        if "callbacks" in plan.figures:
            await _measure_callbacks(plan, makers)
        for figure, measure in _IN_A_FOLDER.items():
            for database, make in makers.items() if figure in plan.figures else ():
                await measure(plan, await make(figure), folder / f"{figure}-{database}")
    if "process" in plan.figures:
        await asyncio.to_thread(measure_process, starts=plan.starts)


async def _measure_purchases(plan: Plan, makers: dict[str, Make]) -> None:
    print_progress(f"making shops, the large ones with {plan.large} codes and past orders")
    sizes = {"small": _SMALL, "large": Size(codes=plan.large, orders=plan.large)}
    async with AsyncExitStack() as stack:
        # All at once: two databases are filled by two processors.
        opened = await asyncio.gather(
            *(
                stack.enter_async_context(_open(make, name, size, buyers=max(_BUYERS)))
                for make in makers.values()
                for name, size in sizes.items()
            )
        )
        for database in makers:
            sides = [await Side.of(shop) for shop in opened if shop.database == database]
            print_statements(sides[0])
            for buyers in _BUYERS:
                await measure_purchases(sides, buyers, plan.pace)
            for side in sides:
                await side.floor.close()


async def _measure_supply(plan: Plan, url: str, folder: Path) -> None:
    await measure_supply(url, folder, plan.errand)


async def _measure_sync(plan: Plan, url: str, folder: Path) -> None:
    await measure_sync(url, folder, plan.lists)


async def _measure_journeys(plan: Plan, url: str, folder: Path) -> None:
    await measure_journeys(url, folder, plan.outing)


_IN_A_FOLDER: Final[dict[str, Callable[[Plan, str, Path], Awaitable[None]]]] = {
    "supply": _measure_supply,
    "sync": _measure_sync,
    "journeys": _measure_journeys,
}
"""Figures of a shop that has files beside its database: one shop each."""


async def _measure_callbacks(plan: Plan, makers: dict[str, Make]) -> None:
    for make in makers.values():
        buyers = BURST + int(plan.steady_s * RATE_PER_S)
        async with _open(make, "callbacks", _SMALL, buyers=buyers, services=callback_services()) as shop:
            await measure_callbacks(shop, steady_s=plan.steady_s)


@asynccontextmanager
async def _open(
    make: Make, name: str, size: Size, *, buyers: int, services: Services | None = None
) -> AsyncIterator[MeasuredShop]:
    shop = await open_shop(await make(name), size, buyers=buyers, services=services)
    try:
        yield shop
    finally:
        await shop.close()


def _sqlite_in(folder: Path) -> Make:
    async def make(name: str) -> str:
        return f"sqlite:///{folder / name}.db"

    return make


def _postgresql_on(server: PostgresServer) -> Make:
    async def make(name: str) -> str:
        await server.create_database(name)
        return server.url(name, driver="postgresql")

    return make


async def _print_machine(folder: Path, server: PostgresServer | None) -> None:
    postgresql = None
    if server is not None:
        connection = await asyncpg.connect(server.url(driver="postgresql"))
        postgresql = await connection.fetchval("SHOW server_version")
        await connection.close()
    print_figure(
        "machine",
        processors=os.cpu_count(),
        system=platform.platform(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        postgresql=postgresql,
        load_1min=os.getloadavg()[0],
        file_system=_file_system(folder),
    )


def _file_system(folder: Path) -> str:
    """What the databases are on: on ``tmpfs`` a commit costs nothing and the rates mean little."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(where, kind) for where, kind in mounts if folder.is_relative_to(where)]
    return max(holding, key=lambda mount: len(mount[0]))[1]


if __name__ == "__main__":
    main()
