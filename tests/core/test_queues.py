"""Outbox, inbox, lanes, leases: nothing is lost, nothing finished twice, one person's messages stay in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import update

from shop_core.cases.cases import CaseKind, open_case
from shop_core.db import inbox, leases, outbox
from shop_core.db.base import table_of
from shop_core.db.claims import Fenced, finish
from shop_core.db.inbox import Letter
from shop_core.db.outbox import News
from shop_core.db.outbox_table import OutboxRow
from shop_core.db.tx import Tx
from shop_core.messaging.tell_staff import tell_of_case
from tests.core.builders import Market

LEASE = timedelta(seconds=30)


async def a_letter(market: Market, external_id: str, *, lane: str = "web:c1") -> bool:
    return await market.shop.write(
        inbox.store, source="web", external_id=external_id, lane=lane, payload=external_id.encode()
    )


async def take(market: Market) -> Letter | None:
    return await market.shop.write(inbox.take, lease=LEASE)


async def taken(market: Market) -> Letter:
    letter = await take(market)
    assert letter is not None
    return letter


# ---------------------------------------------------------------------- outbox


def _news(tx: Tx, subject: int) -> None:
    open_case(tx, CaseKind.GATEWAY, subject, {})


async def claimed(market: Market) -> News:
    [news] = await market.shop.write(outbox.claim_news, 10)
    return news


async def test_news_is_gone_only_with_its_consumers_own_work(market: Market) -> None:
    await market.shop.write(_news, 1)
    await tell_of_case(market.shop, await claimed(market))
    assert await market.shop.read(outbox.count_waiting) == 0
    assert await market.one("SELECT count(*) FROM messages") == 1


async def test_news_of_a_dead_process_comes_again_and_the_thawed_one_changes_nothing(market: Market) -> None:
    await market.shop.write(_news, 1)
    frozen = await claimed(market)
    assert await market.shop.write(outbox.claim_news, 10) == []
    market.clock.advance(seconds=60)
    again = await claimed(market)
    with pytest.raises(Fenced):
        await tell_of_case(market.shop, frozen)
    assert await market.one("SELECT count(*) FROM messages") == 0, "the work went with the fence"
    await tell_of_case(market.shop, again)
    with pytest.raises(Fenced):
        await tell_of_case(market.shop, again)
    assert await market.one("SELECT count(*) FROM messages") == 1


async def test_news_that_failed_comes_again_ever_more_slowly_and_for_ever(market: Market) -> None:
    await market.shop.write(_news, 1)
    pauses = []
    for _ in range(15):
        await market.shop.write(outbox.postpone, await claimed(market))
        pause = 0
        while not await market.one("SELECT count(*) FROM outbox WHERE due_at <= :now", now=_stamp(market)):
            market.clock.advance(seconds=2 ** max(0, pause.bit_length() - 1) if pause else 1)
            pause += 1
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert await market.shop.read(outbox.count_waiting) == 1


def _stamp(market: Market) -> int:
    return int(market.clock.moment.timestamp() * 1_000_000)


async def test_workers_side_by_side_never_take_the_same_news(market: Market) -> None:
    for subject in range(20):
        await market.shop.write(_news, subject)
    batches = await asyncio.gather(*(market.shop.write(outbox.claim_news, 5) for _ in range(8)))
    ids = [news.id for batch in batches for news in batch]
    assert len(ids) == len(set(ids)) == 20


async def test_finishing_names_exactly_one_row(market: Market) -> None:
    with pytest.raises(Fenced):
        await market.shop.write(finish, update(table_of(OutboxRow)).values(attempts=1))


# ---------------------------------------------------------------------- inbox


async def test_a_message_told_twice_is_stored_once(market: Market) -> None:
    assert await a_letter(market, "u1")
    assert not await a_letter(market, "u1")
    assert sorted(await asyncio.gather(*(a_letter(market, "u2") for _ in range(4)))) == [False] * 3 + [True]
    assert await market.shop.read(inbox.count_pending) == 2
    letter = await taken(market)
    await market.shop.write(inbox.finish_letter, letter)
    assert not await a_letter(market, "u1"), "known even when it has been handled"


async def test_a_handled_message_keeps_no_words(market: Market) -> None:
    await a_letter(market, "u1")
    letter = await taken(market)
    assert letter.payload == b"u1"
    await market.shop.write(inbox.finish_letter, letter)
    assert await market.one("SELECT payload FROM inbox") is None
    market.clock.advance(days=9, seconds=1)
    assert await market.shop.write(inbox.purge) == 1


async def test_a_lane_is_worked_by_one_at_a_time_and_lanes_side_by_side(market: Market) -> None:
    for external_id, lane in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        await a_letter(market, external_id, lane=lane)
    first, other = await taken(market), await taken(market)
    assert (first.external_id, other.external_id) == ("a1", "b1")
    assert await take(market) is None
    await market.shop.write(inbox.finish_letter, first)
    assert (await taken(market)).external_id == "a2"


async def test_four_workers_keep_every_lane_in_order(market: Market) -> None:
    for number in range(40):
        await a_letter(market, f"u{number:02}", lane=f"lane{number % 5}")
    handled: dict[str, list[str]] = defaultdict(list)

    async def work() -> None:
        while True:
            letter = await take(market)
            if letter is None:
                if await market.shop.read(inbox.count_pending) == 0:
                    return
                continue
            handled[letter.lane].append(letter.external_id)
            await market.shop.write(inbox.finish_letter, letter)

    async with asyncio.timeout(30):
        await asyncio.gather(*(work() for _ in range(4)))
    assert sum(len(lane) for lane in handled.values()) == 40
    assert all(lane == sorted(lane) for lane in handled.values())


async def test_a_thawed_worker_cannot_finish_what_another_has_taken_over(market: Market) -> None:
    await a_letter(market, "u1")
    frozen = await taken(market)
    market.clock.advance(seconds=31)
    again = await taken(market)
    assert (again.id, again.attempts) == (frozen.id, 2)

    def finish_with_work(tx: Tx, letter: Letter) -> None:
        open_case(tx, CaseKind.GATEWAY, letter.attempts, {})
        inbox.finish_letter(tx, letter)

    with pytest.raises(Fenced):
        await market.shop.write(finish_with_work, frozen)
    with pytest.raises(Fenced):
        await market.shop.write(inbox.renew, frozen, lease=LEASE)
    await market.shop.write(inbox.hand_back, frozen)
    assert await take(market) is None, "nor can it give the lane away"
    await market.shop.write(finish_with_work, again)
    assert [row["subject_id"] for row in await market.rows("SELECT subject_id FROM cases")] == [2]


async def test_a_long_work_renews_its_lease(market: Market) -> None:
    await a_letter(market, "u1")
    letter = await taken(market)
    market.clock.advance(seconds=29)
    await market.shop.write(inbox.renew, letter, lease=LEASE)
    market.clock.advance(seconds=29)
    assert await take(market) is None
    await market.shop.write(inbox.finish_letter, letter)


async def test_a_message_handed_back_is_next_after_its_pause(market: Market) -> None:
    await a_letter(market, "u1")
    await a_letter(market, "u2")
    await market.shop.write(inbox.hand_back, await taken(market), pause=timedelta(seconds=5))
    assert await take(market) is None
    market.clock.advance(seconds=5)
    assert (await taken(market)).external_id == "u1"


# ---------------------------------------------------------------------- leases


async def test_a_lease_has_one_holder_until_its_deadline(market: Market) -> None:
    async def acquire(holder: str) -> bool:
        return await market.shop.write(leases.acquire, "sweeper", holder, lease=LEASE)

    answers = await asyncio.gather(*(acquire(f"p{n}") for n in range(4)))
    assert sorted(answers) == [False, False, False, True]
    holder = f"p{answers.index(True)}"
    assert await acquire(holder), "its holder renews it"
    market.clock.advance(seconds=29)
    assert not await acquire("late")
    market.clock.advance(seconds=1)
    assert await acquire("late")
    assert not await acquire(holder), "who thaws finds it taken"
    await market.shop.write(leases.release, "sweeper", holder)
    assert not await acquire(holder), "and cannot give it away"
    await market.shop.write(leases.release, "sweeper", "late")
    assert await acquire(holder)
