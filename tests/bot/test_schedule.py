"""Jobs: noted for staff, run when one of them wants it; of one in trouble somebody is told, once, until it is well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.job import FAILURES_TOLD, Job, JobWatch
from bot.metrics import Metrics
from bot.schedule import JOBS, Schedule
from bot.timing import Timing
from shop_core.cases.cases import CaseKind, OpenCase, list_open
from shop_core.db.inbox import LaneRow
from shop_core.db.shop import Shop
from shop_core.jobs.runs import NOTED_EVERY, JobView, Plan, list_jobs, list_wanted, plan_jobs
from tests.admin.office import button, staffed, text_of
from tests.core.builders import OWNER, Market, a_market


@pytest.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    async with a_market(database_url) as made:
        yield made


def finding(*numbers: int | Exception) -> Callable[[Shop], Awaitable[int]]:
    """A job's work: what it finds, run by run."""
    left = list(numbers)

    async def work(_: Shop) -> int:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return work


async def cases(market: Market) -> list[OpenCase]:
    return list(await market.shop.read(list_open))


async def runs(market: Market, job: Job, times: int, schedule: Schedule | None = None) -> Schedule:
    schedule = schedule or Schedule(market.shop, Metrics.new(), Timing())
    for _ in range(times):
        await schedule._tick(job)
    return schedule


async def test_a_sweeper_that_finds_too_much_is_told_of_until_it_finds_little(market: Market) -> None:
    job = Job("sweep", 1, finding(0, 4, 5, 9, 0), busy_at=5)
    schedule = await runs(market, job, 2)
    assert await cases(market) == []
    await runs(market, job, 2, schedule)
    (case,) = await cases(market)
    assert (case.kind, case.evidence) == (CaseKind.JOB, {"job": "sweep", "found": 5})
    await runs(market, job, 1, schedule)
    assert await cases(market) == []


async def test_a_job_that_fails_again_and_again_is_told_of(market: Market) -> None:
    broken = [OSError("no")] * FAILURES_TOLD
    job = Job("poll", 1, finding(0, *broken, 0))
    schedule = await runs(market, job, FAILURES_TOLD)
    assert await cases(market) == []
    await runs(market, job, 1, schedule)
    (case,) = await cases(market)
    assert case.evidence == {"job": "poll", "failed": FAILURES_TOLD}
    await runs(market, job, 1, schedule)
    assert await cases(market) == []


async def test_what_an_earlier_process_told_of_is_over_when_a_new_one_finds_it_well(market: Market) -> None:
    await runs(market, Job("sweep", 1, finding(9), busy_at=5), 1)
    assert len(await cases(market)) == 1
    market.clock.advance(hours=1)
    await runs(market, Job("sweep", 1, finding(0), busy_at=5), 1)
    assert await cases(market) == []


async def planned(market: Market, *names: str) -> None:
    plans = [Plan(name, timedelta(minutes=5), timedelta(minutes=25)) for name in names]
    await market.shop.write(plan_jobs, plans)


async def noted(market: Market) -> JobView:
    [job] = await market.shop.read(list_jobs)
    return job


async def test_a_run_is_noted_and_runs_that_find_nothing_only_now_and_then(market: Market) -> None:
    await planned(market, "poll")
    job = Job("poll", 2, finding(0, 0, 3, 0, OSError("no")))
    schedule = await runs(market, job, 1)
    first = market.clock.now()
    market.clock.advance(seconds=2)
    await runs(market, job, 1, schedule)
    assert (await noted(market)).ended_at == first, "nothing found, nothing written"
    market.clock.advance(seconds=2)
    await runs(market, job, 1, schedule)
    seen = await noted(market)
    assert (seen.ended_at, seen.found, seen.found_at) == (market.clock.now(), 3, market.clock.now())
    market.clock.moment += NOTED_EVERY
    await runs(market, job, 1, schedule)
    seen = await noted(market)
    assert (seen.ended_at, seen.found, seen.last_found) == (market.clock.now(), 0, 3)
    await runs(market, job, 1, schedule)
    assert (await noted(market)).failed == 1


async def test_a_job_that_does_not_end_any_more_is_late_until_it_does(market: Market) -> None:
    await planned(market, "read")
    passed = [0.0]
    watch = JobWatch(market.shop, lambda: passed[0])
    job = Job("read", 300, finding(0))
    watch.leads(is_leader=True)
    passed[0] = job.late_s
    await watch.report_late([job])
    assert await cases(market) == []
    for passed[0] in (job.late_s + 1, job.late_s + 2):
        await watch.report_late([job])
    (case,) = await cases(market)
    assert case.evidence == {"job": "read", "late_s": 1501}
    assert "1501" in text_of(await staffed(market).type(f"/case show {case.id}"))
    await runs(market, job, 1)
    assert await cases(market) == []
    watch.leads(is_leader=False)
    passed[0] *= 9
    await watch.report_late([job])
    assert await cases(market) == [], "who does not lead does not know"


async def test_a_job_runs_when_staff_want_it_and_they_hear_how_it_went(market: Market) -> None:
    office = staffed(market)
    await planned(market, "purge", "read_floats")
    schedule = await runs(market, Job("purge", 3600, finding(1)), 1)
    market.clock.advance(hours=1)
    shown = await office.type("/jobs")
    assert text_of(shown).splitlines()[1].startswith("清理过期数据"), "late ones first"
    assert "该跑没跑完" in text_of(shown)
    answered = await office.press(button(shown, "读取预存款"))
    assert "结果会发给你" in text_of(answered)
    assert "马上运行" in text_of(answered)

    await schedule._look_after_jobs()
    market.clock.advance(seconds=1)
    await runs(market, Job("read_floats", 300, finding(2)), 1, schedule)
    assert await market.shop.read(list_wanted) == {}
    [(_, told)] = await office.news(OWNER.partition(":")[0])
    assert told is not None
    assert "“读取预存款”跑完了" in text_of(told)
    assert "2 件" in text_of(told)
    assert [entry.details for entry in await office.audit_of("job run")] == [{"job": "read_floats"}]
    assert "没有这个定时任务" in text_of(await office.type("/job run nothing"))


async def test_purging_sweeps_chats_of_nobody_too(market: Market) -> None:
    row = insert(LaneRow).values(lane="tg:7", leased_until=market.clock.now() - timedelta(days=10))
    await market.shop.write(lambda tx: tx.execute(row))
    [purge] = [job for job in JOBS if job.name == "purge"]
    await runs(market, purge, 1)
    assert await market.rows("SELECT lane FROM lanes") == []
