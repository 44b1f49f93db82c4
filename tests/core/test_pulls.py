"""One reads at a time, a page is stored with its cursor or not at all, and no hint is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shop_core.db.claims import Fenced
from shop_core.db.inbox import store
from shop_core.db.tx import Tx
from shop_core.messaging.pulls import Pull, end_pull, hint_at, keep_page, open_pull, put_off, take_pull
from tests.core.builders import Market

KF = "kf"
LEASE = timedelta(seconds=60)
POLL = timedelta(minutes=3)


def _store(tx: Tx) -> None:
    store(tx, source=KF, external_id="m1", lane="kf:p1", payload=b"sealed")


async def _take(market: Market) -> Pull | None:
    return await market.shop.write(take_pull, KF, lease=LEASE)


async def _letters(market: Market) -> object:
    return await market.one("SELECT count(*) FROM inbox")


async def test_a_page_of_who_was_too_slow_is_not_stored(market: Market) -> None:
    await market.shop.write(open_pull, KF)
    slow = await _take(market)
    assert slow is not None
    assert await _take(market) is None, "one at a time"
    market.clock.advance(seconds=61)
    quick = await _take(market)
    assert quick is not None
    with pytest.raises(Fenced):
        await market.shop.write(keep_page, slow, "c1", _store, lease=LEASE)
    assert await _letters(market) == 0
    await market.shop.write(keep_page, quick, "c1", _store, lease=LEASE)
    with pytest.raises(Fenced):
        await market.shop.write(end_pull, slow, again_in=POLL)
    await market.shop.write(put_off, slow, pause=POLL)
    await market.shop.write(end_pull, quick, again_in=POLL)
    assert await _letters(market) == 1
    assert await market.one("SELECT cursor FROM pulls") == "c1"
    assert await _take(market) is None
    market.clock.advance(minutes=3)
    again = await _take(market)
    assert again is not None
    assert (again.cursor, again.hint) == ("c1", "")


async def test_a_hint_while_somebody_reads_makes_him_look_again(market: Market) -> None:
    for hint in ("first", "second"):
        await market.shop.write(hint_at, KF, hint, lasts=timedelta(minutes=9))
    reading = await _take(market)
    assert reading is not None
    assert reading.hint == "second"
    await market.shop.write(hint_at, KF, "third", lasts=timedelta(minutes=9))
    assert await _take(market) is None, "he reads still"
    await market.shop.write(end_pull, reading, again_in=POLL)
    again = await _take(market)
    assert again is not None
    assert again.hint == "third"
    await market.shop.write(put_off, again, pause=POLL)
    assert await _take(market) is None
    await market.shop.write(hint_at, KF, "fourth", lasts=timedelta(minutes=9))
    market.clock.advance(minutes=10)
    old = await _take(market)
    assert old is not None
    assert old.hint == "", "too old to be of use"
