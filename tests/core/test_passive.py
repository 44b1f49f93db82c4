"""Answers that a request takes along, and what may be pushed: one truth for all who look at the same time."""

from __future__ import annotations

from typing import Final

from shop_core.customers.people import Address
from shop_core.messaging import allowance, passive
from shop_core.messaging.allowance import Act
from tests.core.builders import Market

HE: Final = Address("wx", "openid")


async def test_the_first_answer_stays_and_is_either_in_time_or_late(market: Market) -> None:
    write, read = market.shop.write, market.shop.read
    await write(passive.expect, HE, "m1")
    await write(passive.expect, HE, "m1")
    await write(passive.hand, HE, "m1", b"first")
    again = await write(passive.hand, HE, "m1", b"second")
    assert again == passive.Standing("m1", b"first", is_late=False)
    await write(passive.give_up, "wx", "m1")
    assert await read(passive.find_answer, "wx", "m1") == again, "it came in time"
    assert await read(passive.find_late, HE) is None
    await write(passive.expect, HE, "m2")
    await write(passive.give_up, "wx", "m2")
    late = await write(passive.hand, HE, "m2", b"late")
    assert late == passive.Standing("m2", b"late", is_late=True) == await read(passive.find_late, HE)
    await write(passive.expect, HE, "m3")
    await write(passive.hand, HE, "m3", b"next")
    assert await read(passive.find_late, HE) is None, "he has asked for something else"
    assert await write(passive.hand, HE, "m4", b"nobody waits") is None


async def test_what_may_be_pushed_ends_with_its_time(market: Market) -> None:
    write = market.shop.write
    assert not await write(allowance.spend, HE)
    await write(allowance.allow, HE, Act.TOUCHED)
    assert [await write(allowance.spend, HE) for _ in range(4)] == [True, True, True, False]
    await write(allowance.allow, HE, Act.TOUCHED)
    market.clock.advance(minutes=1)
    assert not await write(allowance.spend, HE), "a minute is over"
    await write(allowance.allow, HE, Act.SAID)
    await write(allowance.allow, HE, Act.TOUCHED)
    spent = [await write(allowance.spend, HE) for _ in range(6)]
    assert spent == [True] * 5 + [False], "the two do not add up"
    await write(allowance.give_back, HE)
    assert await write(allowance.spend, HE)
    await write(allowance.allow, HE, Act.SAID)
    market.clock.advance(hours=48)
    assert not await write(allowance.spend, HE), "two days are over"
    assert await write(allowance.purge) == 1
