"""What a person decides for himself: his clock, and the hours in which nothing that can wait is sent to him."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.customers.people import Customer, find_customer
from shop_core.customers.preferences import (
    NoSuchHours,
    NoSuchZone,
    QuietHours,
    get_preferences,
    set_quiet_hours,
    set_timezone,
)
from shop_core.delivery.restock import tell_waves, wish
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.sending import claim_messages, mark_sent
from shop_core.threads.answer import AWAKE, answer_customer
from shop_core.threads.read import list_threads
from shop_core.threads.sealing import Said
from shop_core.threads.write import write_to_shop
from tests.core.builders import OWNER, START, Market

NIGHT = QuietHours(23, 8)
EVENING = timedelta(hours=11, minutes=30)
"""From noon in Shanghai, where every test begins, to half past eleven."""


async def news(market: Market) -> list[NewsKind]:
    """What is sent now."""
    await market.run_news()
    due = await market.shop.write(claim_messages, ["web"], 50)
    for message in due:
        await market.shop.write(mark_sent, message)
    return [message.news for message in due]


async def asleep(market: Market, quiet: QuietHours | None = NIGHT) -> Customer:
    customer = await market.a_customer()
    await market.shop.write(set_quiet_hours, customer.person_id, quiet)
    return customer


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-20 22:59", timedelta(0)),
        ("2026-11-20 23:00", timedelta(hours=9)),
        ("2026-11-21 00:30", timedelta(hours=7, minutes=30)),
        ("2026-11-21 07:59", timedelta(minutes=1)),
        ("2026-11-21 08:00", timedelta(0)),
    ],
)
def test_quiet_hours_last_over_midnight(now: str, left: timedelta) -> None:
    here = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert NIGHT.left(here.astimezone(UTC), "Asia/Shanghai") == left


def test_the_night_in_which_clocks_are_changed_ends_by_the_clock() -> None:
    here = datetime(2026, 3, 28, 23, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert NIGHT.left(here, "Europe/Berlin") == timedelta(hours=8)


@given(
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    minutes=st.integers(0, 60 * 24 * 366),
)
def test_when_they_are_over_they_are_over(hours: tuple[int, int], minutes: int) -> None:
    quiet, now = QuietHours(*hours), START + timedelta(minutes=minutes)
    left = quiet.left(now, "Asia/Shanghai")
    ends = (now + left).astimezone(ZoneInfo("Asia/Shanghai"))
    assert timedelta(0) <= left < timedelta(hours=24)
    assert not left or (ends.hour, ends.minute, ends.second) == (quiet.end, 0, 0)
    assert not quiet.left(now + left, "Asia/Shanghai")


async def test_news_of_goods_that_are_back_waits_for_the_morning(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    sleeper, other = await asleep(market), await asleep(market, None)
    for customer in (sleeper, other):
        await market.shop.write(wish, customer, variant)
    market.clock.advance(seconds=EVENING.total_seconds())
    await market.stock(variant, 3)
    await tell_waves(market.shop)
    assert await news(market) == [NewsKind.RESTOCKED], "the other one's"
    market.clock.advance(hours=8, minutes=29)
    assert await news(market) == []
    market.clock.advance(minutes=1)
    assert await news(market) == [NewsKind.RESTOCKED]


async def test_news_of_a_purchase_never_waits(market: Market) -> None:
    sleeper = await asleep(market)
    market.clock.advance(seconds=EVENING.total_seconds())
    await market.an_order(sleeper, paid=True)
    assert await news(market) == [NewsKind.ORDER_DELIVERED]


async def test_an_answer_waits_unless_he_wrote_just_now(market: Market) -> None:
    sleeper = await asleep(market)
    market.clock.advance(seconds=EVENING.total_seconds())
    await write_to_shop(market.shop, sleeper, Said("are you there?"), key="q1")
    [thread] = await market.shop.read(list_threads, limit=5)
    await answer_customer(market.shop, thread.id, Said("yes"), key="a1", by=OWNER)
    assert NewsKind.THREAD_ANSWERED in await news(market)
    market.clock.advance(seconds=AWAKE.total_seconds())
    await answer_customer(market.shop, thread.id, Said("one more thing"), key="a2", by=OWNER)
    assert NewsKind.THREAD_ANSWERED not in await news(market)
    market.clock.advance(hours=8)
    assert NewsKind.THREAD_ANSWERED in await news(market)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        (" new  york ", "America/New_York"),
        ("america/argentina/ushuaia", "America/Argentina/Ushuaia"),
    ],
)
async def test_a_zone_is_found_by_its_name_or_its_city(market: Market, typed: str, name: str) -> None:
    customer = await market.a_customer()
    await market.shop.write(set_timezone, customer.person_id, typed)
    assert (await market.shop.read(get_preferences, customer.person_id)).timezone == name
    where = {"channel": customer.channel, "external_id": customer.external_id}
    found = await market.shop.read(find_customer, **where)
    assert found is not None
    assert found.timezone == name


async def test_what_is_no_zone_and_no_hours_changes_nothing(market: Market) -> None:
    customer = await asleep(market)
    before = await market.shop.read(get_preferences, customer.person_id)
    for typed in ("", "Atlantis", "../etc/passwd", "Etc/UTC", "x" * 300):
        with pytest.raises(NoSuchZone):
            await market.shop.write(set_timezone, customer.person_id, typed)
    for hours in ((8, 8), (24, 8), (8, 99), (-1, 3)):
        with pytest.raises(NoSuchHours):
            await market.shop.write(set_quiet_hours, customer.person_id, QuietHours(*hours))
    assert await market.shop.read(get_preferences, customer.person_id) == before
    assert before.timezone == market.shop.policy.timezone
