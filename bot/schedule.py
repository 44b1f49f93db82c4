"""What happens by the clock: one table of jobs over use cases. All state is in our own tables; this only ticks."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Final

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.job import Job, JobWatch
from bot.metrics import Metrics
from bot.timing import Timing
from shop_core.conversations import forms, keys, sign_in, upload_links
from shop_core.customers import passwords
from shop_core.db import inbox, leases, outbox
from shop_core.db.shop import Shop
from shop_core.delivery import restock
from shop_core.delivery.inputs import forget_inputs
from shop_core.delivery.restock import tell_waves
from shop_core.delivery.tasks import watch_tasks
from shop_core.insight.exposure import ExposureLog
from shop_core.jobs.runs import Plan, Run, list_ends, list_wanted, plan_jobs
from shop_core.messaging import allowance, choices, nonces, pace, parcels, passive, queue, vendor_ids
from shop_core.orders.ask import poll_payments
from shop_core.orders.end import expire_orders
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.give_back import send_refunds
from shop_core.pairing import codes as pairing_codes
from shop_core.payments.health import watch_gateways
from shop_core.privacy.chats import sweep_chats
from shop_core.reconciliation.run import reconcile
from shop_core.resale.tell import tell_resellers
from shop_core.staff import invitations
from shop_core.stock.batches import forget_keys
from shop_core.stock.watch import watch_stock
from shop_core.supply.floats import read_floats
from shop_core.supply.sync import sync_offers
from shop_core.threads.watch import purge_files, watch_threads
from shop_core.verification import codes as verification_codes

LEASE_NAME: Final = "schedule"
LOOK_EVERY_S: Final = 1.0
"""So often each process looks which jobs somebody wants to run now: what pressing the button costs at most."""

log = structlog.get_logger()


async def _flush_exposures(shop: Shop) -> int:
    return await shop.get(ExposureLog).flush(shop)


PURGES: Final = (
    allowance.purge,
    choices.purge,
    forget_inputs,
    forget_keys,
    forms.purge,
    inbox.purge,
    invitations.purge,
    keys.purge,
    nonces.purge,
    pace.purge,
    pairing_codes.purge,
    parcels.purge,
    passive.purge,
    passwords.purge_tries,
    purge_files,
    restock.purge,
    sign_in.purge,
    upload_links.purge,
    vendor_ids.purge,
    verification_codes.purge,
)
"""Each forgets what nobody asks for any more, and says how much."""


async def _purge(shop: Shop) -> int:
    return sum([await shop.write(purge) for purge in PURGES]) + await sweep_chats(shop)


JOBS: Final = (
    Job("expire_orders", 2, expire_orders),
    Job("poll_payments", 2, poll_payments),
    Job("send_refunds", 2, send_refunds),
    # Finds nothing while news reaches its consumers.
    Job("sweep_undelivered", 15, sweep_undelivered, busy_at=5),
    Job("watch_gateways", 30, watch_gateways),
    Job("watch_stock", 60, watch_stock),
    Job("watch_threads", 60, watch_threads),
    Job("watch_tasks", 60, watch_tasks),
    Job("sync_offers", 300, sync_offers),
    Job("read_floats", 300, read_floats),
    Job("flush_exposures", 2, _flush_exposures, is_everywhere=True),
    Job("tell_of_restock", 15, tell_waves),
    Job("tell_resellers", 2, tell_resellers),
    Job("reconcile", 3600, reconcile),
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
        self._busy: set[str] = set()
        self._watch = JobWatch(shop)
        self._wanted: dict[str, datetime] = {}
        self._is_planned = False
        self._is_caught_up = False
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
        self._scheduler.add_job(
            self._look,
            "interval",
            seconds=LOOK_EVERY_S * self._timing.jobs,
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
        self._busy.add(job.name)
        try:
            await self._as_running(self._tick(job), job.name)
        finally:
            self._busy.discard(job.name)

    async def _look(self) -> None:
        """See what is wanted now, what was missed while no process ran, and what hangs."""
        await self._as_running(self._look_after_jobs(), "look")

    async def _as_running(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs in a task")
        self._running.add(task)
        try:
            await work
        except asyncio.CancelledError:
            # Only ``drain`` does that. To the scheduler it would be an error worth a traceback.
            log.info("job cut short", job=name)
        finally:
            self._running.discard(task)

    async def _look_after_jobs(self) -> None:
        try:
            if not self._is_planned:
                await self._plan()
            await self._catch_up()
            self._wanted = dict(await self._shop.read(list_wanted))
        except Exception:
            log.exception("jobs not looked after")
            return
        for name in self._wanted:
            self._run_soon(name)
        await self._watch.report_late(JOBS)

    async def _plan(self) -> None:
        """Write the table down, for staff."""
        scale = self._timing.jobs
        plans = [
            Plan(job.name, timedelta(seconds=job.every_s * scale), timedelta(seconds=job.late_s))
            for job in JOBS
        ]
        await self._shop.write(plan_jobs, plans)
        self._is_planned = True

    async def _catch_up(self) -> None:
        """Let run at once what is due since before this process led.

        Else a job of every hour would never run in a shop that is started anew more often than that.
        """
        is_leading = self._watch.is_leading
        if is_leading and not self._is_caught_up:
            ends, now = await self._shop.read(list_ends), self._shop.clock.now()
            for job in JOBS:
                every = timedelta(seconds=job.every_s * self._timing.jobs)
                if job.name in ends and now - ends[job.name] > every:
                    self._run_soon(job.name)
        self._is_caught_up = is_leading

    def _run_soon(self, name: str) -> None:
        """The job's next run is now; one that is running is left alone. Without the lease that run does nothing."""
        if name not in self._busy and self._scheduler.get_job(name) is not None:
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    async def _tick(self, job: Job) -> None:
        mark = self._wanted.pop(job.name, None)
        started_at, began = self._shop.clock.now(), perf_counter()
        found = failed = 0
        try:
            if not job.is_everywhere and not await self._has_lease():
                return
            found = await job.work(self._shop)
            await self._measure_queues()
        except Exception:
            log.exception("job failed", job=job.name)
            failed = self._watch.fails(job)
        else:
            self._metrics.job_seconds.labels(job.name).observe(perf_counter() - began)
        took_ms = round((perf_counter() - began) * 1000)
        run = Run(job.name, started_at, self._shop.clock.now(), took_ms, found, failed, mark)
        await self._watch.ended(job, run)
        if found:
            log.debug("job done", job=job.name, found=found)

    async def _has_lease(self) -> bool:
        is_leader = await self._shop.write(
            leases.acquire, LEASE_NAME, self._holder, lease=self._timing.schedule_lease
        )
        self._watch.leads(is_leader=is_leader)
        return is_leader

    async def _measure_queues(self) -> None:
        for name, count in (
            ("inbox", inbox.count_pending),
            ("outbox", outbox.count_waiting),
            ("messages", queue.count_queued),
        ):
            self._metrics.queue_depth.labels(name).set(await self._shop.read(count))
