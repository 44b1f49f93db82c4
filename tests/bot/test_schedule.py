"""Jobs in trouble: somebody is told, once, and it is over when the job is well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.metrics import Metrics
from bot.schedule import FAILURES_TOLD, Job, Schedule
from bot.timing import Timing
from shop_core.cases.cases import CaseKind, OpenCase, list_open
from shop_core.db.shop import Shop
from tests.core.builders import Market, a_market


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
