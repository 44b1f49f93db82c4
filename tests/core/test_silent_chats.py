"""Chats of nobody are forgotten once they have been silent for long; no letter is ever lost by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shop_core.conversations.prompts import ask
from shop_core.customers.people import Address, Customer
from shop_core.db.inbox import KEEP, finish_letter, store, take
from shop_core.messaging.shown import Place, remember_shown
from shop_core.privacy.chats import restore_lanes, sweep_chats
from shop_core.privacy.erase import erase
from tests.core.builders import Market

LONG: Final = KEEP + timedelta(hours=1)


async def writes(market: Market, lane: str) -> None:
    key = market.key()
    await market.shop.write(store, source="tg", external_id=key, lane=lane, payload=b"sealed")


async def is_answered(market: Market) -> bool:
    """Whether a letter was found in a free lane, and is handled now."""
    letter = await market.shop.write(take, lease=timedelta(minutes=1))
    if letter is not None:
        await market.shop.write(finish_letter, letter)
    return letter is not None


async def lanes(market: Market) -> list[str]:
    return [row["lane"] for row in await market.rows("SELECT lane FROM lanes ORDER BY lane")]


async def spoke(market: Market, who: Customer) -> str:
    """He wrote and was answered with a screen that asks something. His lane."""
    chat = Address(who.channel, who.external_id)
    await writes(market, f"{chat.channel}:{chat.external_id}")
    assert await is_answered(market)
    await market.shop.write(remember_shown, chat, Place("screen", "42"))
    await market.shop.write(ask, channel=chat.channel, external_id=chat.external_id, link="x")
    return f"{chat.channel}:{chat.external_id}"


async def test_nothing_is_left_of_the_chat_of_who_was_erased_and_came_no_more(market: Market) -> None:
    him, other = await market.a_customer(), await market.a_customer()
    await erase(market.shop, him)
    his, others = await spoke(market, him), await spoke(market, other)
    await writes(market, "pay:epay:N1")
    assert await is_answered(market)
    market.clock.advance(days=8)
    assert await sweep_chats(market.shop) == 0, "a repeat of his letter may still come"
    market.clock.advance(days=2)
    assert await sweep_chats(market.shop) == 2
    assert await lanes(market) == [others]
    for table in ("shown_messages", "prompts"):
        [left] = await market.rows(f"SELECT external_id FROM {table}")
        assert left["external_id"] == other.external_id
    assert await sweep_chats(market.shop) == 0
    await writes(market, his)
    assert await is_answered(market), "he may always come again"


async def test_a_chat_in_which_a_letter_waits_is_not_swept(market: Market) -> None:
    await writes(market, "tg:7")
    market.clock.moment += LONG
    assert await sweep_chats(market.shop) == 0
    assert await is_answered(market)


async def test_a_letter_whose_lane_went_in_the_same_moment_is_handled(market: Market) -> None:
    await writes(market, "tg:7")
    await market.sql("DELETE FROM lanes")
    assert not await is_answered(market)
    assert await market.shop.write(restore_lanes) == 1
    assert await is_answered(market)
