"""Turns to send: no faster than a channel takes them, over all processes, in memory as in rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from shop_core.messaging.pace import Pace, Rate, Turn, Wanted, give_turns, pause_turns, purge
from tests.core.builders import START, Market

OVERALL: Final = Rate(timedelta(milliseconds=40), 5)
CHAT: Final = Rate(timedelta(seconds=1), 4)
A_SECOND: Final = timedelta(seconds=1)


def in_chat(chat: str = "1") -> Wanted:
    return Wanted(chat, CHAT)


ANYWHERE: Final = Wanted(None, CHAT)


def given_to(turns: Sequence[Turn]) -> list[datetime]:
    return [turn.at for turn in turns if turn.is_given]


def most_within(moments: Sequence[datetime], period: timedelta) -> int:
    """The largest number of moments in any period."""
    ordered = sorted(moments)
    return max(
        (sum(first <= other < first + period for other in ordered[i:]) for i, first in enumerate(ordered)),
        default=0,
    )


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["1", "2", "3", None])), max_size=200),
)
def test_no_second_ever_has_more_turns_than_the_rates_allow(asked: list[tuple[int, str | None]]) -> None:
    pace, now, moments = Pace(OVERALL, {}), START, list[tuple[datetime, str | None]]()
    for pause_ms, chat in asked:
        now += timedelta(milliseconds=pause_ms)
        turn = pace.give(Wanted(chat, CHAT), now)
        assert turn.at >= now
        if turn.is_given:
            moments.append((turn.at, chat))
    assert most_within([at for at, _ in moments], A_SECOND) <= 5 + 25
    for chat in ("1", "2", "3"):
        times = [at for at, where in moments if where == chat]
        assert most_within(times, 10 * A_SECOND) <= 4 + 10


@given(st.lists(st.sampled_from(["1", "2", None]), min_size=1, max_size=60))
def test_who_asks_again_when_told_to_gets_a_turn_in_the_end(chats: list[str | None]) -> None:
    pace, now = Pace(OVERALL, {}), START
    for chat in chats:
        turn = pace.give(Wanted(chat, CHAT), now)
        if not turn.is_given:
            assert turn.at > now
            now = turn.at
            turn = pace.give(Wanted(chat, CHAT), now)
        assert turn.is_given


def test_who_is_turned_away_takes_nobodys_turn() -> None:
    pace = Pace(OVERALL, {})
    assert all(pace.give(in_chat(), START).is_given for _ in range(4))
    used = dict(pace.used)
    assert not pace.give(in_chat(), START).is_given
    assert pace.used == used


def test_a_pause_is_for_everybody_and_a_shorter_one_does_not_end_it() -> None:
    pace = Pace(OVERALL, {})
    pace.pause(START + 9 * A_SECOND)
    pace.pause(START + A_SECOND)
    assert pace.give(ANYWHERE, START) == Turn(START + 9 * A_SECOND, is_given=False)
    assert pace.give(ANYWHERE, START + 9 * A_SECOND).is_given


async def test_processes_share_the_turns_of_a_channel(market: Market) -> None:
    shop = market.shop
    batches = await asyncio.gather(
        *(shop.write(give_turns, "tg", OVERALL, [in_chat(f"{n}-{i}") for i in range(5)]) for n in range(6))
    )
    moments = sorted(at for batch in batches for at in given_to(batch))
    assert len(moments) == 30
    assert moments[:5] == [START] * 5
    assert all(later - sooner == OVERALL.every for sooner, later in pairwise(moments[4:]))
    other = await shop.write(give_turns, "other", OVERALL, [ANYWHERE])
    assert other == [Turn(START, is_given=True)]


async def test_processes_share_the_turns_of_a_chat(market: Market) -> None:
    shop = market.shop
    answers = await asyncio.gather(*(shop.write(give_turns, "tg", OVERALL, [in_chat()]) for _ in range(6)))
    assert sorted(turn.is_given for (turn,) in answers) == [False, False, True, True, True, True]
    assert (await shop.write(give_turns, "tg", OVERALL, [in_chat("2")]))[0].is_given


async def test_a_pause_is_seen_by_other_processes_until_it_is_over(market: Market) -> None:
    shop = market.shop
    await shop.write(pause_turns, "tg", START + 7 * A_SECOND)
    await shop.write(pause_turns, "tg", START + A_SECOND)
    assert await shop.write(give_turns, "tg", OVERALL, [ANYWHERE]) == [
        Turn(START + 7 * A_SECOND, is_given=False)
    ]
    market.clock.advance(seconds=7)
    assert (await shop.write(give_turns, "tg", OVERALL, [ANYWHERE]))[0].is_given


async def test_a_quiet_chat_is_forgotten_and_a_pause_is_not(market: Market) -> None:
    shop = market.shop
    await shop.write(give_turns, "tg", OVERALL, [in_chat()])
    await shop.write(pause_turns, "tg", START + timedelta(days=1))
    market.clock.advance(hours=2)
    assert await shop.write(purge) == 1
    assert not (await shop.write(give_turns, "tg", OVERALL, [ANYWHERE]))[0].is_given
