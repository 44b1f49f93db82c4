"""What happens by the clock: one table of jobs over use cases. All state is in our own tables; this only ticks."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.metrics import Metrics
from bot.timing import Timing
from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.conversations import forms, keys, sign_in
from shop_core.customers import passwords
from shop_core.db import inbox, leases, outbox
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.insight.exposure import ExposureLog
from shop_core.messaging import pace, queue
from shop_core.orders.ask import poll_payments
from shop_core.orders.end import expire_orders
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.give_back import send_refunds
from shop_core.payments.health import watch_gateways
from shop_core.resale.tell import tell_resellers
from shop_core.staff import invitations
from shop_core.stock import restock
from shop_core.stock.batches import forget_keys
from shop_core.stock.restock import tell_waves
from shop_core.stock.watch import watch_stock
from shop_core.supply.floats import read_floats
from shop_core.supply.sync import sync_offers
from shop_core.threads.watch import purge_files, watch_threads

LEASE_NAME: Final = "schedule"
FAILURES_TOLD: Final = 3
"""A job that failed so often in a row needs a person: it will not come right by itself."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """A use case that runs again and again.

    Attributes:
        work: Returns how many things it found; it may run twice or not at all, the next run finds what is left.
        is_everywhere: Runs in each process, not only where the schedule's lease is.
        busy_at: To find so much means that what should have done it before is broken: a person is told.
    """

    name: str
    every_s: float
    work: Callable[[Shop], Awaitable[int]]
    is_everywhere: bool = False
    busy_at: int | None = None


async def _flush_exposures(shop: Shop) -> int:
    return await shop.get(ExposureLog).flush(shop)


PURGES: Final = (
    forget_keys,
    forms.purge,
    inbox.purge,
    invitations.purge,
    keys.purge,
    pace.purge,
    passwords.purge_tries,
    purge_files,
    restock.purge,
    sign_in.purge,
)
"""Each forgets what nobody asks for any more, and says how much."""


async def _purge(shop: Shop) -> int:
    return sum([await shop.write(purge) for purge in PURGES])


JOBS: Final = (
    Job("expire_orders", 2, expire_orders),
    Job("poll_payments", 2, poll_payments),
    Job("send_refunds", 2, send_refunds),
    # Finds nothing while news reaches its consumers.
    Job("sweep_undelivered", 15, sweep_undelivered, busy_at=5),
    Job("watch_gateways", 30, watch_gateways),
    Job("watch_stock", 60, watch_stock),
    Job("watch_threads", 60, watch_threads),
    Job("sync_offers", 300, sync_offers),
    Job("read_floats", 300, read_floats),
    Job("flush_exposures", 2, _flush_exposures, is_everywhere=True),
    Job("tell_of_restock", 15, tell_waves),
    Job("tell_resellers", 2, tell_resellers),
    Job("purge", 3600, _purge),
)


class Schedule:
    """Ticks the jobs of one process. Of several processes, the one that holds the lease row runs them."""

    def __init__(self, shop: Shop, metrics: Metrics, timing: Timing) -> None:
        self._shop = shop
        self._metrics = metrics
        self._timing = timing
        self._holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._running: set[asyncio.Task[object]] = set()
        self._failures: Counter[str] = Counter()
        self._well: set[str] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC", executors={"default": AsyncIOExecutor()})

    def start(self) -> None:
        """Begin to tick. A job that is still running is not started again; missed ticks are not made up for."""
        for job in JOBS:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                id=job.name,
                seconds=job.every_s * self._timing.jobs,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def drain(self, within_s: float) -> None:
        """Start no job any more, and let those that run end. What takes longer is cut short: its next run finds the rest."""
        self._scheduler.pause()
        # A job that the last tick created has not begun yet: one round of the loop, and it is among the running.
        await asyncio.sleep(0)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late)

    async def stop(self) -> None:
        """After ``drain``: write what was collected, and let another process have the lease."""
        self._scheduler.shutdown(wait=False)
        await _flush_exposures(self._shop)
        await self._shop.write(leases.release, LEASE_NAME, self._holder)

    async def _run(self, job: Job) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs in a task")
        self._running.add(task)
        try:
            await self._tick(job)
        except asyncio.CancelledError:
            # Only ``drain`` does that. To the scheduler it would be an error worth a traceback.
            log.info("job cut short", job=job.name)
        finally:
            self._running.discard(task)

    async def _tick(self, job: Job) -> None:
        began = perf_counter()
        try:
            if not job.is_everywhere and not await self._has_lease():
                return
            found = await job.work(self._shop)
            await self._measure_queues()
        except Exception:
            log.exception("job failed", job=job.name)
            self._failures[job.name] += 1
            if self._failures[job.name] >= FAILURES_TOLD:
                await self._report(job, {"failed": self._failures[job.name]})
            return
        self._failures[job.name] = 0
        await self._report(
            job, {"found": found} if job.busy_at is not None and found >= job.busy_at else None
        )
        self._metrics.job_seconds.labels(job.name).observe(perf_counter() - began)
        if found:
            log.debug("job done", job=job.name, found=found)

    async def _report(self, job: Job, evidence: dict[str, int] | None) -> None:
        """Tell of a job in trouble, or that it is over. What is known to be well is not said again."""
        if evidence is None and job.name in self._well:
            return
        try:
            await self._shop.write(_note_trouble, job.name, evidence)
        except Exception:
            log.exception("trouble not told", job=job.name)
            return
        if evidence is None:
            self._well.add(job.name)
        else:
            self._well.discard(job.name)

    async def _has_lease(self) -> bool:
        return await self._shop.write(
            leases.acquire, LEASE_NAME, self._holder, lease=self._timing.schedule_lease
        )

    async def _measure_queues(self) -> None:
        for name, count in (
            ("inbox", inbox.count_pending),
            ("outbox", outbox.count_waiting),
            ("messages", queue.count_queued),
        ):
            self._metrics.queue_depth.labels(name).set(await self._shop.read(count))


def _note_trouble(tx: Tx, job: str, evidence: dict[str, int] | None) -> None:
    if evidence is None:
        close_case(tx, CaseKind.JOB, subject_of(job), by=MACHINE, resolution="well again")
    else:
        open_case(tx, CaseKind.JOB, subject_of(job), {"job": job, **evidence})
