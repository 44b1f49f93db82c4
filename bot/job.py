"""A job of the schedule, and watching over how jobs go: noted for staff, told of when one is in trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

import structlog

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.jobs.runs import NOTED_EVERY, Run, note_run

FAILURES_TOLD: Final = 3
"""A job that failed so often in a row needs a person: it will not come right by itself."""
LATE_AT_LEAST_S: Final = 60.0
"""A job of every two seconds that is ten seconds late is on a busy machine, not in trouble."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """A use case that runs again and again.

    Attributes:
        work: Returns how many things it found; it may run twice or not at all, the next run finds what is left.
        is_everywhere: Runs in each process, not only where the schedule's lease is.
        busy_at: To find so much means that what should have done it before is broken: a person is told.
        late_after: After so many intervals without the end of a run it is late: it hangs, and a person is told. Missed
            runs are not made up for one by one: the next finds all that is left.
    """

    name: str
    every_s: float
    work: Callable[[Shop], Awaitable[int]]
    is_everywhere: bool = False
    busy_at: int | None = None
    late_after: int = 5

    @property
    def late_s(self) -> float:
        """So long after the end of its last run it is late."""
        return max(self.late_after * self.every_s, LATE_AT_LEAST_S)


class JobWatch:
    """How the jobs of one process go. ``seconds``: how time passes, whatever the clock on the wall is set to."""

    def __init__(self, shop: Shop, seconds: Callable[[], float] = monotonic) -> None:
        self._shop = shop
        self._seconds = seconds
        self._leads_since: float | None = None
        self._ended: dict[str, float] = {}
        self._noted: dict[str, datetime] = {}
        self._failures: Counter[str] = Counter()
        self._well: set[str] = set()
        self._late: set[str] = set()

    def leads(self, *, is_leader: bool) -> None:
        """This process has the schedule's lease, or has it no more: only who has it knows when jobs end."""
        if not is_leader:
            self._leads_since = None
        elif self._leads_since is None:
            self._leads_since = self._seconds()

    @property
    def is_leading(self) -> bool:
        """Whether it had the lease when it last looked."""
        return self._leads_since is not None

    def fails(self, job: Job) -> int:
        """A run has failed. Returns how many in a row have."""
        self._failures[job.name] += 1
        return self._failures[job.name]

    async def ended(self, job: Job, run: Run) -> None:
        """A run is over: note it, and tell of trouble or of its end."""
        self._ended[job.name] = self._seconds()
        self._late.discard(job.name)
        await self._note(run)
        if run.failed:
            if run.failed >= FAILURES_TOLD:
                await self._report(job, {"failed": run.failed})
            return
        self._failures[job.name] = 0
        is_busy = job.busy_at is not None and run.found >= job.busy_at
        await self._report(job, {"found": run.found} if is_busy else None)

    async def report_late(self, jobs: Iterable[Job]) -> None:
        """Tell of each job that does not end any more, once until it does."""
        if self._leads_since is None:
            return
        for job in jobs:
            late_s = self._seconds() - max(self._ended.get(job.name, 0.0), self._leads_since)
            if late_s > job.late_s and not job.is_everywhere and job.name not in self._late:
                self._late.add(job.name)
                await self._report(job, {"late_s": int(late_s)})

    async def _note(self, run: Run) -> None:
        """Write down how a run went; not each of those that find nothing (``NOTED_EVERY``)."""
        noted_at = self._noted.get(run.name)
        is_news = run.found or run.failed or run.mark is not None
        if not is_news and noted_at is not None and run.ended_at - noted_at < NOTED_EVERY:
            return
        try:
            await self._shop.write(note_run, run)
        except Exception:
            log.exception("run not noted", job=run.name)
            return
        self._noted[run.name] = run.ended_at

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


def _note_trouble(tx: Tx, job: str, evidence: dict[str, int] | None) -> None:
    if evidence is None:
        close_case(tx, CaseKind.JOB, subject_of(job), by=MACHINE, resolution="well again")
    else:
        open_case(tx, CaseKind.JOB, subject_of(job), {"job": job, **evidence})
