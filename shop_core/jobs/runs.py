"""Noting how jobs ran, and wanting one to run now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, select, update

from shop_core.customers.people import Address
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.jobs.models import JobRow
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import NewsKind, queue_message

NOTED_EVERY: Final = timedelta(seconds=30)
"""A job that runs every two seconds and finds nothing is noted so often, and no more: each note is a write, and on SQLite
there is one writer. A run that found something, failed or was wanted is always noted."""

_MS: Final = timedelta(milliseconds=1)


class NoSuchJob(ShopError):
    """The schedule has no job of that name."""

    code = "jobs.no_job"


@dataclass(frozen=True, slots=True)
class Plan:
    """A job as the schedule has it: so often it runs, and so long after its last end it is late."""

    name: str
    every: timedelta
    late_after: timedelta


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of a job went.

    Attributes:
        failed: How many runs in a row have failed, this one included; 0: it did not.
        mark: When it was wanted, if that is why it ran.
    """

    name: str
    started_at: datetime
    ended_at: datetime
    took_ms: int
    found: int
    failed: int
    mark: datetime | None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as staff see it. ``found_at``: when it last found anything, and ``last_found`` how much."""

    name: str
    every: timedelta
    started_at: datetime | None
    ended_at: datetime | None
    took_ms: int
    found: int
    found_at: datetime | None
    last_found: int
    failed: int
    is_wanted: bool
    is_late: bool


def plan_jobs(tx: Tx, plans: Sequence[Plan]) -> None:
    """Say which jobs there are. What is known of their runs stays; a job that is gone is forgotten."""
    for plan in plans:
        said = {"every_ms": plan.every // _MS, "late_ms": plan.late_after // _MS}
        tx.execute(
            insert_or(tx, JobRow)
            .values(name=plan.name, **said)
            .on_conflict_do_update(index_elements=[JobRow.name], set_=said)
        )
    tx.execute(delete(JobRow).where(JobRow.name.not_in([plan.name for plan in plans])))


def note_run(tx: Tx, run: Run) -> None:
    """Note a run, and tell whoever wanted it. Twice is the same note: the news goes out once for each mark."""
    ended = {
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "took_ms": run.took_ms,
        "found": run.found,
        "failed": run.failed,
    }
    if run.found:
        ended |= {"found_at": run.ended_at, "last_found": run.found}
    tx.execute(update(table_of(JobRow)).where(JobRow.name == run.name).values(ended))
    if run.mark is not None:
        _answer_mark(tx, run, run.mark)


def _answer_mark(tx: Tx, run: Run, mark: datetime) -> None:
    is_this_mark = (JobRow.name == run.name) & (JobRow.wanted_at == mark)
    row = tx.execute(
        select(JobRow.wanted_channel, JobRow.wanted_external_id).where(is_this_mark).with_for_update()
    ).first()
    if row is None:
        return
    nobody = {"wanted_at": None, "wanted_channel": None, "wanted_external_id": None}
    tx.execute(update(table_of(JobRow)).where(is_this_mark).values(nobody))
    if row.wanted_channel is not None:
        said: dict[str, int | str] = {"job": run.name, "took_ms": run.took_ms}
        said |= {"found": run.found, "failed": run.failed}
        to = Address(row.wanted_channel, row.wanted_external_id)
        queue_message(tx, to, NewsKind.JOB_RAN, said, cause=f"job:{run.name}:{mark.timestamp():.6f}")


def want_job(tx: Tx, name: str, *, tell: Address | None) -> None:
    """Want a job to run now, wherever the schedule is. Wanted twice before it runs, it runs once and the last is told.

    Raises:
        NoSuchJob: There is none of that name.
    """
    wanted = {
        "wanted_at": tx.now,
        "wanted_channel": None if tell is None else tell.channel,
        "wanted_external_id": None if tell is None else tell.external_id,
    }
    if tx.execute(update(table_of(JobRow)).where(JobRow.name == name).values(wanted)).rowcount != 1:
        raise NoSuchJob(job=name[:40])


def list_wanted(view: View) -> Mapping[str, datetime]:
    """Jobs that somebody wants to run now, and since when."""
    rows = view.execute(select(JobRow.name, JobRow.wanted_at).where(JobRow.wanted_at.is_not(None)))
    return {row.name: row.wanted_at for row in rows}


def list_ends(view: View) -> Mapping[str, datetime]:
    """When each job last ended, of those that ever did."""
    rows = view.execute(select(JobRow.name, JobRow.ended_at).where(JobRow.ended_at.is_not(None)))
    return {row.name: row.ended_at for row in rows}


def list_jobs(view: View) -> Sequence[JobView]:
    """Every job, in trouble first: late, then failing, then by name."""
    jobs = [_view(view, row) for row in view.execute(select(*JobRow.__table__.columns))]
    return sorted(jobs, key=lambda job: (not job.is_late, not job.failed, job.name))


def _view(view: View, row: Row[Any]) -> JobView:
    # A note may be old by ``NOTED_EVERY`` where nothing is found. A job that never ran is new, not late.
    late_after = row.late_ms * _MS + NOTED_EVERY
    return JobView(
        name=row.name,
        every=row.every_ms * _MS,
        started_at=row.started_at,
        ended_at=row.ended_at,
        took_ms=row.took_ms,
        found=row.found,
        found_at=row.found_at,
        last_found=row.last_found,
        failed=row.failed,
        is_wanted=row.wanted_at is not None,
        is_late=row.ended_at is not None and view.now - row.ended_at > late_after,
    )
