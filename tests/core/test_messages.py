"""Queued news: at least once, to whom it concerns, never a second code, never for ever to somebody who is gone."""

from __future__ import annotations

import asyncio

import pytest

from shop_core.cases.cases import CaseKind, list_open, open_case
from shop_core.customers.people import Address
from shop_core.db.claims import Fenced
from shop_core.messaging.queue import (
    NewsKind,
    QueuedMessage,
    count_queued,
    mark_told,
    queue_message,
    wake_address,
)
from shop_core.messaging.sending import GIVE_UP_AFTER, LEASE, claim_messages, mark_failed, mark_sent, postpone
from tests.core.builders import Market

ADDRESS = Address("web", "c1")


async def queue(market: Market, cause: str, *, address: Address = ADDRESS) -> None:
    await market.shop.write(queue_message, address, NewsKind.TOPPED_UP, {"amount_minor": 1}, cause=cause)


async def claim(market: Market, *channels: str) -> list[QueuedMessage]:
    return list(await market.shop.write(claim_messages, channels or ("web",), 10))


async def test_news_is_queued_once_for_its_cause_and_address(market: Market) -> None:
    for _ in range(2):
        await queue(market, "a")
    await queue(market, "a", address=Address("tg", "1"))
    assert await market.shop.read(count_queued) == 2


async def test_a_sender_takes_only_what_its_channels_can_send(market: Market) -> None:
    await queue(market, "a")
    await queue(market, "a", address=Address("tg", "1"))
    [message] = await claim(market, "tg")
    assert message.address == Address("tg", "1")
    assert await claim(market, "tg") == []


async def test_senders_side_by_side_never_take_the_same_message(market: Market) -> None:
    for number in range(30):
        await queue(market, f"cause{number}")
    batches = await asyncio.gather(*(claim(market) for _ in range(6)))
    ids = [message.id for batch in batches for message in batch]
    assert len(ids) == len(set(ids)) == 30


async def test_an_unknown_send_is_sent_again_as_the_same_message_with_the_same_code(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=["A", "B"]), paid=True)
    [first] = await claim(market)
    shown = await market.codes_of(buyer, order.number)
    await market.shop.write(postpone, first, "time-out")
    market.clock.advance(seconds=2)
    [second] = await claim(market)
    assert (second.id, second.args, second.attempts) == (first.id, {"order_id": order.id}, 2)
    assert await market.codes_of(buyer, order.number) == shown
    await market.shop.write(mark_sent, second)
    assert await market.shop.read(count_queued) == 0


async def test_a_message_of_a_dead_sender_is_taken_over_and_the_thawed_one_is_fenced(market: Market) -> None:
    await queue(market, "a")
    [frozen] = await claim(market)
    market.clock.moment += LEASE
    [again] = await claim(market)
    with pytest.raises(Fenced):
        await market.shop.write(mark_sent, frozen)
    with pytest.raises(Fenced):
        await market.shop.write(mark_failed, frozen, "blocked")
    await market.shop.write(postpone, frozen, "too late")
    assert await claim(market) == []
    await market.shop.write(mark_sent, again)
    assert await market.shop.read(list_open) == []


async def test_pauses_grow_and_a_channels_own_wish_is_kept(market: Market) -> None:
    await queue(market, "a")
    pauses = []
    for _ in range(12):
        [message] = await claim(market)
        before = market.clock.moment
        await market.shop.write(postpone, message, "busy")
        market.clock.advance(seconds=min(2**message.attempts, 900))
        pauses.append((market.clock.moment - before).total_seconds())
    assert pauses[-1] == 900
    [message] = await claim(market)
    await market.shop.write(postpone, message, "flood", retry_after_s=7)
    market.clock.advance(seconds=6)
    assert await claim(market) == []
    market.clock.advance(seconds=1)
    assert len(await claim(market)) == 1


async def test_after_two_days_it_is_given_up(market: Market) -> None:
    await queue(market, "a")
    market.clock.moment += GIVE_UP_AFTER + LEASE
    [message] = await claim(market)
    await market.shop.write(postpone, message, "busy")
    assert await market.one("SELECT state FROM messages") == "failed"
    assert await market.shop.read(count_queued) == 0


async def test_a_message_that_can_never_be_sent_is_a_case_for_a_person(market: Market) -> None:
    await queue(market, "a")
    [message] = await claim(market)
    await market.shop.write(mark_failed, message, "blocked")
    [case] = await market.shop.read(list_open)
    assert (case.kind, case.subject_id) == (CaseKind.MESSAGE, message.id)


async def test_an_owner_who_cannot_be_reached_is_not_told_of_that_for_ever(market: Market) -> None:
    await market.shop.write(open_case, CaseKind.GATEWAY, 1, {})
    for _ in range(3):
        await market.run_news()
        for message in await claim(market, "tg"):
            await market.shop.write(mark_failed, message, "blocked")
    assert await market.one("SELECT count(*) FROM messages") == 1
    assert len(await market.shop.read(list_open)) == 1


async def test_who_writes_again_gets_at_once_what_waited_for_him(market: Market) -> None:
    await queue(market, "a")
    await queue(market, "b", address=Address("web", "c2"))
    for message in await claim(market):
        await market.shop.write(postpone, message, "offline", retry_after_s=900)
    await market.shop.write(wake_address, ADDRESS)
    assert [message.address for message in await claim(market)] == [ADDRESS]


async def test_what_the_screen_has_told_is_not_sent_as_well(market: Market) -> None:
    await queue(market, "a")
    await market.shop.write(mark_told, ADDRESS, "a")
    assert await claim(market) == []
    assert await market.one("SELECT state FROM messages") == "sent"


async def test_who_comes_back_while_a_send_fails_does_not_wait_for_its_pause(market: Market) -> None:
    await queue(market, "a")
    [message] = await claim(market)
    await market.shop.write(wake_address, ADDRESS)
    await market.shop.write(postpone, message, "no page is open", retry_after_s=600)
    [again] = await claim(market)
    assert again.id == message.id


async def test_what_was_told_while_a_send_failed_is_not_sent_again(market: Market) -> None:
    await queue(market, "a")
    [message] = await claim(market)
    await market.shop.write(mark_told, ADDRESS, "a")
    await market.shop.write(postpone, message, "no page is open", retry_after_s=600)
    assert await market.shop.read(count_queued) == 0
