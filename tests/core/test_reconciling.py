"""A supplier's days beside ours: every kind of difference, settled by a booking, and a day that is locked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from shop_core.cases.cases import CaseKind, list_open, list_subjects
from shop_core.kernel.money import Money
from shop_core.reconciliation.close import Way, settle, sign_off, ways_for
from shop_core.reconciliation.counterpart import Counterpart, Counterparts
from shop_core.reconciliation.days import bounds_of
from shop_core.reconciliation.errors import DayNotSettled, DaySigned, NoSuchDifference, WayNotOpen
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.match import Kind
from shop_core.reconciliation.read import DayView, DifferenceView, list_days, list_differences
from shop_core.reconciliation.rematch import MOST_CASES, take_reading
from shop_core.reconciliation.run import ALARM_AFTER, READ_AGAIN_AFTER, reconcile
from shop_core.supply.supplier import Told
from tests.core.builders import OWNER
from tests.core.wholesaler import SHANGHAI, STATING, Trade, a_trade

FRIDAY: Final = date(2026, 11, 20)
SATURDAY: Final = date(2026, 11, 21)
SUPPLIER: Final = "supplier:first"


@pytest_asyncio.fixture
async def trade(database_url: str) -> AsyncIterator[Trade]:
    async with a_trade(database_url, capabilities=STATING) as made:
        yield made
        assert await made.market.verify() == []


async def buy(trade: Trade, count: int = 1, *, deeds: tuple[str, ...] = ()) -> list[str]:
    """Purchases at the first, as they are now: their numbers."""
    trade.first.does = list(deeds)
    known = len(trade.first.placed)
    variant = await trade.a_variant(trade.first)
    for _ in range(count):
        await trade.a_paid_order(variant)
        await trade.work()
    return [request.number for request in trade.first.placed[known:]]


def set_clock(trade: Trade, day: date, hour: int, minute: int = 0, second: int = 0) -> None:
    """By the supplier's calendar."""
    at = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)
    trade.market.clock.moment = at.astimezone(UTC)


async def day_of(trade: Trade, day: date) -> DayView:
    [found] = [one for one in await trade.market.shop.read(list_days, 99) if one.day == day]
    return found


async def differences(trade: Trade, day: date) -> dict[Kind, DifferenceView]:
    shown = await trade.market.shop.read(list_differences, (await day_of(trade, day)).id, 99)
    found = {one.group.kind: one for one in shown}
    assert len(found) == len(shown)
    return found


async def close(trade: Trade, difference: DifferenceView, way: Way) -> None:
    known = trade.market.shop.get(Counterparts)
    await trade.market.shop.write(settle, known, difference.id, way, by=OWNER)


async def sign(trade: Trade, day: date) -> None:
    await trade.market.shop.write(sign_off, (await day_of(trade, day)).id, by=OWNER)


async def booked(trade: Trade, account: str) -> int:
    statement = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE account = :account"
    return int(await trade.market.one(statement, account=account))


async def lines(trade: Trade) -> list[dict[str, Any]]:
    return await trade.market.rows("SELECT * FROM reconciled_lines ORDER BY id")


async def test_every_difference_is_a_case_that_a_booking_settles_and_then_the_day_is_locked(
    trade: Trade,
) -> None:
    market, first = trade.market, trade.first
    alike, dearer, denied, lost = await buy(trade, 4)
    first.restated = {
        dearer: first.states(first.sales[dearer], cost=Money(530, "CNY")),
        denied: first.states(first.sales[denied], is_success=False, cost=Money(0, "CNY")),
        lost: None,
    }
    stray = replace(first.states(first.sales[alike]), number="NOPE", supplier_ref="U99")
    first.made_up = [replace(stray, cost=Money(70, "CNY"))]
    set_clock(trade, SATURDAY, 0, 30)
    await reconcile(market.shop)
    assert [one.day for one in await market.shop.read(list_days, 9)] == [FRIDAY - timedelta(days=1)], (
        "the last purchases of a day that is just over may not be on the list yet"
    )
    set_clock(trade, SATURDAY, 2)
    assert await reconcile(market.shop) == 1

    found = await differences(trade, FRIDAY)
    assert {kind: one.group.ours.number if one.group.ours else None for kind, one in found.items()} == {
        Kind.THEIRS_ONLY: None,
        Kind.AMOUNT: dearer,
        Kind.STATE: denied,
        Kind.OURS_ONLY: lost,
    }
    cases = await market.shop.read(list_open)
    assert {case.subject_id for case in cases} == {one.id for one in found.values()}
    assert {case.kind for case in cases} == {CaseKind.DIFFERENCE}
    with pytest.raises(DayNotSettled):
        await sign(trade, FRIDAY)
    with pytest.raises(WayNotOpen):
        await close(trade, found[Kind.THEIRS_ONLY], Way.CORRECT)
    assert await booked(trade, "float:first") == -2000
    before = await lines(trade)
    assert await reconcile(market.shop) == 0
    assert await lines(trade) == before, "once more comes out the same"

    await close(trade, found[Kind.THEIRS_ONLY], Way.WRITE_OFF)
    assert await booked(trade, "adjustments") == 70
    await close(trade, found[Kind.AMOUNT], Way.CORRECT)
    await close(trade, found[Kind.STATE], Way.CORRECT)
    await close(trade, found[Kind.OURS_ONLY], Way.CORRECT)
    with pytest.raises(NoSuchDifference):
        await close(trade, found[Kind.AMOUNT], Way.WRITE_OFF)
    # What they took: one for 500, one for 530, and 70 that nobody can explain.
    assert await booked(trade, "float:first") == -1100
    assert await booked(trade, "goods") == 1030
    assert await market.shop.read(list_open) == []

    await sign(trade, FRIDAY)
    signed = await lines(trade)
    first.restated = {alike: None}
    market.clock.moment += READ_AGAIN_AFTER
    await reconcile(market.shop)
    [counterpart] = market.shop.get(Counterparts)
    await market.shop.write(take_reading, counterpart, FRIDAY, [])
    assert await lines(trade) == signed
    with pytest.raises(DaySigned):
        await close(trade, found[Kind.AMOUNT], Way.KNOWN)
    assert await market.shop.read(list_open) == []


async def test_what_was_sent_just_before_midnight_and_charged_after_it_is_the_same_thing(
    trade: Trade,
) -> None:
    shop = trade.market.shop
    set_clock(trade, FRIDAY, 23, 59, 58)
    trade.first.charges_after_s = 5
    await buy(trade)
    set_clock(trade, SATURDAY, 2)
    await reconcile(shop)
    friday = await day_of(trade, FRIDAY)
    assert friday.open == {Kind.WAITS: 1}
    with pytest.raises(DayNotSettled):
        await sign(trade, FRIDAY)
    trade.market.clock.moment += timedelta(days=1)
    await reconcile(shop)
    assert (await day_of(trade, FRIDAY)).open == {}
    assert (await day_of(trade, SATURDAY)).open == {Kind.MATCHED: 1}
    await sign(trade, FRIDAY)
    assert await shop.read(list_open) == []

    set_clock(trade, SATURDAY, 23, 50)
    trade.first.charges_after_s = 0
    [forgotten] = await buy(trade)
    trade.first.restated[forgotten] = None
    trade.market.clock.moment += timedelta(days=2, hours=3)
    await reconcile(shop)
    assert set(await differences(trade, SATURDAY)) == {Kind.OURS_ONLY}, "it did not come on their next day"


async def test_what_comes_tomorrow_is_matched_with_the_next_day(trade: Trade) -> None:
    shop, first = trade.market.shop, trade.first
    kept_back, never = await buy(trade, 2)
    first.restated = {kept_back: None, never: None}
    set_clock(trade, SATURDAY, 2)
    await reconcile(shop)
    for one in await shop.read(list_differences, (await day_of(trade, FRIDAY)).id, 9):
        await close(trade, one, Way.CARRY)
    await sign(trade, FRIDAY)
    tomorrow = first.sales[kept_back].at + timedelta(days=1)
    first.restated[kept_back] = first.states(first.sales[kept_back], at=tomorrow)
    trade.market.clock.moment += timedelta(days=1)
    await reconcile(shop)
    saturday = await day_of(trade, SATURDAY)
    assert saturday.open == {Kind.MATCHED: 1, Kind.OURS_ONLY: 1}
    found = await differences(trade, SATURDAY)
    again = found[Kind.OURS_ONLY].group.ours
    assert again is not None
    assert again.number == never


async def test_what_ends_after_its_day_was_signed_off_is_a_difference_of_the_day_it_ends_on(
    trade: Trade,
) -> None:
    shop, first = trade.market.shop, trade.first
    [number] = await buy(trade, deeds=("accept",))
    set_clock(trade, SATURDAY, 2)
    await reconcile(shop)
    assert (await day_of(trade, FRIDAY)).open == {Kind.UNDER_WAY: 1}
    with pytest.raises(DayNotSettled):
        await sign(trade, FRIDAY)
    failed = first.fails(number)
    await trade.tell(first, Told(number, outcome=failed))
    await reconcile(shop)
    assert (await day_of(trade, FRIDAY)).open == {Kind.UNDER_WAY: 1}, "as they listed it an hour ago"
    set_clock(trade, SATURDAY, 22)
    await reconcile(shop)
    await sign(trade, FRIDAY)
    assert (await day_of(trade, FRIDAY)).settled == 0

    # It delivers after all, and says so a day later.
    set_clock(trade, SATURDAY, 23, 0)
    first.sales[number].cost = Money(500, "CNY")
    await trade.tell(first, Told(number, outcome=first.finishes(number)))
    assert await booked(trade, "float:first") == -500
    trade.market.clock.moment += timedelta(days=1)
    await reconcile(shop)
    found = await differences(trade, SATURDAY)
    assert set(found) == {Kind.LATE}
    assert ways_for(found[Kind.LATE].group) == (Way.CORRECT, Way.KNOWN)
    await close(trade, found[Kind.LATE], Way.KNOWN)
    await reconcile(shop)
    assert await differences(trade, SATURDAY) == {}
    await sign(trade, SATURDAY)
    assert await booked(trade, "float:first") == -500


async def test_a_list_that_cannot_be_read_is_an_alarm_until_it_can(trade: Trade) -> None:
    shop, clock = trade.market.shop, trade.market.clock
    await buy(trade)
    trade.first.is_deaf = True
    set_clock(trade, SATURDAY, 2)
    assert await reconcile(shop) == 0
    assert await shop.read(list_open) == []
    with pytest.raises(DayNotSettled):
        await sign(trade, FRIDAY)
    clock.moment = bounds_of(FRIDAY, SHANGHAI)[1] + ALARM_AFTER
    for _ in range(2):
        await reconcile(shop)
    [case] = await shop.read(list_open)
    assert (case.kind, case.evidence["day"]) == (CaseKind.STATEMENT, "2026-11-20")
    # Days go by; then it answers again, and all of them are read.
    clock.advance(days=2)
    await reconcile(shop)
    trade.first.is_deaf = False
    assert await reconcile(shop) == 3
    assert await shop.read(list_open) == []
    assert (await day_of(trade, FRIDAY)).open == {Kind.MATCHED: 1}


async def test_a_thousand_differences_are_some_cases_at_a_time(trade: Trade) -> None:
    shop = trade.market.shop
    [number] = await buy(trade)
    line = trade.first.states(trade.first.sales[number])
    trade.first.made_up = [replace(line, number="", supplier_ref=f"X{nth}") for nth in range(1000)]
    trade.first.made_up += [replace(line, number="", supplier_ref="X1")] * 2
    set_clock(trade, SATURDAY, 2)
    await reconcile(shop)
    assert (await day_of(trade, FRIDAY)).open == {Kind.MATCHED: 1, Kind.THEIRS_ONLY: 1002}
    told = await shop.read(list_subjects, CaseKind.DIFFERENCE)
    assert len(told) == MOST_CASES
    known = shop.get(Counterparts)
    await shop.write(settle, known, min(told), Way.WRITE_OFF, by=OWNER)
    now_told = await shop.read(list_subjects, CaseKind.DIFFERENCE)
    assert len(set(now_told) - set(told)) == 1
    # Of three namesakes one is settled: the others stay what they are.
    namesakes = [row["id"] for row in await lines(trade) if row["their_ref"] == "X1"]
    await shop.write(settle, known, namesakes[1], Way.WRITE_OFF, by=OWNER)
    before = await lines(trade)
    await reconcile(shop)
    assert await lines(trade) == before
    # They take all back but what was settled: that is not found a second time.
    settled = {row["their_ref"] for row in await lines(trade) if row["closed_at"]}
    trade.first.made_up = [replace(line, number="", supplier_ref=ref) for ref in settled]
    trade.market.clock.moment += READ_AGAIN_AFTER
    await reconcile(shop)
    friday = await day_of(trade, FRIDAY)
    assert (friday.open, friday.settled) == ({Kind.MATCHED: 1}, 2)
    assert await shop.read(list_subjects, CaseKind.DIFFERENCE) == []


async def test_anybody_who_keeps_a_list_is_a_counterpart(trade: Trade) -> None:
    """Money that came in by a gateway: their amounts are below zero, since they bring."""
    at = trade.market.clock.now()
    came = Line("", "T1", Money(-3000, "CNY"), LineState.DONE, at)

    async def theirs(day: date) -> list[Line]:
        return [came] if day == FRIDAY else []

    gateway = Counterpart(
        "gateway:epay", SHANGHAI, "gateway:epay", theirs, lambda *_: [], lambda *_: None, tolerance=1
    )
    trade.market.shop._services[Counterparts] = Counterparts([gateway])
    set_clock(trade, SATURDAY, 2)
    assert await reconcile(trade.market.shop) == 1
    found = await differences(trade, FRIDAY)
    await close(trade, found[Kind.THEIRS_ONLY], Way.WRITE_OFF)
    assert await booked(trade, "gateway:epay") == 3000
    await sign(trade, FRIDAY)
    await trade.market.sql("DELETE FROM ledger_postings WHERE account IN ('gateway:epay', 'adjustments')")
    await trade.market.sql("DELETE FROM ledger_entries WHERE kind = 'reconciled'")
    await trade.market.sql("UPDATE reconciled_lines SET way = 'known'")
