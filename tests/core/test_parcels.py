"""What is sent under an id of ours is one parcel however often it is packed, counts once, and is taken back if lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shop_core.cases.cases import CaseKind, list_subjects
from shop_core.customers.people import Address
from shop_core.kernel.errors import RetryLater
from shop_core.messaging.allowance import Act, allow
from shop_core.messaging.parcels import (
    KEEP,
    Packed,
    find_parcels,
    note_arrived,
    note_lost,
    pack,
    purge,
    unpack,
)
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.messaging.sending import claim_messages, mark_sent
from tests.core.builders import Market, a_market
from tests.core.races import run_between

THERE = Address("kf", "p1")


async def _pack(
    market: Market, mark: str, new_id: str, *messages: int, keep: int | None = 0
) -> Packed | None:
    return await market.shop.write(pack, THERE, mark, new_id, messages=messages, keep=keep)


async def _left(market: Market) -> object:
    return await market.one("SELECT said_left FROM allowances")


async def test_packed_again_it_is_the_same_and_counts_once(market: Market) -> None:
    assert await _pack(market, "news:1", "a", 1) is None, "nobody wrote: nothing may be sent"
    assert await market.rows("SELECT * FROM parcels") == []
    await market.shop.write(allow, THERE, Act.SAID)
    assert await _pack(market, "news:1", "a", 1) == Packed("a", (1,))
    assert await _pack(market, "news:1", "b", 1) == Packed("a", [1], is_repeat=True)
    assert await _left(market) == 4
    await market.shop.write(note_arrived, THERE, "a")
    assert await _pack(market, "news:1", "c", 1) == Packed("a", [1], is_repeat=True, has_arrived=True)
    assert await market.shop.read(find_parcels, THERE, [1, 9]) == [
        ("news:1", Packed("a", [1], is_repeat=True, has_arrived=True))
    ]
    await market.shop.write(unpack, THERE, "a", is_counted=True)
    assert await _left(market) == 4, "it is there: nothing to take back"
    assert await _pack(market, "file:2", "d", 2) is not None
    await market.shop.write(unpack, THERE, "d", is_counted=True)
    assert await _left(market) == 4
    market.clock.advance(seconds=KEEP.total_seconds() + 1)
    assert await market.shop.write(purge) == 1


async def test_two_who_pack_the_same_at_once_have_one_parcel(postgresql_url: str) -> None:
    async with a_market(postgresql_url) as market:
        await market.shop.write(allow, THERE, Act.SAID)
        race = await run_between(
            market.shop.database,
            _pack(market, "news:1", "a", 1),
            _pack(market, "news:1", "b", 1),
            point="INTO parcels",
        )
        assert {race.first.id, race.second.id} == {"b"}
        assert await _left(market) == 4


async def _sent(market: Market, parcel: str) -> int:
    """News that was sent in a parcel."""
    await market.shop.write(queue_message, THERE, NewsKind.TOPPED_UP, {"amount_minor": 1}, cause=parcel)
    [message] = await market.shop.write(claim_messages, ["kf"], 1)
    assert await _pack(market, f"news:{message.id}", parcel, message.id, keep=None)
    await market.shop.write(note_arrived, THERE, parcel)
    with pytest.raises(RetryLater):
        await market.shop.write(note_lost, "kf", parcel, "lost", wait=None)
    await market.shop.write(mark_sent, message)
    return message.id


async def test_lost_news_waits_and_goes_under_another_id(market: Market) -> None:
    message_id = await _sent(market, "a")
    assert await market.shop.write(note_lost, "kf", "a", "too many", wait=timedelta(hours=1))
    assert not await market.shop.write(note_lost, "kf", "a", "too many", wait=None), "said before"
    assert await market.shop.write(claim_messages, ["kf"], 1) == []
    market.clock.advance(hours=1)
    [message] = await market.shop.write(claim_messages, ["kf"], 1)
    assert message.id == message_id
    assert await _pack(market, f"news:{message_id}", "b", message_id, keep=None) == Packed("b", (message_id,))
    assert await market.verify() == []


async def test_lost_news_that_no_waiting_helps_is_a_case(market: Market) -> None:
    message_id = await _sent(market, "a")
    assert not await market.shop.write(note_lost, "kf", "stranger", "lost", wait=None)
    assert await market.shop.write(note_lost, "kf", "a", "unknown", wait=None)
    assert await market.shop.read(list_subjects, CaseKind.MESSAGE) == [message_id]
    assert await market.one("SELECT state FROM messages") == "failed"
    assert await market.verify() == []
